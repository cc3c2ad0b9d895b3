//! Whether requests are served yet.
//!
//! A process may listen before it knows that it can serve safely: its probes are answered meanwhile, and nothing else is.
//! What has to be known first is the composition root's business.

use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, web};

use crate::edge::{Edge, PROBES};
use crate::problem::{Problem, ProblemKind};

/// Closed until it is opened; then open for ever.
#[derive(Debug)]
pub struct Opening(AtomicBool);

impl Opening {
    /// Nothing is served yet.
    #[must_use]
    pub const fn closed() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Everything is served.
    #[must_use]
    pub const fn opened() -> Self {
        Self(AtomicBool::new(true))
    }

    /// From now on everything is served.
    pub fn open(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether everything is served.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The layer: before the opening only probes come through.
pub(crate) async fn hold_back<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let edge = request.app_data::<web::Data<Edge>>().expect("the app was made with it");
    if edge.opening.is_open() || is_probe(request.path()) {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let detail = "The service is starting: it has not seen yet that it can serve safely.";
    Ok(request.error_response(Problem::new(ProblemKind::NotReady).detail(detail)).map_into_right_body())
}

fn is_probe(path: &str) -> bool {
    path.strip_prefix(PROBES).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
