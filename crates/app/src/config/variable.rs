//! What a variable *is*: the rows of the table that names, defaults, bounds, the example file and the operators' table
//! all come from. The rows themselves stand beside the settings they make, in the file of each concern.

/// A command that is configured by the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// `cortex serve`
    Serve,
    /// `cortex work`
    Work,
    /// `cortex migrate`
    Migrate,
    /// `cortex migrate --all-companies`
    MigrateFleet,
    /// `cortex doctor`
    Doctor,
    /// `cortex users map` and `cortex users list`
    Users,
    /// `cortex users bind`
    UsersBind,
    /// `cortex audit`
    Audit,
}

/// One variable of the environment.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What counts when it is not set.
    pub fallback: Fallback,
    /// The commands that read it; others do not look at it.
    pub commands: &'static [Command],
    /// Whether its value must never be shown. Such a variable has a `_FILE` form too.
    pub secret: bool,
    /// The least and the greatest whole number it takes.
    pub bounds: Option<(u64, u64)>,
    /// Whether the empty string is a value; for every other variable it is the same as not set.
    pub empty_is_value: bool,
    /// What it means, for operators.
    pub meaning: &'static str,
}

/// What counts when a variable is not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// Nothing: the command does not start.
    Required,
    /// Nothing: what it switches on stays off.
    Absent,
    /// This text, read as if it had been set.
    Text(&'static str),
    /// One text or another; none where there is no safe one.
    ByEnvironment {
        /// In development.
        development: Option<&'static str>,
        /// In production.
        production: Option<&'static str>,
    },
    /// What follows from other variables, in words.
    Derived(&'static str),
}

/// The variables of one concern.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// What they are about.
    pub title: &'static str,
    /// In the order in which an operator wants to read them.
    pub variables: &'static [Variable],
}

pub(super) const ALL: &[Command] = &Command::ALL;
/// Those that are about one company.
pub(super) const ONE_COMPANY: &[Command] = &[
    Command::Serve,
    Command::Work,
    Command::Migrate,
    Command::Doctor,
    Command::Users,
    Command::UsersBind,
    Command::Audit,
];
// `doctor` looks at all that the processes of a deployment read.
pub(super) const BOTH_DATABASES: &[Command] =
    &[Command::Serve, Command::Work, Command::Migrate, Command::Doctor, Command::Audit];
pub(super) const SERVE: &[Command] = &[Command::Serve, Command::Doctor];
pub(super) const WORK: &[Command] = &[Command::Work, Command::Doctor];
pub(super) const MIGRATE: &[Command] = &[Command::Migrate, Command::Doctor];
pub(super) const MIGRATE_MASTER: &[Command] = &[Command::Migrate, Command::MigrateFleet, Command::Doctor];
pub(super) const SERVE_WORK: &[Command] = &[Command::Serve, Command::Work, Command::Doctor];
pub(super) const SERVE_WORK_AUDIT: &[Command] = &[Command::Serve, Command::Work, Command::Doctor, Command::Audit];
pub(super) const SERVE_BIND: &[Command] = &[Command::Serve, Command::Doctor, Command::UsersBind];
pub(super) const SERVE_WORK_BIND: &[Command] = &[Command::Serve, Command::Work, Command::Doctor, Command::UsersBind];

impl Command {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Serve,
        Self::Work,
        Self::Migrate,
        Self::MigrateFleet,
        Self::Doctor,
        Self::Users,
        Self::UsersBind,
        Self::Audit,
    ];

    /// As it is typed after `cortex`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::Work => "work",
            Self::Migrate => "migrate",
            Self::MigrateFleet => "migrate --all-companies",
            Self::Doctor => "doctor",
            Self::Users => "users",
            Self::UsersBind => "users bind",
            Self::Audit => "audit",
        }
    }
}

impl Variable {
    /// A variable without which the commands do not start.
    pub(super) const fn required(name: &'static str, commands: &'static [Command], meaning: &'static str) -> Self {
        Self::new(name, Fallback::Required, commands, meaning)
    }

    /// A variable that switches something on.
    pub(super) const fn optional(name: &'static str, commands: &'static [Command], meaning: &'static str) -> Self {
        Self::new(name, Fallback::Absent, commands, meaning)
    }

    /// A variable with a default.
    pub(super) const fn preset(
        name: &'static str,
        default: &'static str,
        commands: &'static [Command],
        meaning: &'static str,
    ) -> Self {
        Self::new(name, Fallback::Text(default), commands, meaning)
    }

    pub(super) const fn new(
        name: &'static str,
        fallback: Fallback,
        commands: &'static [Command],
        meaning: &'static str,
    ) -> Self {
        Self { name, fallback, commands, secret: false, bounds: None, empty_is_value: false, meaning }
    }

    pub(super) const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    pub(super) const fn within(mut self, least: u64, greatest: u64) -> Self {
        self.bounds = Some((least, greatest));
        self
    }

    pub(super) const fn empty_is_value(mut self) -> Self {
        self.empty_is_value = true;
        self
    }

    /// The name of the variable that holds the path of a file with this one's value.
    #[must_use]
    pub fn file_form(&self) -> String {
        format!("{}_FILE", self.name)
    }
}
