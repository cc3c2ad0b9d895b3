//! Requests to the API.

use std::sync::atomic::{AtomicI64, Ordering};

use cortex_http::watch::Answered;

use super::series::{Book, Counters, FAST, Gauges, Timings};

/// What is counted of requests.
pub(super) struct Requests {
    answered: Counters<3>,
    took: Timings<2>,
    problems: Counters<1>,
    given_up: Counters<0>,
    in_flight: Gauges<0>,
    under_way: AtomicI64,
}

/// The route of what is at no address of ours. There is one, whatever somebody asks for.
const NOWHERE: &str = "none";

impl Requests {
    pub(super) fn new(book: &mut Book) -> Self {
        Self {
            answered: book.counters(
                "cortex_http_requests_total",
                ["route", "method", "status"],
                "Requests that were answered, by the template of their address",
            ),
            took: book.timings(
                "cortex_http_request_duration_seconds",
                ["route", "method"],
                FAST,
                "How long requests took until the head of their answer",
            ),
            problems: book
                .counters(
                    "cortex_http_problems_total",
                    ["code"],
                    "Answers that are problems, by their code; rate_limited is one of them",
                )
                .beginning_with([["rate_limited"], ["internal"], ["unavailable"], ["unauthenticated"]]),
            given_up: book.counters(
                "cortex_http_requests_given_up_total",
                [],
                "Requests whose client went away before there was an answer",
            ),
            in_flight: book.gauges("cortex_http_requests_in_flight", [], "Requests that are being worked on"),
            under_way: AtomicI64::new(0),
        }
    }

    pub(super) fn came(&self) {
        self.under_way.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn given_up(&self) {
        self.under_way.fetch_sub(1, Ordering::Relaxed);
        self.given_up.one([]);
    }

    pub(super) fn answered(&self, answered: &Answered<'_>) {
        self.under_way.fetch_sub(1, Ordering::Relaxed);
        let route = answered.route.unwrap_or(NOWHERE);
        self.answered.one([route, answered.method, status_name(answered.status)]);
        self.took.observe([route, answered.method], answered.took);
        if let Some(code) = answered.problem {
            self.problems.one([code]);
        }
    }

    /// Takes note of how it stands now.
    pub(super) fn look(&self) {
        let under_way = u32::try_from(self.under_way.load(Ordering::Relaxed)).unwrap_or(0);
        self.in_flight.set([], f64::from(under_way));
    }
}

/// A status as a label. Those that the API answers with; what else a framework may make up has one name.
fn status_name(status: u16) -> &'static str {
    match status {
        200 => "200",
        201 => "201",
        202 => "202",
        204 => "204",
        206 => "206",
        302 => "302",
        303 => "303",
        304 => "304",
        307 => "307",
        308 => "308",
        400 => "400",
        401 => "401",
        403 => "403",
        404 => "404",
        405 => "405",
        406 => "406",
        408 => "408",
        409 => "409",
        410 => "410",
        412 => "412",
        413 => "413",
        415 => "415",
        416 => "416",
        422 => "422",
        429 => "429",
        500 => "500",
        501 => "501",
        502 => "502",
        503 => "503",
        504 => "504",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use cortex_http::problem::ProblemKind;

    use super::*;

    #[test]
    fn every_status_of_a_problem_has_a_name() {
        for kind in ProblemKind::ALL {
            assert_eq!(status_name(kind.status().as_u16()), kind.status().as_str());
        }
    }
}
