//! `Bill`: what is owed to vendors.

use serde_json::Value;

use super::facts::Facts;
use super::{DAY, TOTAL, came_to_be, document, status, tell_lines};
use crate::model::DocumentKind;
use crate::normalise::{Account, SetAside, Told};

/// What a record of the model `Bill` tells.
pub fn quickbooks_bill(record: &Value, account: &Account) -> Result<Told, SetAside> {
    document(record, account, ("bill:", DocumentKind::new("bill")), |record, id| {
        let number = record.line(&["docNumber"]);
        let vendor = record.line(&["vendorName"]);
        let balance = record.amount(&["balance"]);
        let name = format!("Bill {}", number.as_deref().unwrap_or(id));
        let heading = vendor.iter().fold(name, |name, vendor| format!("{name} - {vendor}"));

        let mut facts = Facts::default();
        facts.tell("Number", "doc_number", number);
        facts.tell("Vendor", "vendor_name", vendor);
        facts.keep("vendor_id", record.line(&["vendorId"]));
        facts.tell("Total", "total", record.amount(&TOTAL));
        facts.tell("Balance", "balance", balance);
        facts.tell("Status", "status", Some(status(balance, "Unpaid")));
        facts.tell("Currency", "currency", record.line(&["currency"]));
        facts.tell("Date", "date", record.day(&DAY));
        facts.tell("Due", "due_date", record.day(&["dueDate"]));
        facts.note("Note", record.line(&["privateNote"]));
        tell_lines(record, &mut facts);
        (heading, facts, came_to_be(record))
    })
}
