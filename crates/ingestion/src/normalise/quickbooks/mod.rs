//! QuickBooks, in both generations of models: what a company's books say of invoices, bills, payments and customers.
//!
//! A model has one name in both generations, and other fields. Each is asked for by its names in the current generation,
//! in camel case, and found in snake case too. What a record does not say, or does not say exactly, is left out.

mod bill;
mod customer;
mod facts;
mod invoice;
mod payment;
mod record;
#[cfg(test)]
mod tests;

use cortex_kernel::Provider;
use serde_json::Value;
use time::OffsetDateTime;

pub use bill::quickbooks_bill;
pub use customer::quickbooks_customer;
pub use invoice::quickbooks_invoice;
pub use payment::quickbooks_payment;

use super::fields::{title, without_brokers_part};
use super::money::Amount;
use super::{Account, SetAside, Told, ToldDocument, key_of};
use crate::model::{DocumentDraft, DocumentKind};
use facts::Facts;
use record::Record;

/// By which names the total of a record is told; see [`Record::amount`].
const TOTAL: [&str; 3] = ["totalAmt", "totalAmount", "total"];
/// The day that a record is of, in the books.
const DAY: [&str; 3] = ["transactionDate", "txnDate", "date"];
const LINES: [&str; 2] = ["lines", "items"];

/// What is to be paid is paid once nothing is left to pay. Of an unknown balance nothing is known.
fn status(balance: Option<Amount>, while_not_paid: &'static str) -> &'static str {
    match balance {
        Some(balance) if balance.is_zero() => "Paid",
        Some(_) => while_not_paid,
        None => "Unknown",
    }
}

/// When a record came to be: on the day that it is of in the books, else when it was entered into them.
fn came_to_be(record: Record<'_>) -> Option<OffsetDateTime> {
    let day = record.day(&DAY).map(|day| day.midnight().assume_utc());
    day.or_else(|| record.moment("createdAt"))
}

/// What is sold or bought, a line each, without the sums between them.
fn tell_lines(record: Record<'_>, facts: &mut Facts) {
    for line in record.list(&LINES) {
        if line.line(&["detailType"]).is_some_and(|kind| kind.to_lowercase().contains("subtotal")) {
            continue;
        }
        let words = ["itemName", "accountName", "description"].map(|name| line.line(&[name]));
        facts.list(words.into_iter().flatten(), line.amount(&["amount"]));
    }
}

/// The document that a record comes to. It is kept as it came, since it may tell more.
fn document(
    record: &Value,
    account: &Account,
    (prefix, kind): (&str, DocumentKind),
    tell: impl FnOnce(Record<'_>, &str) -> (String, Facts, Option<OffsetDateTime>),
) -> Result<Told, SetAside> {
    let key = key_of(Provider::QuickBooks, prefix, record, account)?;
    let fields = Record::new(record);
    let (heading, facts, created_at) = tell(fields, &key.source_id[prefix.len()..]);
    let (content, metadata) = facts.into_parts();
    let draft = DocumentDraft {
        key,
        kind,
        title: title(&heading),
        content,
        content_incomplete: false,
        mail: None,
        metadata,
        raw: Some(without_brokers_part(record)),
        mime_type: None,
        file_size_bytes: None,
        file_url: None,
        created_at,
        modified_at: fields.moment("updatedAt"),
        parent: None,
    };
    Ok(ToldDocument { draft, missing: None, attachments: Vec::new() }.into())
}
