//! Reads variables by the table and notes every mistake instead of stopping at the first.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use url::Url;

use super::deployment::Environment;
use super::mistake::{ConfigErrors, Mistake};
use super::row;
use super::secret::{DatabaseUrl, Secret, is_loopback, is_own_network};
use super::variable::{Command, Fallback, Variable};

/// A value, unless there was a mistake.
pub(super) type Reading<T> = Result<T, Noted>;

/// There was a mistake, and it has been noted. What depends on the value has nothing to add.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noted;

/// Reads the variables of one command.
pub(super) struct Reader<'a> {
    command: Command,
    environment: Environment,
    read: &'a dyn Fn(&str) -> Option<String>,
    mistakes: Vec<Mistake>,
}

/// How URLs of services may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// `https://`, and `http://` on this machine only.
    Secure,
    /// The same, and `http://` within our own network; in development `http://` to anywhere.
    SecureInProduction,
    /// Either.
    Any,
}

/// Reads a whole configuration with `section` and reports every mistake of it.
pub(super) fn read_all<T>(
    command: Command,
    read: &dyn Fn(&str) -> Option<String>,
    section: impl FnOnce(&mut Reader<'_>) -> Reading<T>,
) -> Result<T, ConfigErrors> {
    let mut reader = begin(command, read);
    match (section(&mut reader), reader.mistakes.is_empty()) {
        (Ok(value), true) => Ok(value),
        _ => Err(ConfigErrors::new(reader.mistakes)),
    }
}

/// Reads what can be read of a configuration with `section`, and reports every mistake beside it.
pub(super) fn read_some<T>(
    command: Command,
    read: &dyn Fn(&str) -> Option<String>,
    section: impl FnOnce(&mut Reader<'_>) -> T,
) -> (T, Option<ConfigErrors>) {
    let mut reader = begin(command, read);
    let found = section(&mut reader);
    let errors = (!reader.mistakes.is_empty()).then(|| ConfigErrors::new(reader.mistakes));
    (found, errors)
}

/// A reader that knows how careful to be: what is refused depends on it, so it comes first. A misspelt word is a mistake
/// and counts as production.
fn begin(command: Command, read: &dyn Fn(&str) -> Option<String>) -> Reader<'_> {
    let mut reader = Reader { command, environment: Environment::Production, read, mistakes: Vec::new() };
    if let Ok(environment) = reader.required("ENVIRONMENT", Environment::parse) {
        reader.environment = environment;
    }
    reader
}

impl Reader<'_> {
    /// Production or development.
    pub(super) const fn environment(&self) -> Environment {
        self.environment
    }

    /// Notes a mistake.
    pub(super) fn mistake(&mut self, variable: &str, message: impl Into<String>) -> Noted {
        self.mistakes.push(Mistake { variable: variable.to_owned(), message: message.into() });
        Noted
    }

    /// A value that may be absent.
    pub(super) fn optional<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Reading<Option<T>> {
        let Some((source, text)) = self.text(name)? else {
            return Ok(None);
        };
        match parse(&text) {
            Ok(value) => Ok(Some(value)),
            Err(message) => Err(self.mistake(&source, message)),
        }
    }

    /// A value that must be there, by itself or by its default.
    pub(super) fn required<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Reading<T> {
        match self.optional(name, parse)? {
            Some(value) => Ok(value),
            None => Err(self.mistake(name, format!("not set: {}", row(name).meaning))),
        }
    }

    /// A whole number within the bounds of the table.
    pub(super) fn integer<T: TryFrom<u64>>(&mut self, name: &'static str) -> Reading<T> {
        self.required(name, |text| integer(name, text))
    }

    /// The same, where absent means without limit.
    pub(super) fn optional_integer<T: TryFrom<u64>>(&mut self, name: &'static str) -> Reading<Option<T>> {
        self.optional(name, |text| integer(name, text))
    }

    /// A whole number whose bounds leave zero out.
    pub(super) fn nonzero(&mut self, name: &'static str) -> Reading<NonZeroU16> {
        self.integer(name).map(|number| NonZeroU16::new(number).expect("the table's bounds leave zero out"))
    }

    /// A number of seconds.
    pub(super) fn seconds(&mut self, name: &'static str) -> Reading<Duration> {
        self.integer(name).map(Duration::from_secs)
    }

    /// A number of milliseconds.
    pub(super) fn milliseconds(&mut self, name: &'static str) -> Reading<Duration> {
        self.integer(name).map(Duration::from_millis)
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, name: &'static str) -> Reading<bool> {
        self.required(name, |text| match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" => Ok(false),
            _ => Err(format!("expected true or false, found {}", quoted(text))),
        })
    }

    /// A text that is taken as it is.
    pub(super) fn word(&mut self, name: &'static str) -> Reading<String> {
        self.required(name, |text| Ok(text.to_owned()))
    }

    /// The same, and it may be absent.
    pub(super) fn optional_word(&mut self, name: &'static str) -> Reading<Option<String>> {
        self.optional(name, |text| Ok(text.to_owned()))
    }

    /// A secret that must be there.
    pub(super) fn secret(&mut self, name: &'static str) -> Reading<Secret> {
        self.required(name, |text| Ok(Secret::new(text)))
    }

    /// A secret that may be absent.
    pub(super) fn optional_secret(&mut self, name: &'static str) -> Reading<Option<Secret>> {
        self.optional(name, |text| Ok(Secret::new(text)))
    }

    /// A database that must be named.
    pub(super) fn database_url(&mut self, name: &'static str) -> Reading<DatabaseUrl> {
        self.required(name, DatabaseUrl::parse)
    }

    /// The base URL of a service that must be named.
    pub(super) fn url(&mut self, name: &'static str, scheme: Scheme) -> Reading<Url> {
        let environment = self.environment;
        self.required(name, |text| base_url(text, scheme, environment))
    }

    /// The same, and it may be absent.
    pub(super) fn optional_url(&mut self, name: &'static str, scheme: Scheme) -> Reading<Option<Url>> {
        let environment = self.environment;
        self.optional(name, |text| base_url(text, scheme, environment))
    }

    /// Words with commas between them; none when it is not set.
    pub(super) fn list<T>(&mut self, name: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> Reading<Vec<T>> {
        let parsed = self.optional(name, |text| {
            let words: Vec<_> = text.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
            if words.is_empty() {
                // An empty list often means "everyone": nobody should get there by a stray comma.
                return Err("holds no entry: name at least one, or unset it".to_owned());
            }
            words.into_iter().map(&parse).collect()
        })?;
        Ok(parsed.unwrap_or_default())
    }

    /// A file that can be read.
    pub(super) fn optional_file(&mut self, name: &'static str) -> Reading<Option<PathBuf>> {
        self.optional(name, |text| match std::fs::File::open(text) {
            Ok(_) => Ok(PathBuf::from(text)),
            Err(error) => Err(format!("{} cannot be read ({error}): give the path of a PEM file", quoted(text))),
        })
    }

    /// The text that counts for a variable, with the name of the variable it stands in.
    fn text(&mut self, name: &'static str) -> Reading<Option<(String, String)>> {
        let row = row(name);
        debug_assert!(row.commands.contains(&self.command), "{name} is not for {:?}", self.command);
        let direct = (self.read)(name).filter(|text| !text.is_empty() || row.empty_is_value);
        let found =
            if row.secret { self.direct_or_file(row, direct)? } else { direct.map(|text| (name.to_owned(), text)) };
        let found = found.or_else(|| row.default_text(self.environment).map(|text| (name.to_owned(), text.to_owned())));
        match found {
            Some((source, text)) if text.chars().any(char::is_control) => {
                Err(self.mistake(&source, "holds a line break or another control character: remove it"))
            }
            found => Ok(found),
        }
    }

    fn direct_or_file(&mut self, row: &Variable, direct: Option<String>) -> Reading<Option<(String, String)>> {
        let file_form = row.file_form();
        let path = (self.read)(&file_form).filter(|path| !path.is_empty());
        match (direct, path) {
            (Some(_), Some(_)) => {
                Err(self.mistake(&file_form, format!("{} is set too: keep one of the two", row.name)))
            }
            (Some(text), None) => Ok(Some((row.name.to_owned(), text))),
            (None, None) => Ok(None),
            (None, Some(path)) => match std::fs::read_to_string(&path) {
                Ok(text) if text.trim().is_empty() => {
                    Err(self.mistake(&file_form, format!("the file {path} is empty: put the value in it")))
                }
                Ok(text) => Ok(Some((file_form, text.trim_end_matches(['\r', '\n']).to_owned()))),
                Err(error) => Err(self.mistake(
                    &file_form,
                    format!("the file {path} cannot be read ({error}): check the path and its permissions"),
                )),
            },
        }
    }
}

impl Variable {
    /// The default where there is one in this environment.
    pub(super) const fn default_text(&self, environment: Environment) -> Option<&'static str> {
        match (self.fallback, environment) {
            (Fallback::Text(text), _) => Some(text),
            (Fallback::ByEnvironment { development, .. }, Environment::Development) => development,
            (Fallback::ByEnvironment { production, .. }, Environment::Production) => production,
            (Fallback::Required | Fallback::Absent | Fallback::Derived(_), _) => None,
        }
    }
}

/// The value as a message may show it: short, and in quotes.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN: usize = 40;
    let cut: String = text.chars().take(SHOWN).collect();
    format!("`{cut}{}`", if text.chars().count() > SHOWN { "..." } else { "" })
}

/// An address range, or one address as a range of one.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .map(|range| range.trunc())
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| format!("expected addresses or ranges like 10.0.0.0/8, found {}", quoted(text)))
}

/// Where a server listens.
pub(super) fn socket_address(text: &str) -> Result<SocketAddr, String> {
    let numeric = text.strip_prefix("localhost:").map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    numeric.parse().map_err(|_| format!("expected address:port like 127.0.0.1:9090, found {}", quoted(text)))
}

fn integer<T: TryFrom<u64>>(name: &'static str, text: &str) -> Result<T, String> {
    let (least, greatest) = row(name).bounds.expect("the table bounds every number");
    let number = text.trim().parse::<u64>().ok().filter(|number| (least..=greatest).contains(number));
    number
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| format!("expected a whole number from {least} to {greatest}, found {}", quoted(text)))
}

fn base_url(text: &str, scheme: Scheme, environment: Environment) -> Result<Url, String> {
    // The text is never shown: people paste URLs with passwords.
    let url = Url::parse(text).map_err(|error| format!("not a URL ({error}): expected https://host"))?;
    let Some(host) = url.host_str().filter(|_| matches!(url.scheme(), "https" | "http")) else {
        return Err("expected a URL that begins with https://".to_owned());
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user name or a password: remove it".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("holds a query or a fragment: give the base URL alone".to_owned());
    }
    let plain_allowed = match scheme {
        Scheme::Secure => false,
        Scheme::SecureInProduction => environment == Environment::Development || is_own_network(host),
        Scheme::Any => true,
    };
    if url.scheme() == "http" && !plain_allowed && !is_loopback(host) {
        return Err("http:// is only for this machine's own addresses: use https://".to_owned());
    }
    Ok(url)
}
