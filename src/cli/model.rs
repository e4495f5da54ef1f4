//! cli room: puts a sentence encoder in its place, shows it, and takes it away.
use super::{say, shown};
use crate::config::Config;
use crate::search::meaning::{self, Encoder, FILES, NOTE, Note, WEIGHTS};
use anyhow::{Context, bail};
use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Bytes of the weights, and of any other file of a model, that are unpacked at most.
const WEIGHTS_MAX: u64 = 2 * 1024 * 1024 * 1024;
const OTHER_MAX: u64 = 32 * 1024 * 1024;
/// Files in a wheel at most; those that carry a model have twenty.
const ENTRIES_MAX: usize = 10_000;
/// Encoded for the check.
const PAIR: [&str; 3] = [
    "How do I reset my password?",
    "I forgot my password and cannot sign in.",
    "The lid of the kettle is loose.",
];

/// What the operator says of a model that does not say it itself.
pub struct Said {
    pub name: Option<String>,
    pub languages: Vec<String>,
}

/// Where models are put: where one is used from, else in the data folder.
fn place(config: &Config) -> PathBuf {
    config.model.clone().unwrap_or_else(|| config.data.join("model"))
}

pub fn show(config: &Config) -> anyhow::Result<ExitCode> {
    let Some(model) = &config.model else {
        say(
            "There is no model: search goes by words alone. `loggia model add PATH_OR_WHEEL` puts one in place.",
        );
        return Ok(ExitCode::SUCCESS);
    };
    let encoder = Encoder::open(model).with_context(|| shown(model))?;
    let card = encoder.card();
    say(&format!("{} in {}", card.name, shown(model)));
    say(&format!(
        "{} numbers a text; knows {}; its files make it {}",
        card.dims,
        card.languages.join(", "),
        card.id
    ));
    Ok(ExitCode::SUCCESS)
}

/// Checks a folder or a wheel, and puts what is needed of it in place of what is there.
pub fn add(config: &Config, from: &Path, said: Said) -> anyhow::Result<ExitCode> {
    let to = place(config);
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).with_context(|| shown(parent))?;
    let next = Passing(parent.join(format!(".model.{}", std::process::id())));
    fs::create_dir(&next.0).with_context(|| shown(&next.0))?;
    let name = if from.is_dir() {
        copy(from, &next.0)?;
        from.file_name().map(|name| name.to_string_lossy().into_owned())
    } else {
        unpack(from, &next.0)?
    };
    let mut note = Note::read(&next.0)?;
    // `model` is what the folder in every wheel is called.
    let name = name.filter(|name| !matches!(name.as_str(), "model" | "models" | "."));
    note.name = said.name.or(note.name).or(name);
    if !said.languages.is_empty() {
        note.languages = said.languages;
    }
    // Its own sums are checked first, where it has some.
    let encoder = Encoder::open(&next.0).with_context(|| format!("{} is not used", shown(from)))?;
    let made = encoder.encode(&PAIR)?;
    let like = |n: usize| made[0].iter().zip(&made[n]).map(|(a, b)| a * b).sum::<f32>();
    if like(1) <= like(2) {
        bail!("this model finds {:?} nearer to {:?} than {:?}: it is not used", PAIR[2], PAIR[0], PAIR[1]);
    }
    drop(encoder);
    for file in FILES {
        if let Ok(mut open) = File::open(next.0.join(file)) {
            note.sums
                .insert((*file).to_owned(), meaning::sum(&mut open).with_context(|| (*file).to_owned())?);
        }
    }
    fs::write(next.0.join(NOTE), toml::to_string(&note)?)?;
    let encoder = Encoder::open(&next.0)?;
    let card = encoder.card().clone();
    for file in FILES.iter().chain([&NOTE]) {
        match File::open(next.0.join(file)) {
            Ok(open) => open.sync_all()?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).context((*file).to_owned()),
        }
    }
    swap(&next.0, &to).with_context(|| shown(&to))?;
    File::open(parent)?.sync_all()?;
    say(&format!(
        "{} is in {}: {} numbers a text, knows {}",
        card.name,
        shown(&to),
        card.dims,
        card.languages.join(", ")
    ));
    if config.model.is_none() && to != config.data.join("model") {
        say(&format!("Set model = {:?} to use it.", shown(&to)));
    }
    say(
        "Start the forum anew: it then encodes its threads in the background, 30 to 100 a second, and `loggia doctor` says how far it is.",
    );
    Ok(ExitCode::SUCCESS)
}

pub fn remove(config: &Config) -> anyhow::Result<ExitCode> {
    let Some(model) = &config.model else {
        say("There is no model.");
        return Ok(ExitCode::SUCCESS);
    };
    // A folder that somebody named by mistake must not be emptied.
    if !model.join(WEIGHTS).is_file() || !model.join(NOTE).is_file() {
        bail!(
            "{} was not put there by `loggia model add`; take it away by hand, or set model = \"off\"",
            shown(model)
        );
    }
    fs::remove_dir_all(model).with_context(|| shown(model))?;
    match fs::remove_dir_all(config.vectors()) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| shown(&config.vectors()));
        }
        _ => {}
    }
    say("The model and its vectors are gone. A forum that runs uses it until it is started anew.");
    Ok(ExitCode::SUCCESS)
}

/// A folder that does not outlive its use.
struct Passing(PathBuf);

impl Drop for Passing {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn most(file: &str) -> u64 {
    if file == WEIGHTS { WEIGHTS_MAX } else { OTHER_MAX }
}

/// Writes one file of a model, no longer than it may be.
fn write(input: &mut impl Read, folder: &Path, file: &str) -> anyhow::Result<()> {
    let path = folder.join(file);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut out = File::create(&path)?;
    let bytes = std::io::copy(&mut input.take(most(file) + 1), &mut out)?;
    if bytes > most(file) {
        bail!("{file} is larger than {} bytes, more than a model needs", most(file));
    }
    out.flush()?;
    Ok(())
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    for file in FILES.iter().chain([&NOTE]) {
        match File::open(from.join(file)) {
            Ok(mut input) => write(&mut input, to, file).with_context(|| (*file).to_owned())?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).context((*file).to_owned()),
        }
    }
    Ok(())
}

/// Takes the model out of a wheel or another zip: only files that have a model's names, under those names. Returns
/// what the wheel calls itself.
fn unpack(from: &Path, to: &Path) -> anyhow::Result<Option<String>> {
    let what = || format!("{} is neither a folder nor a wheel that can be read", shown(from));
    let file = File::open(from).with_context(|| shown(from))?;
    let mut archive = zip::ZipArchive::new(std::io::BufReader::new(file)).with_context(what)?;
    if archive.len() > ENTRIES_MAX {
        bail!("{} has {} files, more than the {ENTRIES_MAX} of any model", shown(from), archive.len());
    }
    let folders: Vec<String> = archive
        .file_names()
        .filter_map(|name| Some(name.ok()?.strip_suffix(WEIGHTS)?.to_owned()))
        .filter(|folder| folder.is_empty() || folder.ends_with('/'))
        .collect();
    let folder = match folders.as_slice() {
        [only] => only,
        [] => bail!("there is no {WEIGHTS} in {}", shown(from)),
        _ => bail!("there are {} models in {}; unpack it and name one's folder", folders.len(), shown(from)),
    };
    for file in FILES.iter().chain([&NOTE]) {
        take(&mut archive, &format!("{folder}{file}"), to, file)
            .with_context(|| format!("{file} in {}", shown(from)))?;
    }
    let name = from.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(name
        .split('-')
        .next()
        .map(|name| name.trim_end_matches(".zip").replace('_', "-"))
        .filter(|name| !name.is_empty()))
}

fn take<R: Read + Seek>(
    archive: &mut zip::ZipArchive<R>,
    entry: &str,
    to: &Path,
    file: &str,
) -> anyhow::Result<()> {
    match archive.by_name(entry) {
        Ok(mut input) => write(&mut input, to, file),
        Err(zip::result::ZipError::FileNotFound) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Puts `next` in the place of `to`, whole; a kill leaves one of them there.
fn swap(next: &Path, to: &Path) -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        if to.exists() && renameat_with(CWD, next, CWD, to, RenameFlags::EXCHANGE).is_ok() {
            return Ok(());
        }
    }
    if to.exists() {
        // Not every system can exchange two folders at once.
        fs::rename(to, next.with_extension("old"))?;
        fs::rename(next, to)?;
        return fs::remove_dir_all(next.with_extension("old"));
    }
    fs::rename(next, to)
}
