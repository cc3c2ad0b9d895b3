//! Master's registry: which companies there are, and where each has its database.

use std::str::FromStr;

use cortex_kernel::CompanyId;
use tokio_postgres::{Client, Error, SimpleQueryMessage, SimpleQueryRow};

use super::MigrateError;
use crate::connect::Address;

/// A company of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Its id, which its own database calls `tenant_id`.
    pub id: CompanyId,
    /// Its short name.
    pub slug: String,
    /// `active`, `suspended`, `trial`, `provisioning` or `deleted`.
    pub status: String,
    /// Where the URL of its database stands: `env:NAME` or `file:/path`.
    pub database_url_ref: Option<String>,
}

/// Reads all companies, in the order of their slugs. `master` is the address of the tables' owner: nobody else sees all of
/// them. Before the migration that begins the registry there is none, and no company has a reference.
pub async fn read_registry(master: &Address) -> Result<Vec<Registered>, MigrateError> {
    let failed = |reason: String| MigrateError::Database { place: master.place().to_owned(), reason };
    let (client, wire) = master.connect().await?;
    let mut wire = std::pin::pin!(wire);
    let found = tokio::select! {
        biased;
        found = ask(&client) => found,
        ended = &mut wire => {
            return Err(failed(ended.err().map_or_else(|| "it hung up".to_owned(), |error| error.to_string())));
        }
    };
    match found {
        Ok(Some(companies)) => Ok(companies),
        Ok(None) => Err(failed(
            "this login does not see all companies: give MASTER_MIGRATION_DATABASE_URL with the login of the tables' owner"
                .to_owned(),
        )),
        Err(error) => Err(failed(
            error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned()),
        )),
    }
}

/// None where row level security keeps companies from us.
async fn ask(client: &Client) -> Result<Option<Vec<Registered>>, Error> {
    let standing = "select to_regclass('public.companies') is not null, \
                    coalesce(row_security_active(to_regclass('public.companies')), false)";
    let standing = rows(client, standing).await?;
    let says = |column| standing.first().is_some_and(|row| row.get(column) == Some("t"));
    if !says(0) {
        return Ok(Some(Vec::new()));
    }
    if says(1) {
        return Ok(None);
    }
    // A column that is not there yet is no mistake in the text of a JSON document.
    let companies = "select id::text, slug, coalesce(status, ''), to_jsonb(c) ->> 'database_url_ref' \
                     from public.companies c order by slug";
    Ok(Some(rows(client, companies).await?.iter().filter_map(company).collect()))
}

fn company(row: &SimpleQueryRow) -> Option<Registered> {
    Some(Registered {
        id: CompanyId::from_str(row.get(0)?).ok()?,
        slug: row.get(1)?.to_owned(),
        status: row.get(2)?.to_owned(),
        database_url_ref: row.get(3).filter(|reference| !reference.is_empty()).map(ToOwned::to_owned),
    })
}

async fn rows(client: &Client, query: &str) -> Result<Vec<SimpleQueryRow>, Error> {
    let messages = client.simple_query(query).await?;
    let rows = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    Ok(rows.collect())
}
