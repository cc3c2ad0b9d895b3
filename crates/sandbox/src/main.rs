//! `cortex-sandbox`: the stand-ins as a process.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use cortex_sandbox::mailbox;
use cortex_sandbox::nango::{EnvironmentConfig, Nango, NangoConfig, RunningNango};
use cortex_sandbox::provider::AccountConfig;
use cortex_sandbox::supabase::{RunningSupabase, Supabase, SupabaseConfig};
use serde::Deserialize;
use tracing_subscriber::EnvFilter;
use uuid::Uuid;

/// Local stand-ins for Nango and Supabase Auth, with invented people and data.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Nango with its providers.
    Nango {
        #[command(flatten)]
        nango: NangoArgs,
        /// A JSON file with a Nango configuration; flags win over it.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Supabase Auth.
    Supabase {
        #[command(flatten)]
        supabase: SupabaseArgs,
        /// A JSON file with a Supabase configuration; flags win over it.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Both, with the same time.
    All {
        #[command(flatten)]
        nango: NangoArgs,
        #[command(flatten)]
        supabase: SupabaseArgs,
        /// A JSON file: {"nango": {…}, "supabase": {…}}; flags win over it.
        #[arg(long)]
        config: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
struct NangoArgs {
    /// Port of Nango's API; 0 takes a free one.
    #[arg(long, default_value_t = 3003)]
    port: u16,
    /// Port of the providers; 0 takes a free one.
    #[arg(long, default_value_t = 3004)]
    provider_port: u16,
    /// API key of the environment: a version 4 UUID.
    #[arg(long)]
    api_key: Option<Uuid>,
    /// Key that signs the webhooks of the environment.
    #[arg(long)]
    signing_key: Option<String>,
    /// Where the webhooks of the environment go.
    #[arg(long)]
    webhook_url: Option<String>,
    /// An account at the providers, with invented mail, files and books. Can be repeated; everyone of the two
    /// invented companies when absent.
    #[arg(long = "account", value_name = "ADDRESS")]
    accounts: Vec<String>,
}

#[derive(Debug, Args)]
struct SupabaseArgs {
    /// Port of Supabase Auth; 0 takes a free one.
    #[arg(long, default_value_t = 9999)]
    supabase_port: u16,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Both {
    nango: NangoConfig,
    supabase: SupabaseConfig,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,actix_server=warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let (nango, supabase) = match Cli::parse().command {
        Command::Nango { nango, config } => (Some(nango.apply(read(config.as_deref())?)), None),
        Command::Supabase { supabase, config } => (None, Some(supabase.apply(read(config.as_deref())?))),
        Command::All { nango, supabase, config } => {
            let both: Both = read(config.as_deref())?;
            let (nango, mut supabase) = (nango.apply(both.nango), supabase.apply(both.supabase));
            supabase.clock = nango.clock.clone();
            (Some(nango), Some(supabase))
        }
    };
    let nango = nango.map(Nango::start).transpose()?;
    let supabase = supabase.map(Supabase::start).transpose().context("cannot start Supabase Auth")?;
    let mut out = std::io::stdout().lock();
    if let Some(nango) = &nango {
        show_nango(&mut out, nango)?;
    }
    if let Some(supabase) = &supabase {
        show_supabase(&mut out, supabase)?;
    }
    writeln!(out, "Ready. Ctrl-C ends it.")?;
    out.flush()?;
    drop(out);
    asked_to_stop().await?;
    if let Some(nango) = nango {
        nango.stop().await;
    }
    if let Some(supabase) = supabase {
        supabase.stop().await;
    }
    Ok(())
}

impl NangoArgs {
    fn apply(&self, mut config: NangoConfig) -> NangoConfig {
        config.listen = local(self.port);
        config.provider_listen = local(self.provider_port);
        if config.environments.is_empty() {
            config.environments.push(EnvironmentConfig::default());
        }
        let first = &mut config.environments[0];
        if let Some(key) = self.api_key {
            first.api_key = key;
        }
        if let Some(key) = &self.signing_key {
            first.webhook_signing_key.clone_from(key);
        }
        if let Some(url) = &self.webhook_url {
            first.webhook_url = Some(url.clone());
        }
        config.accounts.extend(self.accounts.iter().map(|email| AccountConfig::new(email)));
        if config.accounts.is_empty() {
            let own = mailbox::people().iter().filter(|person| matches!(person.company, "a" | "b"));
            config.accounts = own.map(|person| AccountConfig::new(person.address).with_name(person.name)).collect();
        }
        config
    }
}

impl SupabaseArgs {
    fn apply(&self, mut config: SupabaseConfig) -> SupabaseConfig {
        config.listen = local(self.supabase_port);
        config
    }
}

fn show_nango(out: &mut impl Write, nango: &RunningNango) -> std::io::Result<()> {
    writeln!(out, "Nango           {}", nango.base_url())?;
    writeln!(out, "Providers       {}", nango.provider_url())?;
    for environment in nango.environments() {
        writeln!(out, "  environment   {}", environment.name)?;
        writeln!(out, "  API key       {}", environment.api_key)?;
        writeln!(out, "  signing key   {}", environment.webhook_signing_key)?;
    }
    let accounts = nango.provider().list_accounts();
    for (email, name) in accounts.iter().take(12) {
        writeln!(out, "  account       {email} ({name})")?;
    }
    if accounts.len() > 12 {
        writeln!(out, "  account       and {} more: GET /sandbox/accounts", accounts.len() - 12)?;
    }
    Ok(())
}

fn show_supabase(out: &mut impl Write, supabase: &RunningSupabase) -> std::io::Result<()> {
    writeln!(out, "Supabase        {}", supabase.base_url())?;
    writeln!(out, "  anon key      {}", supabase.anon_key())?;
    writeln!(out, "  service key   {}", supabase.service_key())
}

fn read<T: Default + serde::de::DeserializeOwned>(path: Option<&Path>) -> anyhow::Result<T> {
    let Some(path) = path else { return Ok(T::default()) };
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not a valid configuration", path.display()))
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

async fn asked_to_stop() -> anyhow::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot listen for Ctrl-C"),
        _ = terminate.recv() => Ok(()),
    }
}
