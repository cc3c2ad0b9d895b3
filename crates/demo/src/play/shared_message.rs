//! A message that both got is one document with two sources.

use std::collections::BTreeSet;

use anyhow::{Context, Result};

use super::Seats;
use crate::client::text;
use crate::library::{Library, sources};
use crate::people::{A1, A2, mark};
use crate::report::{Report, Step};
use crate::stack::Stack;

pub(super) async fn play(stack: &Stack<'_>, seats: &Seats, library: &Library, report: &mut Report) -> Result<()> {
    report.scene("What both got is there once");
    let shared = stack.mail().shared();
    let copies = shared.iter().filter(|(_, of_a2)| library.of_record(&of_a2.id).is_some()).count();
    report.step(Step::asked(format_args!("documents of the {} messages in both mailboxes", shared.len())).compare(
        "second copies",
        copies,
        0,
    ));

    let (of_a1, of_a2) = shared.first().context("the two share no message")?;
    let document = library.of_record(&of_a1.id).with_context(|| format!("\"{}\" is no document", of_a1.subject))?;
    let sources = sources(&seats.a1, document).await?;
    let found: BTreeSet<(String, String)> =
        sources.iter().map(|source| (mark(&text(source, "/user_id")), text(source, "/source_id"))).collect();
    let wanted = [(A1.mark, &of_a1.id), (A2.mark, &of_a2.id)];
    let wanted = wanted.into_iter().map(|(who, id)| (who.to_owned(), id.clone())).collect();
    report.step(
        Step::asked(format_args!("A1: GET /api/v1/documents/{}/provenance", document["id"]))
            .compare("sources", sources.len(), 2)
            .compare("", spelled(&found), spelled(&wanted)),
    );
    Ok(())
}

fn spelled(sources: &BTreeSet<(String, String)>) -> String {
    let each: Vec<String> = sources.iter().map(|(who, id)| format!("{who}'s {id}")).collect();
    each.join(" and ")
}
