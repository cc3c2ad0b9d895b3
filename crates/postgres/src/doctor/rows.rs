//! The rows that the service works on, seen as it sees them, and whose they are.

use cortex_kernel::CompanyId;
use tokio_postgres::{Client, Error, SimpleQueryRow};

use crate::look::{rows, texts};
use crate::schema::Database;

/// What there is of something, and which, of which only the first are named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Several {
    /// How many there are.
    pub count: u64,
    /// Which ones: ten of them at most.
    pub named: Vec<String>,
}

/// What Master says of our company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MasterRows {
    /// The status of the company; none where Master does not know it.
    pub status: Option<String>,
    /// Addresses that several active members of the company share: `address (how many)`.
    pub shared_addresses: Vec<String>,
}

/// What waits or got stuck in a company's database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompanyRows {
    /// Jobs that run by their row, and whose lease ran out long ago.
    pub abandoned_jobs: Several,
    /// Jobs that should have begun long ago.
    pub waiting_jobs: Several,
    /// Workers that gave a sign within a minute.
    pub live_workers: u64,
    /// Webhooks that could not be worked off.
    pub dead_webhooks: Several,
    /// Webhooks that should have been worked off long ago.
    pub waiting_webhooks: Several,
    /// Connections that fit nobody.
    pub quarantined: Several,
    /// Connections from before connections had owners.
    pub without_owner: Several,
    /// Connections whose owner has to authorize them again.
    pub to_be_authorized: Several,
    /// Providers with more than one connection without owner: `provider (how many)`.
    pub shared_without_owner: Vec<String>,
    /// Audit rows that have waited for their seal for long.
    pub unsealed: Several,
    /// Original bytes that should have been removed long ago.
    pub blobs_to_remove: Several,
    /// Deletions that wait for an admin's word.
    pub held_deletions: Several,
}

/// Becomes the service, for a company.
pub(super) async fn enter(client: &Client, company: CompanyId) -> Result<(), Error> {
    let enter = format!("set local role cortex_app; select set_config('cortex.tenant_id', '{company}', true)");
    client.simple_query(&enter).await.map(drop)
}

pub(super) async fn master(client: &Client, company: CompanyId) -> Result<MasterRows, Error> {
    let status = texts(client, &format!("select status from companies where id = '{company}'")).await?;
    let shared = "select format('%s (%s)', lower(email), count(*)) from company_users \
                  where is_active group by company_id, lower(email) having count(*) > 1 order by 1 limit 10";
    Ok(MasterRows { status: status.into_iter().next(), shared_addresses: texts(client, shared).await? })
}

pub(super) async fn company(client: &Client) -> Result<CompanyRows, Error> {
    let several = async |what: &str, from: &str| several(client, what, from).await;
    let connection = "format('%s %s', provider_key, connection_id)";
    let shared = "select format('%s (%s)', provider_key, count(*)) from connections where user_id is null \
                  group by tenant_id, provider_key having count(*) > 1 order by 1 limit 10";
    Ok(CompanyRows {
        abandoned_jobs: several(
            "format('%s (%s)', id, job_type)",
            "sync_jobs where status = 'running' and kind is not null and lease_until < now() - interval '5 minutes'",
        )
        .await?,
        waiting_jobs: several(
            "format('%s (%s)', id, job_type)",
            "sync_jobs where status = 'queued' and kind is not null and run_after < now() - interval '15 minutes'",
        )
        .await?,
        live_workers: several("name", "workers where last_tick_at > now() - interval '1 minute'").await?.count,
        dead_webhooks: several("id::text", "webhook_inbox where state = 'dead'").await?,
        waiting_webhooks: several(
            "id::text",
            "webhook_inbox where state = 'pending' and run_after < now() - interval '15 minutes'",
        )
        .await?,
        quarantined: several("format('%s %s (%s)', provider_key, connection_id, reason)", "quarantined_connections")
            .await?,
        without_owner: several(connection, "connections where user_id is null").await?,
        to_be_authorized: several(
            "format('%s of %s', provider_key, coalesce(user_email, user_id))",
            "connections where user_id is not null and status = 'needs_reauthorization'",
        )
        .await?,
        shared_without_owner: texts(client, shared).await?,
        unsealed: several("audit_id::text", "admin_audit_unsealed where queued_at < now() - interval '5 minutes'")
            .await?,
        blobs_to_remove: several("blob_key::text", "blob_removals where due_at < now() - interval '1 day'").await?,
        held_deletions: several("format('%s (%s records)', id, records)", "held_deletions where state = 'pending'")
            .await?,
    })
}

async fn several(client: &Client, what: &str, from: &str) -> Result<Several, Error> {
    let query = format!(
        "select (select count(*) from {from}), (select string_agg(named, e'\\n') from (select {what} as named from {from} \
         order by 1 limit 10) first_ones)"
    );
    let found = rows(client, &query).await?;
    let text = |column| found.first().and_then(|row: &SimpleQueryRow| row.get(column)).unwrap_or_default();
    Ok(Several { count: text(0).parse().unwrap_or_default(), named: text(1).lines().map(ToOwned::to_owned).collect() })
}

/// The first and the last of each table tell, and indexes begin with the company: no table is read through.
pub(super) async fn other_companies(client: &Client, company: CompanyId) -> Result<Vec<String>, Error> {
    let ends = Database::Company.tables().iter().map(|table| {
        format!(
            "select '{table}' as name, one from (select min(tenant_id) as one from public.{table} \
             union select max(tenant_id) from public.{table}) ends where one <> '{company}'"
        )
    });
    let ends = ends.collect::<Vec<_>>().join(" union all ");
    let query = format!(
        "select format('%s (in %s)', one, string_agg(name, ', ' order by name)) from ({ends}) strangers \
         group by one order by 1"
    );
    texts(client, &query).await
}
