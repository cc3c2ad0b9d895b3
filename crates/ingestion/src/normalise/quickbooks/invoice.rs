//! `Invoice`: what customers owe.

use serde_json::Value;

use super::facts::Facts;
use super::{DAY, TOTAL, came_to_be, document, status, tell_lines};
use crate::model::DocumentKind;
use crate::normalise::{Account, SetAside, Told};

/// What a record of the model `Invoice` tells.
pub fn quickbooks_invoice(record: &Value, account: &Account) -> Result<Told, SetAside> {
    document(record, account, ("invoice:", DocumentKind::INVOICE), |record, id| {
        let number = record.line(&["docNumber"]);
        let customer = record.line(&["customerName"]);
        let balance = record.amount(&["balance"]);
        let name = format!("Invoice {}", number.as_deref().unwrap_or(id));
        let heading = customer.iter().fold(name, |name, customer| format!("{name} - {customer}"));

        let mut facts = Facts::default();
        facts.tell("Number", "doc_number", number);
        facts.tell("Customer", "customer_name", customer);
        facts.keep("customer_id", record.line(&["customerId"]));
        facts.tell("Total", "total", record.amount(&TOTAL));
        facts.tell("Balance", "balance", balance);
        facts.tell("Status", "status", Some(status(balance, "Outstanding")));
        facts.tell("Currency", "currency", record.line(&["currency"]));
        facts.tell("Date", "date", record.day(&DAY));
        facts.tell("Due", "due_date", record.day(&["dueDate"]));
        facts.note("Note", record.line(&["privateNote"]));
        tell_lines(record, &mut facts);
        (heading, facts, came_to_be(record))
    })
}
