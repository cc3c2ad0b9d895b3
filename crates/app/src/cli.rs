//! The command line: which commands there are, and what they tell when they end.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong usage. What a command was asked for goes to standard output; logs and errors go
//! to standard error.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use cortex_kernel::RandomIds;
use cortex_postgres::migrate::UnknownVersion;
use tokio_util::sync::CancellationToken;

use crate::commands::admin::{self, AdminArgs};
use crate::commands::audit::{self, AuditArgs};
use crate::commands::doctor::{self, DoctorArgs};
use crate::commands::migrate::{self, MigrateArgs};
use crate::commands::openapi;
use crate::commands::users::{self, UsersArgs};
use crate::config::{
    AuditConfig, ConfigErrors, LogFormat, MigrateConfig, MigrateFleetConfig, Process, RuntimeConfig, ServeConfig,
    WorkConfig,
};
use crate::start::StartRefused;
use crate::traces::Traces;
use crate::{logging, serve, work};

/// The backend of a company's knowledge.
///
/// It is configured by environment variables; .env.example lists them.
#[derive(Debug, Parser)]
#[command(name = "cortex", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Common(Common),
    /// Reads the one file at standard input: the service starts it for each.
    #[command(hide = true)]
    ExtractText {
        /// What stands behind the last dot of the file's name.
        extension: Option<String>,
    },
}

/// The commands that somebody gives.
#[derive(Debug, Subcommand)]
enum Common {
    /// Answers the HTTP API, and runs sync jobs, until it is told to stop.
    Serve {
        /// First brings the schemas of both databases up, like `cortex migrate up`, as the owner of the tables.
        #[arg(long)]
        migrate: bool,
        /// Runs no sync jobs: `cortex work` does, elsewhere.
        #[arg(long)]
        no_worker: bool,
    },
    /// Runs sync jobs until it is told to stop.
    Work,
    /// Brings the schemas of the databases up or down, or tells how they stand.
    Migrate(MigrateArgs),
    /// Checks the deployment and says what to do for each finding.
    Doctor(DoctorArgs),
    /// Prints the OpenAPI document of the HTTP API.
    Openapi,
    /// Says who belongs to the company, and tells who does.
    Users(UsersArgs),
    /// Checks the audit log.
    Audit(AuditArgs),
    /// Helps with the admin panel.
    Admin(AdminArgs),
}

/// Runs the command that `arguments` name, the program's own name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(told) => {
            // Help and version arrive here as well. If they cannot be written, nobody is there to be told.
            let _ = told.print();
            return if told.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let command = match cli.command {
        Command::Common(command) => command,
        // It gives up all that a runtime needs.
        Command::ExtractText { extension } => return cortex_extract::serve_one(extension),
    };
    let process = match Process::read(Path::new(".")) {
        Ok(process) => process,
        Err(error) => return failed(LogFormat::Text, &error.into()),
    };
    let format = LogFormat::asked_for(&|name| process.get(name));
    let may_hang = matches!(command, Common::Doctor(_));
    let outcome = tokio::runtime::Runtime::new().context("there is no runtime").and_then(|runtime| {
        let outcome = runtime.block_on(dispatch(command, &process));
        if may_hang {
            // A name service that hangs keeps a thread of its own busy, and nobody waits for it.
            runtime.shutdown_background();
        }
        outcome
    });
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => failed(format, &error),
    }
}

fn failed(format: LogFormat, error: &anyhow::Error) -> ExitCode {
    // If it cannot be written, nobody is there to be told.
    let _ = logging::tell_failure(format, &told(error));
    if error.is::<UnknownVersion>() { ExitCode::from(2) } else { ExitCode::FAILURE }
}

/// True where all that was asked for was done.
async fn dispatch(command: Common, process: &Process) -> anyhow::Result<bool> {
    // Both rustls and its users could bring a provider of cryptography; this is the one.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::debug!("the process has a provider of cryptography already");
    }
    let variable = |name: &str| process.get(name);
    match command {
        Common::Serve { migrate, no_worker } => {
            let migration = migrate.then(|| MigrateConfig::from_env(&variable)).transpose();
            let (config, migration) = match (ServeConfig::from_env(&variable), migration) {
                (Ok(config), Ok(migration)) => (config, migration),
                (Err(errors), Err(others)) => return Err(errors.and(others).into()),
                (Err(errors), Ok(_)) | (Ok(_), Err(errors)) => return Err(errors.into()),
            };
            watched(&config.runtime, "serve", async |stop| {
                Box::pin(serve::run(&config, migration, !no_worker, stop)).await
            })
            .await
            .map(|()| true)
        }
        Common::Work => {
            let config = WorkConfig::from_env(&variable)?;
            watched(&config.runtime, "work", async |stop| Box::pin(work::run(&config, stop)).await).await.map(|()| true)
        }
        // It needs no configuration: it makes a part of one.
        Common::Admin(arguments) => admin::run(&arguments, &mut io::stdout()).map(|()| true),
        Common::Migrate(arguments) if arguments.is_about_all_companies() => {
            let config = MigrateFleetConfig::from_env(&variable)?;
            logging::start(&config.log)?;
            migrate::run_for_all(&arguments, &config, &variable, &mut io::stdout()).await
        }
        Common::Migrate(arguments) => {
            let config = MigrateConfig::from_env(&variable)?;
            logging::start(&config.log)?;
            migrate::run(&arguments, &config, &mut io::stdout()).await
        }
        Common::Doctor(arguments) => {
            let in_colour = io::stdout().is_terminal() && variable("NO_COLOR").is_none_or(|value| value.is_empty());
            doctor::run(arguments, &variable, in_colour, &mut io::stdout()).await
        }
        Common::Openapi => openapi::run(&mut io::stdout()).map(|()| true),
        Common::Users(arguments) => users::run(&arguments, &variable, &mut io::stdout()).await,
        Common::Audit(arguments) => {
            let config = AuditConfig::from_env(&variable)?;
            logging::start(&config.log)?;
            audit::run(&arguments, &config, &mut io::stdout()).await
        }
    }
}

/// Runs a service of which there are a log and, where there is a collector, traces.
async fn watched(
    config: &RuntimeConfig,
    command: &'static str,
    service: impl AsyncFnOnce(CancellationToken) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let endpoint = config.traces_endpoint.as_ref();
    let traces = endpoint.map(|endpoint| Traces::start(endpoint, command, &RandomIds)).transpose()?;
    logging::start_traced(&config.log, traces.as_ref())?;
    let ended = until_signal(service).await;
    if let Some(traces) = traces {
        traces.end().await;
    }
    ended
}

/// Runs a service, and asks it to stop at the first SIGINT or SIGTERM. The service sees to it that stopping ends.
async fn until_signal(service: impl AsyncFnOnce(CancellationToken) -> anyhow::Result<()>) -> anyhow::Result<()> {
    // Before the service begins: whoever is told that it listens may stop it at once.
    let signal = signals()?;
    let stop = CancellationToken::new();
    let mut service = std::pin::pin!(service(stop.clone()));
    tokio::select! {
        outcome = &mut service => return outcome,
        signal = signal => {
            tracing::info!(signal, "stopping");
            stop.cancel();
        }
    }
    service.await
}

/// From now on a signal to stop does not kill; the future tells when one has come.
#[cfg(unix)]
fn signals() -> io::Result<impl Future<Output = &'static str>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
        }
    })
}

/// From now on a signal to stop does not kill; the future tells when one has come.
#[cfg(windows)]
fn signals() -> io::Result<impl Future<Output = &'static str>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
        "ctrl-c"
    })
}

/// An error with its causes in one line; a configuration has a line for each mistake, and a start for each reason against
/// it.
fn told(error: &anyhow::Error) -> String {
    if let Some(errors) = error.downcast_ref::<ConfigErrors>() {
        return errors.to_string();
    }
    if let Some(refused) = error.downcast_ref::<StartRefused>() {
        return refused.to_string();
    }
    format!("{error:#}").replace(['\r', '\n'], " ")
}
