//! `/api/v1/oauth/deletions`: deletions that are held back, and somebody's word on them.

use actix_web::web::{Data, Json, Path, Query};
use cortex_identity::model::UserContext;
use cortex_ingestion::model::{DeletionDecision, HeldDeletion, Verdict};
use cortex_ingestion::ports::HeldDeletions;
use cortex_ingestion::{DecideDeletions, DecideDeletionsError};
use cortex_kernel::{Origin, PageRequest, UserId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::openapi::ProblemBody;
use crate::gate::Caller;
use crate::origin::CameFrom;
use crate::problem::{Problem, ProblemKind};

/// Which part of the list is wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WantedDeletions {
    /// At most so many; 50 where it is not said, 200 at most.
    limit: Option<u16>,
    /// Where to go on: `next_cursor` of the part before.
    cursor: Option<String>,
}

/// Held deletions, the last first.
#[derive(Serialize, ToSchema)]
#[schema(as = HeldDeletions)]
pub(super) struct Listed {
    items: Vec<DeletionItem>,
    next_cursor: Option<String>,
}

/// Deletions that a job read in one account and that are held back, because they would end most of what it brought in.
#[derive(Serialize, ToSchema)]
#[schema(as = HeldDeletion)]
pub(super) struct DeletionItem {
    id: String,
    /// Whose account it is.
    user_id: String,
    /// The address of that person in the company.
    user_email: Option<String>,
    provider: &'static str,
    /// The broker's id of the connection.
    connection_id: String,
    model: String,
    /// Records that are held; once it is decided, those that were.
    records: u64,
    /// Documents that went since it was confirmed.
    documents_removed: u64,
    /// `pending`, `confirmed` or `rejected`.
    state: &'static str,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    decided_at: Option<OffsetDateTime>,
    decided_by: Option<String>,
    job_id: String,
}

/// Deletions are decided.
#[derive(Serialize, ToSchema)]
#[schema(as = DecidedDeletions)]
pub(super) struct Decided {
    id: String,
    /// `confirmed` or `rejected`.
    state: &'static str,
    /// Records that were held.
    records: u64,
    /// Documents that went: those that nobody else brought in, attachments among them.
    documents_removed: u64,
    user_id: String,
    company_id: String,
}

/// The company's held deletions, whatever was decided, the last first.
#[utoipa::path(
    get, path = "/api/v1/oauth/deletions", operation_id = "held_deletions", tag = "connections",
    params(WantedDeletions),
    responses((status = 200, body = Listed))
)]
pub(super) async fn list(
    Caller(caller): Caller,
    Query(wanted): Query<WantedDeletions>,
    held: Data<dyn HeldDeletions>,
) -> Result<Json<Listed>, Problem> {
    let page = held.list(caller.company_id, &PageRequest::new(wanted.limit, wanted.cursor)).await?;
    let items = page.items.into_iter().map(DeletionItem::from).collect();
    Ok(Json(Listed { items, next_cursor: page.next_cursor }))
}

/// Carries the deletions out: they were meant.
#[utoipa::path(
    post, path = "/api/v1/oauth/deletions/{id}/confirm", operation_id = "confirm_deletions", tag = "connections",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = Decided),
        (status = 404, response = ProblemBody),
        (status = 409, response = ProblemBody)
    )
)]
pub(super) async fn confirm(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    id: Path<String>,
    decide: Data<DecideDeletions>,
) -> Result<Json<Decided>, Problem> {
    decided(&caller, origin, &id, Verdict::Confirm, &decide).await
}

/// Does not: what the deletions would have ended stays.
#[utoipa::path(
    post, path = "/api/v1/oauth/deletions/{id}/reject", operation_id = "reject_deletions", tag = "connections",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = Decided),
        (status = 404, response = ProblemBody),
        (status = 409, response = ProblemBody)
    )
)]
pub(super) async fn reject(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    id: Path<String>,
    decide: Data<DecideDeletions>,
) -> Result<Json<Decided>, Problem> {
    decided(&caller, origin, &id, Verdict::Reject, &decide).await
}

async fn decided(
    caller: &UserContext,
    origin: Origin,
    id: &str,
    verdict: Verdict,
    decide: &DecideDeletions,
) -> Result<Json<Decided>, Problem> {
    // Whatever is no id of ours is the id of nothing.
    let number = id.parse().map_err(|_| Problem::from(DecideDeletionsError::NotFound))?;
    let (company_id, by) = (caller.company_id, caller.user_id);
    let decision = DeletionDecision { company_id, id: number, verdict, by, origin };
    let decided = decide.decide(&decision).await?;
    Ok(Json(Decided {
        id: number.to_string(),
        state: verdict.state().name(),
        records: decided.records,
        documents_removed: decided.documents_removed,
        user_id: by.to_string(),
        company_id: company_id.to_string(),
    }))
}

impl From<HeldDeletion> for DeletionItem {
    fn from(held: HeldDeletion) -> Self {
        Self {
            id: held.id.to_string(),
            user_id: held.user_id.to_string(),
            user_email: held.user_email,
            provider: held.provider.name(),
            connection_id: held.broker_id.to_string(),
            model: held.model,
            records: held.records,
            documents_removed: held.documents_removed,
            state: held.state.name(),
            created_at: held.created_at,
            decided_at: held.decided_at,
            decided_by: held.decided_by.as_ref().map(UserId::to_string),
            job_id: held.job_id.to_string(),
        }
    }
}

impl From<DecideDeletionsError> for Problem {
    fn from(error: DecideDeletionsError) -> Self {
        match error {
            DecideDeletionsError::NotFound => Self::new(ProblemKind::NotFound).detail("There are no such deletions."),
            DecideDeletionsError::AlreadyDecided => {
                Self::new(ProblemKind::WrongState).detail("Somebody decided of these deletions before.")
            }
            DecideDeletionsError::Store(error) => error.into(),
        }
    }
}
