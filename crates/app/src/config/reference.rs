//! Where a company's database is, as Master's registry tells it: never the URL, which holds a password, but the name of
//! the variable or file that does.

use super::secret::DatabaseUrl;

impl DatabaseUrl {
    /// The URL behind `env:NAME` or `file:/path`. What is wrong is said without any value.
    pub fn of_reference(reference: &str, read: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let (source, text) = match reference.split_once(':') {
            Some(("env", name)) => {
                let text = read(name).filter(|text| !text.trim().is_empty()).ok_or_else(|| {
                    format!(
                        "the variable {name}, which database_url_ref names, is not set: set it to the URL of the \
                         owner's login, or correct database_url_ref"
                    )
                })?;
                (format!("the variable {name}"), text)
            }
            Some(("file", path)) if path.starts_with('/') => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    format!(
                        "the file {path}, which database_url_ref names, cannot be read ({error}): put the URL of the \
                         owner's login there, or correct database_url_ref"
                    )
                })?;
                (format!("the file {path}"), text)
            }
            // It may be a URL that somebody put there, with its password: it is not shown.
            _ => return Err("database_url_ref is neither env:NAME nor file:/path: correct it in Master".to_owned()),
        };
        Self::parse(text.trim()).map_err(|message| format!("{source} is of no use: {message}"))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const URL: &str = "postgres://owner:geheim@db.internal/acme";

    fn url(reference: &str) -> Result<String, String> {
        let read = |name: &str| match name {
            "ACME_URL" => Some(URL.to_owned()),
            "KEY" => Some("geheim".to_owned()),
            "EMPTY" => Some(" ".to_owned()),
            _ => None,
        };
        DatabaseUrl::of_reference(reference, &read).map(|url| format!("{url:?}"))
    }

    #[test]
    fn a_variable_and_a_file_hold_the_url() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "{URL}").unwrap();

        assert_eq!(url("env:ACME_URL").unwrap(), "postgres://db.internal:5432/acme");
        assert_eq!(url(&format!("file:{}", file.path().display())).unwrap(), "postgres://db.internal:5432/acme");
    }

    #[test]
    fn what_leads_nowhere_is_said_without_any_value() {
        for (reference, told) in [
            ("env:ABSENT", "the variable ABSENT, which database_url_ref names, is not set"),
            ("env:EMPTY", "the variable EMPTY, which database_url_ref names, is not set"),
            ("env:KEY", "the variable KEY is of no use: not a URL"),
            ("file:/absent/url", "the file /absent/url, which database_url_ref names, cannot be read"),
            ("file:relative", "neither env:NAME nor file:/path"),
            (URL, "neither env:NAME nor file:/path"),
        ] {
            let error = url(reference).unwrap_err();

            assert!(error.contains(told), "{error}");
            assert!(!error.contains("geheim"), "{error}");
        }
    }
}
