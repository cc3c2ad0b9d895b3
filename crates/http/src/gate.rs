//! Who may come in.
//!
//! The gate stands before every handler and its extractors, so that a caller who may not call learns nothing about what
//! he sent. It asks in this order: is there a token in the right place, is it ours and valid, is it bound to this
//! company, is the company open, is the bearer an active member, is the member's role enough.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest};
use cortex_identity::model::{Refusal, Role, UserContext};
use cortex_identity::ports::{TokenVerifier, VerifyTokenError};
use cortex_identity::{EnterCompany, EnterCompanyError};
use cortex_kernel::Origin;

use crate::origin;
use crate::problem::{Problem, ProblemKind};

/// What the gate asks.
pub(crate) struct Gate {
    pub(crate) tokens: Arc<dyn TokenVerifier>,
    pub(crate) enter_company: Arc<EnterCompany>,
}

/// Who is calling. There is one wherever the route asks for a role.
#[derive(Clone, Debug)]
pub(crate) struct Caller(pub(crate) UserContext);

/// Lets in who has at least the role `least`.
pub(crate) async fn admit(least: Role, request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse, Error> {
    let gate = Data::clone(request.app_data::<Data<Gate>>().expect("the routes were registered with it"));
    let origin = origin::of(&request);
    match gate.ask(request.headers(), least, &origin).await {
        Ok(caller) => {
            request.extensions_mut().insert(Caller(caller));
            next.call(request).await
        }
        Err(problem) => Ok(request.error_response(problem)),
    }
}

impl Gate {
    /// Who calls, if he may come in with at least the role `least`.
    pub(crate) async fn ask(&self, headers: &HeaderMap, least: Role, origin: &Origin) -> Result<UserContext, Problem> {
        let token = bearer_token(headers)?;
        let token = self.tokens.verify(token).await?;
        let caller = self.enter_company.enter(&token, origin).await?;
        if caller.role < least {
            let (role, least) = (caller.role, least.name());
            let detail = format!("This asks for the role {least} or a higher one, and yours is {role}.");
            return Err(Problem::new(ProblemKind::RoleTooLow).detail(detail));
        }
        Ok(caller)
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = request.extensions().get::<Self>().cloned();
        // Only a handler of an open route could come here without one, and that is a mistake of ours.
        ready(caller.ok_or_else(|| Problem::new(ProblemKind::Internal).caused_by("an open route asks for its caller")))
    }
}

/// The token, where the header `Authorization` is there once, of the scheme Bearer (RFC 6750, section 2.1).
pub(crate) fn bearer_token(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut values = headers.get_all(AUTHORIZATION);
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(Problem::new(ProblemKind::Unauthenticated));
    };
    let credentials = value.to_str().ok().and_then(|text| text.split_once(' '));
    let token = credentials.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    token
        // What a header holds as text is visible ASCII, spaces and tabs.
        .filter(|token| !token.is_empty() && !token.bytes().any(|byte| matches!(byte, b' ' | b'\t')))
        .ok_or_else(|| Problem::new(ProblemKind::Unauthenticated))
}

impl From<VerifyTokenError> for Problem {
    fn from(error: VerifyTokenError) -> Self {
        let kind = match error {
            VerifyTokenError::Refused(_) => ProblemKind::Unauthenticated,
            VerifyTokenError::KeysUnavailable => ProblemKind::Unavailable,
        };
        Self::new(kind).caused_by(error)
    }
}

impl From<EnterCompanyError> for Problem {
    fn from(error: EnterCompanyError) -> Self {
        match error {
            EnterCompanyError::Refused(refusal) => {
                let kind = match refusal {
                    Refusal::NoCompanyClaim | Refusal::OtherCompany => ProblemKind::WrongCompany,
                    Refusal::CompanyUnknown | Refusal::CompanyNotActive => ProblemKind::CompanyInactive,
                    Refusal::NotAMember => ProblemKind::NotAMember,
                    Refusal::MembershipNotActive => ProblemKind::MembershipInactive,
                };
                Self::new(kind).caused_by(refusal)
            }
            EnterCompanyError::Store(error) => error.into(),
        }
    }
}
