//! Who gets in, and who does not whatever he says of himself.

use anyhow::Result;
use reqwest::Method;
use serde_json::json;

use super::Seats;
use crate::client::{Answer, Client};
use crate::people::{A, A1, B, B1, STRANGER, mark};
use crate::report::{Report, Step};
use crate::stack::Stack;

const ME: &str = "GET /api/v1/me";

pub(super) async fn play(stack: &Stack<'_>, seats: &Seats, report: &mut Report) -> Result<()> {
    report.scene("Who gets in");
    for (person, seat, company) in [(&A1, &seats.a1, &A), (&B1, &seats.b1, &B)] {
        let answer = seat.get("/api/v1/me").await?;
        report.step(
            Step::asked(format_args!("{} at {}: {ME}", person.mark, company.mark))
                .compare("status", answer.status, 200)
                .compare("user", mark(&answer.text("/user_id")), person.mark)
                .compare("company", mark(&answer.text("/company_id")), company.mark),
        );
    }

    let b1_at_a = stack.seat(&B1, &stack.a).await?;
    for path in ["/api/v1/me", "/api/v1/documents", "/api/v1/search?query=pump"] {
        let answer = b1_at_a.get(path).await?;
        report.step(refused(format!("B1 at A: GET {path}"), &answer));
    }

    let supabase = Client::new(&stack.http, stack.supabase.base_url(), Some(&stack.sign_in(&STRANGER).await?));
    let edit = supabase
        .request(Method::PUT, "/auth/v1/user")
        .header("apikey", stack.supabase.anon_key())
        .json(&json!({ "data": { "company_id": A.id } }));
    let edited = supabase.send(edit).await?;
    report.step(
        Step::asked("the stranger: PUT /auth/v1/user, A as his company_id")
            .compare("status", edited.status, 200)
            .compare("user_metadata.company_id", mark(&edited.text("/user_metadata/company_id")), A.mark),
    );
    // A fresh token, which carries what he wrote.
    let answer = stack.seat(&STRANGER, &stack.a).await?.get("/api/v1/me").await?;
    report.step(refused(format!("the stranger at A, with that in his token: {ME}"), &answer));
    Ok(())
}

fn refused(asked: String, answer: &Answer) -> Step {
    Step::asked(asked).compare("status", answer.status, 403).tell(answer.text("/code"))
}
