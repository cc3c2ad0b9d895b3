//! `Payment`: what customers paid, and for what.

use serde_json::{Value, json};

use super::facts::Facts;
use super::record::Record;
use super::{DAY, LINES, TOTAL, came_to_be, document};
use crate::model::DocumentKind;
use crate::normalise::{Account, SetAside, Told};

/// What a record of the model `Payment` tells.
pub fn quickbooks_payment(record: &Value, account: &Account) -> Result<Told, SetAside> {
    document(record, account, ("payment:", DocumentKind::new("payment")), |record, id| {
        let number = record.line(&["referenceNumber"]);
        let customer = record.line(&["customerName"]);
        let total = record.amount(&TOTAL).or_else(|| record.amount(&["amount"]));
        let name = match &customer {
            Some(customer) => format!("Payment from {customer}"),
            None => format!("Payment {}", number.as_deref().unwrap_or(id)),
        };
        let heading = total.iter().fold(name, |name, total| format!("{name} - ${total}"));

        let mut facts = Facts::default();
        facts.tell("Reference", "reference_number", number);
        facts.tell("Customer", "customer_name", customer);
        facts.keep("customer_id", record.line(&["customerId"]));
        facts.tell("Total", "total", total);
        facts.tell("Currency", "currency", record.line(&["currency"]));
        facts.tell("Date", "date", record.day(&DAY));
        facts.tell("Method", "payment_method", record.line(&["paymentMethodName", "paymentMethod"]));
        facts.note("Note", record.line(&["privateNote"]));
        tell_what_was_paid(record, &mut facts);
        (heading, facts, came_to_be(record))
    })
}

/// Each line says how much of the payment is for which transactions.
fn tell_what_was_paid(record: Record<'_>, facts: &mut Facts) {
    let mut all = Vec::new();
    for line in record.list(&LINES) {
        let amount = line.amount(&["amount"]);
        let linked: Vec<_> = line.list(&["linkedTransactions", "linkedTxn"]).map(transaction).collect();
        facts.list(linked.iter().filter_map(|(kind, id)| name(kind.as_deref(), id.as_deref())), amount);
        all.extend(linked.into_iter().filter(|(_, id)| id.is_some()));
    }
    let told = all.into_iter().map(|(kind, id)| match kind {
        Some(kind) => json!({ "type": kind, "id": id }),
        None => json!({ "id": id }),
    });
    let told: Vec<Value> = told.collect();
    facts.keep("linked_transactions", Some(told).filter(|told| !told.is_empty()));
}

/// Kind and id.
fn transaction(linked: Record<'_>) -> (Option<String>, Option<String>) {
    (linked.line(&["txnType", "type"]), linked.line(&["txnId", "id"]))
}

fn name(kind: Option<&str>, id: Option<&str>) -> Option<String> {
    let words: Vec<&str> = [kind, id].into_iter().flatten().collect();
    (!words.is_empty()).then(|| words.join(" "))
}
