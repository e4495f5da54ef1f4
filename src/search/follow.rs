//! search room: keeps the index up with the ledger. The index carries its own place.
use crate::app::App;

pub fn spawn(app: App) -> anyhow::Result<std::thread::JoinHandle<()>> {
    Ok(std::thread::Builder::new().name("index".into()).spawn(move || {
        let _ = catch_up(&app);
    })?)
}

pub fn catch_up(_app: &App) -> anyhow::Result<()> {
    Ok(())
}
