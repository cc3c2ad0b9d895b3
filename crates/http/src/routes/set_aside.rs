//! `/api/v1/sync/set-aside`: what could not be taken in, and why.

use std::collections::HashMap;

use actix_web::web::{Data, Json, Query};
use cortex_ingestion::model::{SetAside, SetAsideFilter, SetAsideQuery, SetAsideView};
use cortex_kernel::{BrokerConnectionId, CompanyId, ConnectionId, PageRequest};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::provider;
use super::sync_jobs::{broker_ids, whose};
use crate::SyncJobServices;
use crate::gate::Caller;
use crate::problem::Problem;

/// A record that could not be taken in. Nothing of what it says is kept.
#[derive(Serialize, ToSchema)]
#[schema(as = SetAsideRecord)]
pub(super) struct SetAsideItem {
    id: i64,
    user_id: String,
    tenant_id: String,
    company_id: String,
    provider: &'static str,
    /// The broker's id of the connection; none where there is none any more.
    connection_id: Option<String>,
    model: String,
    /// The provider's id of it; none where it has none.
    record_id: Option<String>,
    /// The word to compare.
    reason: String,
    message: String,
    job_id: String,
    #[serde(with = "time::serde::rfc3339")]
    first_seen_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    last_seen_at: OffsetDateTime,
}

/// Which records are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WantedSetAside {
    /// Of which provider, by any of its names.
    provider: Option<String>,
    /// In whose accounts: only admins may ask for others' than their own, and see everybody's where they do not say.
    #[param(value_type = Option<String>, format = "uuid")]
    user_id: Option<Uuid>,
    /// At most so many; 50 where it is not said, 200 at most.
    limit: Option<u16>,
    /// Where to go on: `next_cursor` of the part before.
    cursor: Option<String>,
}

/// A part of a list of records that could not be taken in.
#[derive(Serialize, ToSchema)]
#[schema(as = SetAsideRecords)]
pub(super) struct SetAsideItems {
    items: Vec<SetAsideItem>,
    next_cursor: Option<String>,
}

/// The records of the caller's accounts that could not be taken in, with reasons, newest first; admins see everybody's.
#[utoipa::path(
    get, path = "/api/v1/sync/set-aside", operation_id = "set_aside", tag = "sync", params(WantedSetAside),
    responses((status = 200, body = SetAsideItems))
)]
pub(super) async fn list(
    Caller(caller): Caller,
    Query(wanted): Query<WantedSetAside>,
    jobs: Data<SyncJobServices>,
) -> Result<Json<SetAsideItems>, Problem> {
    let filter = SetAsideFilter {
        user_id: whose(&caller, wanted.user_id)?,
        provider: wanted.provider.as_deref().map(provider::known).transpose()?,
    };
    let query = SetAsideQuery { filter, page: PageRequest::new(wanted.limit, wanted.cursor) };
    let company_id = caller.company_id;
    let page = jobs.set_aside.list(company_id, &query).await?;
    let connections = page.items.iter().map(|view| view.connection_id);
    let broker_ids = broker_ids(jobs.connections.as_ref(), company_id, connections).await?;
    let items = page.items.into_iter().map(|view| SetAsideItem::of(company_id, view, &broker_ids)).collect();
    Ok(Json(SetAsideItems { items, next_cursor: page.next_cursor }))
}

impl SetAsideItem {
    fn of(company_id: CompanyId, view: SetAsideView, broker_ids: &HashMap<ConnectionId, BrokerConnectionId>) -> Self {
        Self {
            id: view.id,
            user_id: view.user_id.to_string(),
            tenant_id: company_id.to_string(),
            company_id: company_id.to_string(),
            provider: view.provider.name(),
            connection_id: broker_ids.get(&view.connection_id).map(ToString::to_string),
            model: view.model,
            record_id: view.record_id,
            message: message(&view.reason),
            reason: view.reason,
            job_id: view.job_id.to_string(),
            first_seen_at: view.first_seen_at,
            last_seen_at: view.last_seen_at,
        }
    }
}

/// What the word of a reason means. One that is not ours was written by a newer version.
fn message(reason: &str) -> String {
    match SetAside::named(reason) {
        Some(reason) => format!("The record could not be taken in: {reason}."),
        None => "The record could not be taken in.".to_owned(),
    }
}
