//! `cargo xtask bench`: what things cost, each beside the least that it could cost on this machine in this run.

use std::process::ExitCode;

use anyhow::Result;

use crate::process::Runner;
use crate::test;
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What is measured.
    #[arg(value_enum)]
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Checking access tokens: the first time, and again.
    Tokens,
    /// The answer to webhooks of every kind, from many clients at once.
    Webhooks,
    /// Reads by members beside bare endpoints, webhooks beside their rows, the start of the process and its memory.
    Http,
    /// Taking in the records of a mailbox, beside plain SQL, and the memory that it takes.
    Ingest,
    /// Claiming and finishing jobs, beside pgbench, and how soon a job begins.
    Jobs,
    /// Searching many documents for rare and for common words, beside the bare statement, and making their lexemes.
    Search,
    /// What dashboards read of many documents, beside bare statements over the same rows, and whether in 100 ms.
    Read,
    /// How long a reader and a writer wait while a database that has lived is migrated.
    Migrate,
}

impl What {
    /// The package and the benchmark in it.
    const fn target(self) -> [&'static str; 2] {
        match self {
            Self::Tokens => ["cortex-supabase", "tokens"],
            Self::Webhooks => ["cortex-e2e", "webhooks"],
            Self::Http => ["cortex-e2e", "http"],
            Self::Ingest => ["cortex-postgres", "ingest"],
            Self::Jobs => ["cortex-postgres", "jobs"],
            Self::Search => ["cortex-postgres", "search"],
            Self::Read => ["cortex-postgres", "read"],
            Self::Migrate => ["cortex-postgres", "migrate"],
        }
    }

    /// Whether it needs the product's binary, optimised, beside its own.
    const fn runs_the_product(self) -> bool {
        matches!(self, Self::Http)
    }
}

pub(crate) fn run(workspace: &Workspace, runner: &Runner, arguments: &Arguments) -> Result<ExitCode> {
    let what = arguments.what;
    let [package, bench] = what.target();
    let binary = ["build", "--quiet", "--release", "--package", "cortex-app", "--bin", "cortex"];
    let arguments = ["bench", "--quiet", "--package", package, "--bench", bench];
    test::with_server(workspace, runner, |server| {
        if what.runs_the_product() && !runner.run(test::cargo(workspace, server).args(binary))?.success() {
            return Ok(ExitCode::FAILURE);
        }
        let status = runner.run(test::cargo(workspace, server).args(arguments))?;
        Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}
