//! [`Facts`] on a company's database.

use async_trait::async_trait;
use cortex_insights::model::{AlarmingMail, Fact, FactQuery, SyncFailures};
use cortex_insights::ports::Facts;
use cortex_kernel::{CompanyId, StoreError};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::tables::alert_facts::{self, Part};
use crate::tables::{Inconsistency, plan_for_these_values};
use crate::{Abort, Pool};

/// What rules look at in a company's database.
pub struct PgFacts {
    company: Pool,
}

impl PgFacts {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl Facts for PgFacts {
    #[instrument(name = "pg.facts.list", skip_all)]
    async fn list(
        &self,
        company_id: CompanyId,
        query: &FactQuery,
        after: Option<String>,
        most: u16,
    ) -> Result<Vec<Fact>, StoreError> {
        let part = Part { company_id, after: after.as_deref(), most: most.into() };
        let facts = self
            .company
            .transaction(async |connection: &mut AsyncPgConnection| {
                // Of a few new mails and of all that there are, the best plan is not the same.
                plan_for_these_values(connection).await?;
                read(connection, query, part).await
            })
            .await?;
        Ok(facts?)
    }
}

async fn read(
    connection: &mut AsyncPgConnection,
    query: &FactQuery,
    part: Part<'_>,
) -> Result<Result<Vec<Fact>, Inconsistency>, Abort<StoreError>> {
    Ok(match query {
        FactQuery::OpenEntries { kind, due_until } => {
            let rows = alert_facts::list_entries(connection, part, *kind, *due_until).await?;
            rows.into_iter().map(|row| row.into_entry(*kind).map(Fact::OpenEntry)).collect()
        }
        FactQuery::AlarmingMails { own, since } => {
            let rows = alert_facts::list_mails(connection, part, own, *since).await?;
            rows.into_iter().map(|row| AlarmingMail::try_from(row).map(Fact::AlarmingMail)).collect()
        }
        FactQuery::OpenThreads { own, since, until } => {
            let rows = alert_facts::list_threads(connection, part, own, *since, *until).await?;
            Ok(rows.into_iter().map(|row| Fact::OpenThread(row.into())).collect())
        }
        FactQuery::Senders { own, week, at_least } => {
            let rows = alert_facts::list_senders(connection, part, own, *week, *at_least).await?;
            Ok(rows.into_iter().map(|row| Fact::Sender(row.into_sender(*week))).collect())
        }
        FactQuery::Connections { since } => {
            let rows = alert_facts::list_connections(connection, part, *since).await?;
            rows.into_iter().map(|row| SyncFailures::try_from(row).map(Fact::Connection)).collect()
        }
        FactQuery::Usage => {
            let rows = alert_facts::list_usage(connection, part).await?;
            Ok(rows.into_iter().map(|row| Fact::Usage(row.into())).collect())
        }
    })
}
