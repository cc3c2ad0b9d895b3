//! The command line, and the two errors that have exit codes of their own.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Two companies' deployments with everything around them, on one machine.
///
/// Usually run by `cargo xtask demo` and `cargo xtask dev`, which bring the server that it needs.
#[derive(Debug, Parser)]
#[command(name = "cortex-demo", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) action: Action,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Plays the whole journey and checks each step.
    Play {
        #[command(flatten)]
        setting: Setting,
        /// Goes on running afterwards, until Ctrl-C.
        #[arg(long)]
        stay: bool,
    },
    /// Runs until Ctrl-C, with URLs, tokens and ready lines for curl.
    Dev(Setting),
    /// Reads many accounts while workers are killed and everything around them fails, and counts what came of it.
    Soak(SoakSetting),
}

/// What everything runs on.
#[derive(Debug, Args)]
pub(crate) struct Machine {
    /// The binary of the product.
    #[arg(long, value_name = "PATH")]
    pub(crate) cortex: PathBuf,
    /// Superuser URL of a throw-away PostgreSQL server.
    #[arg(long, value_name = "URL", env = SERVER, hide_env_values = true)]
    pub(crate) server: String,
    /// File with the certificate authority of that server.
    #[arg(long, value_name = "FILE", env = SERVER_CA, hide_env_values = true)]
    pub(crate) server_ca: Option<OsString>,
}

/// How much is read, and how much goes wrong meanwhile.
#[derive(Debug, Args)]
pub(crate) struct SoakSetting {
    #[command(flatten)]
    pub(crate) machine: Machine,
    /// People with an account each.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub(crate) users: u32,
    /// Records in all accounts together.
    #[arg(long, value_name = "N", default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) records: u32,
    /// Worker processes, of which all but the first are killed now and then.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(2..=16))]
    pub(crate) workers: u16,
    /// Milliseconds from one kill to the next.
    #[arg(long, value_name = "MS", default_value_t = 4_000, value_parser = clap::value_parser!(u64).range(100..))]
    pub(crate) kill_every_millis: u64,
    /// Seconds that a worker's lease lasts.
    #[arg(long, value_name = "S", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) lease_seconds: u64,
    /// Counts what came of it, and measures nothing: for machines that are busy with something else.
    #[arg(long)]
    pub(crate) untimed: bool,
    /// A file to make when PostgreSQL is to be restarted; whoever restarts it takes the file away. Without it nobody can.
    #[arg(long, value_name = "FILE")]
    pub(crate) restart_request: Option<PathBuf>,
}

/// What the stack is made of.
#[derive(Debug, Args)]
pub(crate) struct Setting {
    #[command(flatten)]
    pub(crate) machine: Machine,
    /// A real mailbox for one of the colleagues: an mbox file, or a directory of .eml files.
    #[arg(long, value_name = "PATH")]
    pub(crate) mailbox: Option<PathBuf>,
    /// The first of five ports in a row: A, B, Supabase Auth, Nango, the providers. Free ones without it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=65_531))]
    pub(crate) port: Option<u16>,
}

/// The variable with the server's URL.
pub(crate) const SERVER: &str = "CORTEX_TEST_PG_URL";

/// The variable with the file of its certificate authority.
pub(crate) const SERVER_CA: &str = "CORTEX_TEST_PG_CA_FILE";

/// Something that was asked for cannot be: told in one line that says what to do.
#[derive(Debug)]
pub(crate) struct WrongUsage(pub(crate) String);

/// Somebody pressed Ctrl-C, or ended us.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl Action {
    pub(crate) fn stays(&self) -> bool {
        matches!(self, Self::Play { stay: true, .. } | Self::Dev(_))
    }
}

impl std::fmt::Display for WrongUsage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongUsage {}

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

#[cfg(test)]
mod tests {
    use super::*;

    const NEEDED: [&str; 4] = ["--cortex", "target/debug/cortex", "--server", "postgres://u:p@127.0.0.1:1/postgres"];

    fn parse(words: &[&str]) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from([&["cortex-demo"], words, &NEEDED].concat())
    }

    #[test]
    fn the_journey_ends_unless_it_is_to_stay_and_dev_always_stays() {
        assert!(!parse(&["play"]).unwrap().action.stays());
        assert!(parse(&["play", "--stay"]).unwrap().action.stays());
        assert!(parse(&["dev"]).unwrap().action.stays());
    }

    #[test]
    fn what_is_wrong_is_wrong_usage() {
        for words in [&["dev", "--stay"][..], &["play", "--port", "0"], &["play", "--port", "65532"], &["walk"]] {
            assert_eq!(parse(words).unwrap_err().exit_code(), 2, "{words:?}");
        }
    }
}
