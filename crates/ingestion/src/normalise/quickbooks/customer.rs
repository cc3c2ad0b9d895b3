//! `Customer`: who buys.

use serde_json::Value;

use super::document;
use super::facts::Facts;
use super::record::Record;
use crate::model::DocumentKind;
use crate::normalise::{Account, SetAside, Told};

/// What a record of the model `Customer` tells.
pub fn quickbooks_customer(record: &Value, account: &Account) -> Result<Told, SetAside> {
    document(record, account, ("customer:", DocumentKind::new("customer")), |record, id| {
        let names = [["displayName"], ["companyName"], ["fullyQualifiedName"]].map(|name| record.line(&name));
        let name = names.iter().flatten().next().cloned();
        let heading = format!("Customer: {}", name.as_deref().unwrap_or(id));
        let [_, company, full_name] = names.map(|other| other.filter(|other| Some(other) != name.as_ref()));

        let mut facts = Facts::default();
        facts.tell("Name", "customer_name", name);
        facts.tell("Company", "company_name", company);
        facts.tell("Full name", "fully_qualified_name", full_name);
        facts.tell("Email", "email", record.line(&["email", "primaryEmail"]));
        facts.tell("Phone", "phone", record.line(&["phone", "primaryPhone"]));
        facts.tell("Mobile", "mobile", record.line(&["mobile"]));
        facts.tell("Billing address", "billing_address", billing_address(record));
        facts.tell("Balance", "balance", record.amount(&["balance"]));
        facts.tell("Currency", "currency", record.line(&["currency"]));
        facts.note("Note", record.line(&["notes"]));
        (heading, facts, record.moment("createdAt"))
    })
}

/// In one line. Its parts stand beside the other fields, or below a field of their own.
fn billing_address(record: Record<'_>) -> Option<String> {
    const PARTS: [(&str, &str); 6] = [
        ("billingAddressLine1", "line1"),
        ("billingAddressLine2", "line2"),
        ("billingCity", "city"),
        ("billingState", "state"),
        ("billingPostalCode", "postalCode"),
        ("billingCountry", "country"),
    ];
    let apart = record.below("billAddress");
    let parts = PARTS.map(|(beside, below)| record.line(&[beside]).or_else(|| apart.line(&[below])));
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
