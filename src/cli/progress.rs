//! cli room: how far a long command is: a bar on a terminal, elsewhere a line every few seconds.
use indicatif::{ProgressBar, ProgressStyle};
use std::cell::RefCell;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Time between two lines where there is no terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(5);

pub struct Progress(RefCell<State>);

struct State {
    bar: Option<ProgressBar>,
    stage: String,
    said: Instant,
}

impl Progress {
    pub fn new() -> Progress {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            let template = "{msg:>14} [{bar:30}] {human_pos}/{human_len} {per_sec} {eta}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar
        });
        Progress(RefCell::new(State { bar, stage: String::new(), said: Instant::now() }))
    }

    pub fn at(&self, stage: &str, done: u64, total: u64) {
        let Ok(mut state) = self.0.try_borrow_mut() else { return };
        let new = state.stage != stage;
        if new {
            stage.clone_into(&mut state.stage);
        }
        match &state.bar {
            Some(bar) => {
                if new {
                    bar.set_message(stage.to_owned());
                    bar.reset();
                }
                bar.set_length(total);
                bar.set_position(done);
            }
            None if state.said.elapsed() >= BETWEEN_LINES => {
                state.said = Instant::now();
                super::complain(&format!("{stage}: {done} of {total}"));
            }
            None => {}
        }
    }

    /// Clears the bar, so that what is said next stands alone.
    pub fn end(&self) {
        if let Ok(state) = self.0.try_borrow()
            && let Some(bar) = &state.bar
        {
            bar.finish_and_clear();
        }
    }
}
