//! What is wrong with a configuration, told all at once.

use std::fmt;

use thiserror::Error;

use super::GROUPS;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The variable that has to be changed.
    pub variable: String,
    /// What is wrong with it and what to do. Never holds the value of a secret.
    pub message: String,
}

/// Everything that is wrong with the configuration of a command; never empty.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct ConfigErrors(Vec<Mistake>);

impl ConfigErrors {
    /// Takes what was found.
    pub(super) fn new(mut mistakes: Vec<Mistake>) -> Self {
        mistakes.sort_by_key(|mistake| {
            let name = mistake.variable.as_str();
            let rows = GROUPS.iter().flat_map(|group| group.variables);
            rows.map(|row| row.name).position(|row| row == name || name.strip_suffix("_FILE") == Some(row))
        });
        Self(mistakes)
    }

    /// All of what is wrong with two configurations that read some of the same variables.
    pub(crate) fn and(self, other: Self) -> Self {
        let mut mistakes = self.0;
        for mistake in other.0 {
            if !mistakes.contains(&mistake) {
                mistakes.push(mistake);
            }
        }
        Self::new(mistakes)
    }

    /// The mistakes, in the order in which the variables are documented.
    #[must_use]
    pub fn mistakes(&self) -> &[Mistake] {
        &self.0
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.variable, self.message)
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0.len() == 1 { "" } else { "s" };
        write!(f, "the configuration has {} mistake{plural}:", self.0.len())?;
        for mistake in &self.0 {
            write!(f, "\n  {mistake}")?;
        }
        Ok(())
    }
}
