//! config room: settings with their defaults, then the TOML file, then the environment, then the command line.
//!
//! Every setting is one row of [`SETTINGS`]: its name, what it takes, its default and what it is for.
//! `loggia.toml` uses the name (dots are tables), the environment `LOGGIA_` and the name in capitals
//! with dots as underscores. Unknown names and wrong values are refused by name.
use crate::db::Target;
use crate::kernel::money::{self, Rate};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

/// One setting, as documented.
pub struct Setting {
    pub name: &'static str,
    pub takes: &'static str,
    pub default: &'static str,
    pub what: &'static str,
}

macro_rules! settings {
    ($(($name:literal, $takes:literal, $default:literal, $what:literal),)*) => {
        /// Every setting there is.
        pub const SETTINGS: &[Setting] = &[$(Setting { name: $name, takes: $takes, default: $default, what: $what },)*];
    };
}

settings![
    ("data", "a folder", "data", "where the database, the search index and mails for development live"),
    ("listen", "an address and port such as 127.0.0.1:8080", "127.0.0.1:8080", "where the forum answers"),
    (
        "database_url",
        "sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME",
        "",
        "the database; empty: loggia.sqlite in the data folder (DATABASE_URL works too)"
    ),
    (
        "base_url",
        "http:// or https:// and a host",
        "",
        "the address people use, for links in mails; empty: the listening address"
    ),
    ("trusted_proxies", "IP addresses, comma separated", "", "proxies whose X-Forwarded-For is believed"),
    ("language", "a language Loggia speaks: en", "en", "the language of pages for those who chose none"),
    ("brand.name", "1 to 60 characters", "Loggia", "the brand's name, on every page and mail"),
    ("brand.tagline", "up to 120 characters", "Ask, answer, find the solution", "the line under the name"),
    ("brand.logo", "a path to an SVG, PNG or WebP file", "", "the logo; empty: Loggia's arches"),
    ("brand.hue", "0 to 359", "22", "the brand's colour as a hue"),
    ("brand.home_url", "an http(s) address", "", "the brand's own site"),
    (
        "image_hosts",
        "host names, comma separated, or any",
        "",
        "other hosts whose pictures are shown in posts; each learns who reads what, so elsewhere a link is shown"
    ),
    ("sign_up", "open or closed", "open", "whether visitors may make accounts"),
    (
        "rate_limits",
        "true or false",
        "true",
        "limits on how fast one account or address may act; false only for benchmarks"
    ),
    ("page_cache", "true or false", "true", "keep anonymous pages in memory until the ledger changes them"),
    ("password_memory_kib", "1024 to 1048576", "19456", "memory of one argon2id hash"),
    ("workers", "1 to 64, or 0 for one per core", "0", "threads that serve requests"),
    ("readers", "1 to 64, or 0 for as many as cores", "0", "database connections for reading"),
    (
        "model",
        "a folder, or off",
        "",
        "the sentence encoder with which search finds what means the same; empty: model in the data folder, where there is one"
    ),
    (
        "unsolved_after_hours",
        "1 to 8760",
        "48",
        "hours after which an unsolved thread stands in the moderators' queue"
    ),
    ("case_due_hours", "1 to 8760", "24", "hours staff have for a case"),
    (
        "worth.per_thousand_readers",
        "an amount such as 4.50, up to 1000000",
        "",
        "what a thousand readers of solutions are worth, for the members' monthly statements; empty: they show no value"
    ),
    ("worth.currency", "three capital letters", "EUR", "its currency"),
    (
        "mail.transport",
        "smtp, folder or off",
        "folder",
        "how mails leave: folder writes .eml files into the data folder"
    ),
    ("mail.from", "an e-mail address", "community@localhost", "the sender of all mails"),
    ("mail.smtp_host", "a host name", "", "the SMTP server"),
    ("mail.smtp_port", "1 to 65535", "587", "its port"),
    (
        "mail.smtp_tls",
        "starttls, tls or none",
        "starttls",
        "how the connection is protected; none only on one machine"
    ),
    (
        "mail.smtp_ca",
        "a path to a PEM file",
        "",
        "certificates to trust beside the public ones, for a mail server with its own"
    ),
    ("mail.smtp_user", "text", "", "empty: no sign-in at the SMTP server"),
    ("mail.smtp_password", "text", "", "its password"),
    ("reload_templates", "a folder", "", "for development: read templates from this folder at every request"),
    ("log", "a filter such as info or loggia=debug", "info", "what is logged to standard error"),
];

/// A setting that is unknown or cannot be understood.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConfigError {
    #[error("there is no setting `{0}`{1}")]
    Unknown(String, String),
    #[error("the setting `{name}` takes {takes}, not `{value}` ({from})")]
    Wrong { name: &'static str, takes: &'static str, value: String, from: String },
    #[error("the settings file {0} cannot be read: {1}")]
    File(String, String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTransport {
    Smtp,
    Folder,
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpTls {
    StartTls,
    Tls,
    None,
}

#[derive(Debug, Clone)]
pub struct Mail {
    pub transport: MailTransport,
    pub from: String,
    pub smtp_host: String,
    pub smtp_port: u16,
    pub smtp_tls: SmtpTls,
    pub smtp_ca: Option<PathBuf>,
    pub smtp_user: String,
    pub smtp_password: String,
}

#[derive(Debug, Clone)]
pub struct Brand {
    pub name: String,
    pub tagline: String,
    pub logo: Option<PathBuf>,
    pub hue: u16,
    pub home_url: Option<String>,
}

/// All settings, checked.
#[derive(Debug, Clone)]
pub struct Config {
    pub data: PathBuf,
    pub listen: SocketAddr,
    pub database: Target,
    /// Without a slash at its end.
    pub base_url: String,
    /// Whether `base_url` was set by the operator: then only its host is answered.
    pub base_url_set: bool,
    pub trusted_proxies: Vec<IpAddr>,
    pub language: String,
    pub brand: Brand,
    /// Sources of pictures beside our own, as a Content-Security-Policy writes them.
    pub image_sources: Vec<String>,
    pub sign_up_open: bool,
    pub rate_limits: bool,
    pub page_cache: bool,
    pub password_memory_kib: u32,
    pub workers: usize,
    pub readers: u32,
    /// The folder of the sentence encoder; none: search goes by words alone.
    pub model: Option<PathBuf>,
    pub unsolved_after_hours: i64,
    pub case_due_hours: i64,
    pub worth: Rate,
    pub mail: Mail,
    pub reload_templates: Option<PathBuf>,
    pub log: String,
}

/// Where a value came from, for messages.
type Values = BTreeMap<&'static str, (String, String)>;

impl Config {
    /// Defaults, then `file`, then `environment` (pairs as in [`std::env::vars`]), then `flags` by setting name.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: &[(&str, String)],
    ) -> Result<Config, ConfigError> {
        let mut values: Values =
            SETTINGS.iter().map(|s| (s.name, (s.default.to_owned(), "default".to_owned()))).collect();
        if let Some(path) = file {
            read_file(path, &mut values)?;
        }
        read_environment(environment, &mut values)?;
        for (name, value) in flags {
            let setting = find(name)?;
            values.insert(setting.name, (value.clone(), "command line".into()));
        }
        Config::from_values(&values)
    }

    fn from_values(values: &Values) -> Result<Config, ConfigError> {
        let text = |name: &'static str| {
            values.get(name).map(|(value, _)| value.trim().to_owned()).unwrap_or_default()
        };
        let wrong = |name: &'static str| {
            let takes = SETTINGS.iter().find(|s| s.name == name).map_or("", |s| s.takes);
            let (value, from) = values.get(name).cloned().unwrap_or_default();
            // A password must not reach a log through an error message.
            let value =
                if name.ends_with("password") || value.contains('@') { "…".to_owned() } else { value };
            ConfigError::Wrong { name, takes, value, from }
        };
        let number = |name: &'static str, low: i64, high: i64| {
            text(name).parse::<i64>().ok().filter(|n| (low..=high).contains(n)).ok_or_else(|| wrong(name))
        };
        let flag = |name: &'static str| match text(name).as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(wrong(name)),
        };
        let optional = |name: &'static str| Some(text(name)).filter(|t| !t.is_empty());
        let web_address = |name: &'static str| match optional(name) {
            None => Ok(None),
            Some(url) => match url.split_once("://") {
                Some(("http" | "https", host))
                    if !host.trim_end_matches('/').is_empty()
                        && !url.contains(|c: char| {
                            c.is_whitespace() || c.is_control() || "<>\"'@".contains(c)
                        }) =>
                {
                    Ok(Some(url.trim_end_matches('/').to_owned()))
                }
                _ => Err(wrong(name)),
            },
        };

        let data = PathBuf::from(optional("data").ok_or_else(|| wrong("data"))?);
        let listen: SocketAddr = text("listen").parse().map_err(|_| wrong("listen"))?;
        let database = match optional("database_url") {
            None => Target::Sqlite(data.join("loggia.sqlite")),
            Some(url) => Target::parse(&url).ok_or_else(|| wrong("database_url"))?,
        };
        let base_url = web_address("base_url")?;
        if base_url
            .as_deref()
            .is_some_and(|url| url.split("://").nth(1).is_some_and(|host| host.contains(['/', '?', '#'])))
        {
            return Err(wrong("base_url"));
        }
        let trusted_proxies = text("trusted_proxies")
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| part.parse::<IpAddr>().map_err(|_| wrong("trusted_proxies")))
            .collect::<Result<Vec<_>, _>>()?;
        let image_hosts = text("image_hosts");
        let image_sources = match image_hosts.trim() {
            "any" => vec!["https:".to_owned()],
            hosts => hosts
                .split(',')
                .map(str::trim)
                .filter(|host| !host.is_empty())
                .map(|host| {
                    let name = host.strip_prefix("*.").unwrap_or(host);
                    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
                    let known = name.contains('.') && name.chars().all(fits) && !name.starts_with('.');
                    if known { Ok(format!("https://{host}")) } else { Err(wrong("image_hosts")) }
                })
                .collect::<Result<Vec<_>, _>>()?,
        };
        let language = text("language");
        if !crate::web::i18n::LANGUAGES.contains(&language.as_str()) {
            return Err(wrong("language"));
        }
        let bounded = |name: &'static str, low: usize, high: usize| {
            let value = text(name);
            let fits = (low..=high).contains(&value.chars().count()) && !value.chars().any(char::is_control);
            if fits { Ok(value) } else { Err(wrong(name)) }
        };
        let brand = Brand {
            name: bounded("brand.name", 1, 60)?,
            tagline: bounded("brand.tagline", 0, 120)?,
            logo: optional("brand.logo").map(PathBuf::from),
            hue: u16::try_from(number("brand.hue", 0, 359)?).map_err(|_| wrong("brand.hue"))?,
            home_url: web_address("brand.home_url")?,
        };
        if let Some(logo) = &brand.logo {
            let known = logo
                .extension()
                .and_then(|e| e.to_str())
                .is_some_and(|e| matches!(e, "svg" | "png" | "webp"));
            if !known || !logo.is_file() {
                return Err(wrong("brand.logo"));
            }
        }
        let transport = match text("mail.transport").as_str() {
            "smtp" => MailTransport::Smtp,
            "folder" => MailTransport::Folder,
            "off" => MailTransport::Off,
            _ => return Err(wrong("mail.transport")),
        };
        let from = text("mail.from");
        if from.parse::<lettre::Address>().is_err() {
            return Err(wrong("mail.from"));
        }
        if transport == MailTransport::Smtp && text("mail.smtp_host").is_empty() {
            return Err(wrong("mail.smtp_host"));
        }
        let smtp_ca = optional("mail.smtp_ca").map(PathBuf::from);
        if smtp_ca.as_ref().is_some_and(|path| !path.is_file()) {
            return Err(wrong("mail.smtp_ca"));
        }
        let worth = Rate {
            per_thousand: match optional("worth.per_thousand_readers") {
                None => 0,
                Some(text) => money::parse(&text).ok_or_else(|| wrong("worth.per_thousand_readers"))?,
            },
            currency: Some(text("worth.currency"))
                .filter(|text| money::is_currency(text))
                .ok_or_else(|| wrong("worth.currency"))?,
        };
        let mail = Mail {
            transport,
            from,
            smtp_host: text("mail.smtp_host"),
            smtp_port: u16::try_from(number("mail.smtp_port", 1, 65535)?)
                .map_err(|_| wrong("mail.smtp_port"))?,
            smtp_tls: match text("mail.smtp_tls").as_str() {
                "starttls" => SmtpTls::StartTls,
                "tls" => SmtpTls::Tls,
                "none" => SmtpTls::None,
                _ => return Err(wrong("mail.smtp_tls")),
            },
            smtp_ca,
            smtp_user: text("mail.smtp_user"),
            smtp_password: text("mail.smtp_password"),
        };
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let or_cores = |n: i64| if n == 0 { cores } else { usize::try_from(n).unwrap_or(cores) };
        Ok(Config {
            database,
            base_url_set: base_url.is_some(),
            base_url: base_url.unwrap_or_else(|| format!("http://{listen}")),
            trusted_proxies,
            language,
            brand,
            image_sources,
            sign_up_open: match text("sign_up").as_str() {
                "open" => true,
                "closed" => false,
                _ => return Err(wrong("sign_up")),
            },
            rate_limits: flag("rate_limits")?,
            page_cache: flag("page_cache")?,
            password_memory_kib: u32::try_from(number("password_memory_kib", 1024, 1_048_576)?)
                .map_err(|_| wrong("password_memory_kib"))?,
            workers: or_cores(number("workers", 0, 64)?),
            readers: u32::try_from(or_cores(number("readers", 0, 64)?)).map_err(|_| wrong("readers"))?,
            model: match optional("model").as_deref() {
                Some("off") => None,
                Some(folder) => Some(PathBuf::from(folder)),
                None => Some(data.join("model")).filter(|folder| folder.is_dir()),
            },
            unsolved_after_hours: number("unsolved_after_hours", 1, 8760)?,
            case_due_hours: number("case_due_hours", 1, 8760)?,
            worth,
            mail,
            reload_templates: optional("reload_templates").map(PathBuf::from),
            log: text("log"),
            data,
            listen,
        })
    }

    /// Where the vectors of threads are.
    pub fn vectors(&self) -> PathBuf {
        self.data.join("index").join("vectors")
    }

    /// Whether people reach the forum over TLS: cookies are then `Secure` and `__Host-`.
    pub fn is_https(&self) -> bool {
        self.base_url.starts_with("https://")
    }
}

fn find(name: &str) -> Result<&'static Setting, ConfigError> {
    SETTINGS.iter().find(|setting| setting.name == name).ok_or_else(|| {
        let nearest =
            SETTINGS.iter().max_by_key(|s| common(s.name, name)).filter(|s| common(s.name, name) >= 3);
        let hint = nearest
            .map_or_else(String::new, |s| format!("; did you mean `{}`, which takes {}?", s.name, s.takes));
        ConfigError::Unknown(name.to_owned(), hint)
    })
}

/// How many characters two names share at their beginning or end: enough to guess a misspelling.
fn common(a: &str, b: &str) -> usize {
    let front = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count();
    let back = a.chars().rev().zip(b.chars().rev()).take_while(|(x, y)| x == y).count();
    front.max(back)
}

fn read_file(path: &Path, values: &mut Values) -> Result<(), ConfigError> {
    let bad = |why: String| ConfigError::File(path.display().to_string(), why);
    let text = std::fs::read_to_string(path).map_err(|e| bad(e.to_string()))?;
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| bad(e.to_string()))?;
    let mut flat = Vec::new();
    for (key, value) in table {
        match value {
            toml::Value::Table(inner) => {
                flat.extend(inner.into_iter().map(|(k, v)| (format!("{key}.{k}"), v)))
            }
            other => flat.push((key, other)),
        }
    }
    for (name, value) in flat {
        let setting = find(&name)?;
        let from = path.display().to_string();
        let value = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(n) => n.to_string(),
            toml::Value::Boolean(b) => b.to_string(),
            other => {
                return Err(ConfigError::Wrong {
                    name: setting.name,
                    takes: setting.takes,
                    value: other.to_string(),
                    from,
                });
            }
        };
        values.insert(setting.name, (value, from));
    }
    Ok(())
}

fn read_environment(
    environment: impl IntoIterator<Item = (String, String)>,
    values: &mut Values,
) -> Result<(), ConfigError> {
    for (key, value) in environment {
        let setting = if key == "DATABASE_URL" {
            find("database_url")?
        } else if let Some(rest) = key.strip_prefix("LOGGIA_") {
            // LOGGIA_CONFIG names the file itself; LOGGIA_TEST_… belongs to the test suite.
            if rest == "CONFIG"
                || rest.starts_with("TEST_")
                || rest.starts_with("SHARED_")
                || rest.starts_with("BENCH_")
            {
                continue;
            }
            let wanted = rest.to_lowercase();
            match SETTINGS.iter().find(|s| s.name.replace('.', "_") == wanted) {
                Some(setting) => setting,
                None => {
                    let hint = find(&wanted).err().map_or_else(String::new, |e| match e {
                        ConfigError::Unknown(_, hint) => hint,
                        _ => String::new(),
                    });
                    return Err(ConfigError::Unknown(key, hint));
                }
            }
        } else {
            continue;
        };
        // LOGGIA_DATABASE_URL is the more particular of the two names.
        let particular = key.starts_with("LOGGIA_");
        let taken = values.get(setting.name).is_some_and(|(_, from)| from == "LOGGIA_DATABASE_URL");
        if particular || !taken {
            values.insert(setting.name, (value, key));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_pictures_are_names_or_any() {
        let load = |value: &str| Config::load(None, Vec::new(), &[("image_hosts", value.to_owned())]);
        let check =
            |value: &str, expect: &[&str]| assert_eq!(load(value).unwrap().image_sources, expect, "{value}");
        check("", &[]);
        check("any", &["https:"]);
        check("i.example.com,*.example.org", &["https://i.example.com", "https://*.example.org"]);
        for wrong in ["https://a.b", "a.b; script-src *", "*", "localhost", "a.b c.d", "a.b/c", "*.", ".a.b"]
        {
            assert!(load(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_language_setting_names_every_language_there_is() {
        let takes = find("language").unwrap().takes;
        assert_eq!(takes, format!("a language Loggia speaks: {}", crate::web::i18n::LANGUAGES.join(", ")));
    }

    fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn the_environment_wins_over_the_file_and_flags_over_both() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("loggia.toml");
        std::fs::write(&file, "listen = \"127.0.0.1:1\"\n[brand]\nname = \"File\"\n").unwrap();
        let config = Config::load(
            Some(&file),
            env(&[("LOGGIA_BRAND_NAME", "Env")]),
            &[("listen", "127.0.0.1:3".into())],
        )
        .unwrap();
        assert_eq!(config.brand.name, "Env");
        assert_eq!(config.listen.port(), 3);
    }

    #[test]
    fn an_unknown_setting_is_refused_by_name() {
        let error = Config::load(None, env(&[("LOGGIA_LISEN", "x")]), &[]).unwrap_err().to_string();
        assert!(error.contains("LOGGIA_LISEN") && error.contains("listen"), "{error}");
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("loggia.toml");
        std::fs::write(&file, "[mail]\nport = 3\n").unwrap();
        let error = Config::load(Some(&file), env(&[]), &[]).unwrap_err().to_string();
        assert!(error.contains("mail.port"), "{error}");
    }

    #[test]
    fn a_wrong_value_is_refused_with_what_the_setting_takes() {
        for (key, value, takes) in [
            ("LOGGIA_LISTEN", "8080", "an address and port"),
            ("LOGGIA_BRAND_HUE", "400", "0 to 359"),
            ("LOGGIA_MAIL_TRANSPORT", "pigeon", "smtp, folder or off"),
            ("LOGGIA_BASE_URL", "example.com", "http://"),
            ("LOGGIA_BASE_URL", "https://example.com/forum", "http://"),
            ("LOGGIA_RATE_LIMITS", "yes", "true or false"),
            ("DATABASE_URL", "mysql://x", "sqlite:PATH"),
        ] {
            let error = Config::load(None, env(&[(key, value)]), &[]).unwrap_err().to_string();
            assert!(error.contains(takes), "{key}: {error}");
        }
    }
}
