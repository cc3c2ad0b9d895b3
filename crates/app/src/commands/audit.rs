//! `cortex audit`: whether the audit log is what was sealed.

use std::io::Write;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Subcommand};
use cortex_identity::VerifyAudit;
use cortex_identity::model::audit::{Checked, Finding};
use cortex_postgres::stores::{PgAuditChain, PgAuditHeads};
use cortex_postgres::{Address, Pool, PoolConfig};
use serde_json::json;

use super::users::must_be_known;
use crate::config::{AuditConfig, DatabaseUrl};

/// What to do with the audit log.
#[derive(Debug, Args)]
pub struct AuditArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Goes over all audit rows and their seals, beside a live service, and names the first one that was changed, cut out
    /// or cut off. Changes nothing.
    Verify(Options),
}

#[derive(Debug, Args)]
struct Options {
    /// For programs: one JSON document on standard output.
    #[arg(long)]
    json: bool,
}

/// The last question looks at all rows at once, and nobody waits for it.
const STATEMENT_TIMEOUT: Duration = Duration::from_mins(30);
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// Does as `args` says and writes what it found to `out`. True where all agrees.
pub async fn run(args: &AuditArgs, config: &AuditConfig, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let Action::Verify(Options { json }) = &args.action;
    verify(config, *json, out).await
}

/// Checks the audit log and writes what it found to `out`, for people or as JSON. True where all agrees.
pub async fn verify(config: &AuditConfig, as_json: bool, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let company = pool(config, &config.databases.company).context("DATABASE_URL")?;
    let master = pool(config, &config.databases.master).context("MASTER_DATABASE_URL")?;
    let company_id = config.deployment.company_id;
    must_be_known(company_id, &master).await?;
    let verify =
        VerifyAudit::new(company_id, Arc::new(PgAuditChain::new(company)), Arc::new(PgAuditHeads::new(master)));
    let outcome = verify.verify().await.context("the audit log cannot be checked")?;
    if as_json {
        let document = match &outcome {
            Ok(checked) => {
                json!({ "company_id": company_id.to_string(), "agrees": true, "checked": document(checked) })
            }
            Err(finding) => json!({
                "company_id": company_id.to_string(),
                "agrees": false,
                "finding": {
                    "kind": finding.name(),
                    "seq": finding.seq(),
                    "audit_id": finding.entry().map(|id| id.to_string()),
                    "message": finding.to_string(),
                },
            }),
        };
        writeln!(out, "{document:#}")?;
    } else {
        told(&outcome, out)?;
    }
    Ok(outcome.is_ok())
}

fn document(checked: &Checked) -> serde_json::Value {
    json!({
        "rows": checked.entries,
        "rows_before_the_seals": checked.past,
        "head": checked.head.map(|head| json!({ "seq": head.seq, "hash": head.hash.to_string() })),
        "known_to_master": checked.known,
    })
}

fn told(outcome: &Result<Checked, Finding>, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    let checked = match outcome {
        Ok(checked) => checked,
        Err(finding) => {
            writeln!(out, "the audit log was tampered with, or is not sealed: {finding}")?;
            return Ok(());
        }
    };
    writeln!(out, "the audit log agrees with its seals")?;
    writeln!(out, "  sealed rows: {}", checked.entries)?;
    writeln!(out, "  rows from before the seals: {}", checked.past)?;
    match checked.head {
        Some(head) => writeln!(out, "  newest seal: {} {}", head.seq, head.hash)?,
        None => writeln!(out, "  newest seal: none yet")?,
    }
    match checked.known {
        Some(seq) => writeln!(out, "  Master knew the chain up to seal {seq}: nothing before it was cut off")?,
        None => writeln!(out, "  Master knows nothing of the chain: compare the newest seal with the logs")?,
    }
    Ok(())
}

fn pool(config: &AuditConfig, url: &DatabaseUrl) -> anyhow::Result<Pool> {
    Ok(Pool::new(PoolConfig {
        address: Address::parse(url.as_secret(), config.databases.ca_file.as_ref(), "cortex audit")?,
        company: config.deployment.company_id,
        pooler: config.pooler,
        size: NonZeroU16::MIN,
        acquire_timeout: ACQUIRE_TIMEOUT,
        statement_timeout: STATEMENT_TIMEOUT,
    }))
}
