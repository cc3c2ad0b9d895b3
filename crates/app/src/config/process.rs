//! The real environment of the process, and `.env` in development.

use std::collections::HashMap;
use std::path::Path;

use thiserror::Error;

use super::deployment::Environment;

/// The variables that the process was started with.
///
/// In development a `.env` file in the working directory adds what is not set. Development is what `ENVIRONMENT` says,
/// in the process's own environment or, where it is not set there, in the file; so production never reads the file, and
/// nothing in it can overrule what the process was given.
#[derive(Clone)]
pub struct Process(HashMap<String, String>);

/// The `.env` file cannot be used. Its lines are never shown.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DotEnvError {
    /// It is there and cannot be read.
    #[error(".env cannot be read ({0}): check its permissions, or remove it")]
    Unreadable(std::io::ErrorKind),
    /// A line is not of the right form.
    #[error(".env: entry {0} is not NAME=value; a value with blanks, # or $ needs single quotes")]
    Malformed(usize),
}

const ENVIRONMENT: &str = "ENVIRONMENT";

impl Process {
    /// Takes a look at the environment and, in development, at `.env` in `directory`.
    pub fn read(directory: &Path) -> Result<Self, DotEnvError> {
        // What is not Unicode cannot be meant for us.
        let own =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::merge(own.collect(), &directory.join(".env"))
    }

    /// The text of a variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    fn merge(mut own: HashMap<String, String>, file: &Path) -> Result<Self, DotEnvError> {
        own.retain(|name, value| name != ENVIRONMENT || !value.is_empty());
        let told = own.get(ENVIRONMENT).cloned();
        if told.as_deref().is_some_and(|text| text != Environment::DEVELOPMENT) {
            return Ok(Self(own));
        }
        let (entries, problem) = entries(file);
        let environment = told.as_ref().or_else(|| entries.get(ENVIRONMENT));
        if environment.is_none_or(|text| text != Environment::DEVELOPMENT) {
            return Ok(Self(own));
        }
        if let Some(problem) = problem {
            return Err(problem);
        }
        for (name, value) in entries {
            own.entry(name).or_insert(value);
        }
        Ok(Self(own))
    }
}

/// What the file holds, up to the first thing that is wrong with it.
fn entries(file: &Path) -> (HashMap<String, String>, Option<DotEnvError>) {
    let lines = match dotenvy::from_path_iter(file) {
        Ok(lines) => lines,
        Err(error) if error.not_found() => return (HashMap::new(), None),
        Err(error) => return (HashMap::new(), Some(problem(&error, 1))),
    };
    let mut entries = HashMap::new();
    for (index, line) in lines.enumerate() {
        match line {
            Ok((name, value)) => entries.insert(name, value),
            Err(error) => return (entries, Some(problem(&error, index + 1))),
        };
    }
    (entries, None)
}

fn problem(error: &dotenvy::Error, entry: usize) -> DotEnvError {
    match error {
        dotenvy::Error::Io(error) => DotEnvError::Unreadable(error.kind()),
        _ => DotEnvError::Malformed(entry),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn process(own: &[(&str, &str)], file: &str) -> Result<Process, DotEnvError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(".env");
        std::fs::write(&path, file).unwrap();
        Process::merge(own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(), &path)
    }

    #[rstest]
    #[case::the_process_says_so(&[("ENVIRONMENT", "development")], "PORT=1", Some("1"))]
    #[case::the_file_says_so(&[], "ENVIRONMENT=development\nPORT=1", Some("1"))]
    #[case::an_empty_word_says_nothing(&[("ENVIRONMENT", "")], "ENVIRONMENT=development\nPORT=1", Some("1"))]
    #[case::nobody_says_so(&[], "PORT=1", None)]
    #[case::the_process_says_otherwise(&[("ENVIRONMENT", "production")], "ENVIRONMENT=development\nPORT=1", None)]
    #[case::the_process_wins(&[("ENVIRONMENT", "development"), ("PORT", "2")], "PORT=1", Some("2"))]
    #[case::an_empty_value_of_the_process_wins(&[("ENVIRONMENT", "development"), ("PORT", "")], "PORT=1", Some(""))]
    #[case::single_quotes_keep_dollars(&[("ENVIRONMENT", "development")], "PORT='$argon2id$v=19'", Some("$argon2id$v=19"))]
    fn the_file_counts_in_development(
        #[case] own: &[(&str, &str)],
        #[case] file: &str,
        #[case] expected: Option<&str>,
    ) {
        assert_eq!(process(own, file).unwrap().get("PORT").as_deref(), expected);
    }

    #[test]
    fn a_broken_file_is_told_in_development_without_its_lines() {
        let error = process(&[("ENVIRONMENT", "development")], "PORT=1\nSECRET geheim\n").err().unwrap();

        assert_eq!(error, DotEnvError::Malformed(2));
        assert!(!error.to_string().contains("geheim"));
    }

    #[test]
    fn a_broken_file_is_nothing_to_production() {
        assert!(process(&[("ENVIRONMENT", "production")], "nonsense here").is_ok());
        assert!(process(&[], "nonsense here").is_ok());
    }

    #[test]
    fn no_file_is_no_mistake() {
        let own = HashMap::from([("ENVIRONMENT".to_owned(), "development".to_owned())]);

        assert!(Process::merge(own, Path::new("/nonexistent/.env")).is_ok());
    }
}
