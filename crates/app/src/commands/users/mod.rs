//! `cortex users`: says who belongs to the company without SQL by hand, and tells who does.

mod report;

use std::io::Write;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Subcommand};
use cortex_identity::BindAccount;
use cortex_identity::model::{Mapping, Member, Role, Standing};
use cortex_identity::ports::{ChangeTeamError, MembershipStore, TeamStore};
use cortex_kernel::{Clock, CompanyId, Email, PageRequest, SystemClock, UserId};
use cortex_postgres::stores::{PgMembershipStore, PgProfileReader, PgTeamStore};
use cortex_postgres::{Address, Pool, PoolConfig, Pooler};

use crate::config::{UsersBindConfig, UsersConfig};
use crate::ports::supabase_accounts;
use crate::{logging, tls};
use report::Outcome;

/// What to do with the users of the company.
#[derive(Debug, Args)]
pub struct UsersArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Makes somebody who has an account at Master an active member. A second run does nothing.
    Map(MapArgs),
    /// Tells who belongs to the company.
    List(Format),
    /// Writes the company into the accounts of its members at Supabase. A second run does nothing.
    Bind(Format),
}

#[derive(Debug, Args)]
struct MapArgs {
    /// The person's address.
    #[arg(long)]
    email: Email,
    /// The id of the person's account at Master Supabase Auth.
    #[arg(long)]
    user_id: UserId,
    /// What the person may do: viewer, user, admin or owner.
    #[arg(long)]
    role: Role,
    #[command(flatten)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Args)]
struct Format {
    /// For programs: one JSON document on standard output.
    #[arg(long)]
    json: bool,
}

type Out<'a> = &'a mut (dyn Write + Send);

/// How long Master may take: nobody else waits for a command.
const PATIENCE: Duration = Duration::from_secs(15);

/// Does what `args` says, with the variables that it needs, and writes the report to `out`. True where all that was asked
/// for was done.
pub async fn run(args: &UsersArgs, variable: &dyn Fn(&str) -> Option<String>, out: Out<'_>) -> anyhow::Result<bool> {
    match &args.action {
        Action::Map(person) => map(person, &started(UsersConfig::from_env(variable)?)?, out).await,
        Action::List(format) => list(*format, &started(UsersConfig::from_env(variable)?)?, out).await,
        Action::Bind(format) => {
            let config = UsersBindConfig::from_env(variable)?;
            logging::start(&config.users.log)?;
            bind(&config, format.json, out).await
        }
    }
}

fn started(config: UsersConfig) -> anyhow::Result<UsersConfig> {
    logging::start(&config.log)?;
    Ok(config)
}

async fn map(person: &MapArgs, config: &UsersConfig, out: Out<'_>) -> anyhow::Result<bool> {
    let (master, company_id) = (master(config)?, config.deployment.company_id);
    must_be_known(company_id, &master).await?;
    let mapping = Mapping {
        company_id,
        user_id: person.user_id,
        email: person.email.clone(),
        role: person.role,
        at: SystemClock.now(),
    };
    let (member, is_new) = PgTeamStore::new(master).map(&mapping).await.map_err(|error| match error {
        ChangeTeamError::Refused(refusal) => anyhow::anyhow!("{} was not mapped: {refusal}", person.email),
        ChangeTeamError::Store(error) => error.into(),
    })?;
    report::mapped(&member, is_new, person.format.json, out)?;
    Ok(true)
}

async fn list(format: Format, config: &UsersConfig, out: Out<'_>) -> anyhow::Result<bool> {
    let (master, company_id) = (master(config)?, config.deployment.company_id);
    must_be_known(company_id, &master).await?;
    let members = everybody(&PgTeamStore::new(master), company_id).await?;
    report::listed(&members, SystemClock.now(), format.json, out)?;
    Ok(true)
}

/// Writes the company into the accounts of all who are members or invited, and the report to `out`. True where every
/// account says so now.
pub async fn bind(config: &UsersBindConfig, json: bool, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let (master, company_id) = (master(&config.users)?, config.users.deployment.company_id);
    must_be_known(company_id, &master).await?;
    let directory = supabase_accounts(&config.supabase_url, &config.service_key, None, tls::client_config()?)?;
    let team = PgTeamStore::new(master.clone());
    let bind = BindAccount::new(Arc::new(directory), Arc::new(PgProfileReader::new(master)));
    let mut outcomes = Vec::new();
    for member in everybody(&team, company_id).await? {
        let (user_id, now) = (member.membership.user_id, SystemClock.now());
        if member.membership.standing(now) == Standing::Deactivated {
            continue;
        }
        let bound = bind.bind(company_id, user_id).await;
        if bound.is_ok() {
            team.settle_binding(company_id, user_id).await?;
        }
        outcomes.push(Outcome { member, bound });
    }
    report::bound(&outcomes, json, out)?;
    Ok(outcomes.iter().all(|outcome| outcome.bound.is_ok()))
}

/// A mistyped company has no rows, and nothing to do would pass for all being done.
pub(super) async fn must_be_known(company_id: CompanyId, master: &Pool) -> anyhow::Result<()> {
    let company = PgMembershipStore::new(master.clone()).find_company(company_id).await?;
    company.with_context(|| format!("Master knows no company {company_id}: is COMPANY_ID right?"))?;
    Ok(())
}

/// The whole team. It is read page by page, and as many as work for a company have room in memory.
async fn everybody(team: &PgTeamStore, company_id: CompanyId) -> anyhow::Result<Vec<Member>> {
    let (mut everybody, mut cursor) = (Vec::new(), None);
    loop {
        let page = team.list_members(company_id, &PageRequest::new(Some(PageRequest::MAX_LIMIT), cursor)).await?;
        everybody.extend(page.members);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(everybody);
        }
    }
}

/// Master, as the service works on it, whatever stands in between.
fn master(config: &UsersConfig) -> anyhow::Result<Pool> {
    let address = Address::parse(config.master.url.as_secret(), config.master.ca_file.as_ref(), "cortex users")
        .context("MASTER_DATABASE_URL")?;
    Ok(Pool::new(PoolConfig {
        address,
        company: config.deployment.company_id,
        pooler: Pooler::Transaction,
        size: NonZeroU16::MIN,
        acquire_timeout: PATIENCE,
        statement_timeout: PATIENCE,
    }))
}
