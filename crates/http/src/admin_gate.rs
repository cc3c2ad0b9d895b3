//! Who may use the admin panel.
//!
//! Admins are no members: they come with a session of the panel, in a header of its own. Like [`crate::gate`], this one
//! stands before every handler and its extractors. It asks in this order: may the panel be used from there, is there one
//! token, is a session open by it.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest};
use cortex_identity::model::{AdminFailure, AdminSession};
use cortex_identity::ports::AdminSessions;
use cortex_identity::{AddressNotAllowed, EnterAdminPanel, EnterAdminPanelError};
use cortex_kernel::Origin;

use crate::origin;
use crate::problem::{Problem, ProblemKind};

/// What the gate asks.
pub(crate) struct AdminGate {
    pub(crate) enter: Arc<EnterAdminPanel>,
    pub(crate) sessions: Arc<dyn AdminSessions>,
}

/// The admin who is calling. There is one wherever the route asks for an admin.
#[derive(Clone, Debug)]
pub(crate) struct Admin {
    /// The session: its id for audit rows, the company, until when it is open.
    pub(crate) session: AdminSession,
    /// Where the call came from.
    pub(crate) origin: Origin,
}

/// Carries the token of a session.
pub(crate) const ADMIN_SESSION: HeaderName = HeaderName::from_static("x-admin-session");

/// Lets in who has an open session.
pub(crate) async fn admit(request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse, Error> {
    let gate = Data::clone(request.app_data::<Data<AdminGate>>().expect("the routes were registered with it"));
    let origin = origin::of(&request);
    match gate.enter.enter(session_token(request.headers()), &origin).await {
        Ok(session) => {
            let admin = Admin { session, origin };
            request.extensions_mut().insert(admin.clone());
            let reads = request.method().is_safe();
            let called = format!("{} {}", request.method(), request.match_pattern().unwrap_or_default());
            let response = next.call(request).await?;
            let problem = response.response().error().and_then(|error| error.as_error::<Problem>());
            if let Some(problem) = problem.filter(|_| !reads) {
                gate.tell(admin, called, problem.kind()).await;
            }
            Ok(response)
        }
        Err(error) => Ok(request.error_response(Problem::from(error))),
    }
}

impl AdminGate {
    /// Writes down what an admin wanted and did not get. The answer is his whether that can be written or not.
    async fn tell(&self, admin: Admin, called: String, kind: ProblemKind) {
        let Admin { session, origin } = admin;
        let failure = AdminFailure { session, called, code: kind.code(), origin };
        if let Err(error) = self.sessions.tell_failure(&failure).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a failed action of an admin could not be told");
        }
    }
}

impl FromRequest for Admin {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let admin = request.extensions().get::<Self>().cloned();
        // Only a handler of another route could come here without one, and that is a mistake of ours.
        ready(admin.ok_or_else(|| Problem::new(ProblemKind::Internal).caused_by("a route of others asks for an admin")))
    }
}

/// The token, where its header is there once.
fn session_token(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(ADMIN_SESSION);
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok().map(str::trim).filter(|token| !token.is_empty()),
        _ => None,
    }
}

impl From<EnterAdminPanelError> for Problem {
    fn from(error: EnterAdminPanelError) -> Self {
        match error {
            EnterAdminPanelError::AddressNotAllowed(error) => error.into(),
            EnterAdminPanelError::NoSession => Self::new(ProblemKind::AdminSessionRequired).caused_by(error),
            EnterAdminPanelError::Store(error) => error.into(),
        }
    }
}

impl From<AddressNotAllowed> for Problem {
    fn from(error: AddressNotAllowed) -> Self {
        Self::new(ProblemKind::AddressNotAllowed).caused_by(error)
    }
}
