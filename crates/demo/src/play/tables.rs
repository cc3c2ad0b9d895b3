//! How it stands at the end, as the API tells it.

use anyhow::Result;

use super::Seats;
use super::connecting::account;
use crate::client::text;
use crate::library::Library;
use crate::people::{A1, A2};
use crate::report::Report;
use crate::table::Table;

pub(super) async fn show(seats: &Seats, library: &Library, report: &mut Report) -> Result<()> {
    report.scene("Connections of A");
    let mut connections = Table::new(["user", "provider", "account", "status", "since", "connection"]);
    for (person, seat) in [(&A1, &seats.a1), (&A2, &seats.a2)] {
        for provider in ["gmail", "google_drive", "quickbooks"] {
            let account = account(seat, provider).await?;
            if account["connected"] != true {
                continue;
            }
            let of = |pointer: &str| text(&account, pointer);
            let since = of("/connected_at").chars().take(19).collect();
            let (address, status, id) = (of("/account_email"), of("/status"), of("/connection_id"));
            connections.row([person.email.to_owned(), provider.to_owned(), address, status, since, id]);
        }
    }
    report.table(&connections);

    report.scene("Documents of A by user and method");
    let mut documents = Table::new(["user", "method", "kind", "documents"]);
    for ((email, method, kind), count) in library.by_user_and_method() {
        documents.row([email, method, kind, count.to_string()]);
    }
    report.table(&documents);
    report.note(format_args!("{} in all", library.len()));
    Ok(())
}
