//! The books of a company in `QuickBooks`, in both generations of records that Nango's scripts make of them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::clock::millis_z;

/// Records by model. Ids are counted per model, as `QuickBooks` does.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Books {
    /// `Invoice`.
    pub invoices: Vec<Value>,
    /// `Bill`.
    pub bills: Vec<Value>,
    /// `Payment`.
    pub payments: Vec<Value>,
    /// `Customer`.
    pub customers: Vec<Value>,
}

/// Which of Nango's scripts made records. The models have the same names in both, and other fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Generation {
    /// Snake case; amounts in cents, whose products are binary and look like it.
    Older,
    /// Camel case, but for customers; amounts in units.
    Current,
}

impl Books {
    /// A small invented company's books, dated relative to `now`, as the current scripts have them.
    #[must_use]
    pub fn invented(now: OffsetDateTime) -> Self {
        Self::invented_by(Generation::Current, now)
    }

    /// The same, as the scripts of that generation have them.
    #[must_use]
    pub fn invented_by(generation: Generation, now: OffsetDateTime) -> Self {
        let (harbour, mill, tern) = (("1", "Harbour Authority"), ("2", "Mill & Sons"), ("3", "Tern Hotels"));
        let (steel, office) = (("1", "Northern Steel"), ("2", "Office Supply House"));
        let write = Script { generation, now };
        Self {
            invoices: vec![
                write.invoice("1", harbour, 482_000, 0, 75, "Pump station drawings"),
                write.invoice("2", mill, 121_050, 121_050, 40, "Roof survey"),
                write.invoice("3", tern, 98_000, 48_000, 22, "Fire door inspection"),
                write.invoice("4", harbour, 1_500_025, 1_500_025, 6, "Quay wall, first stage"),
            ],
            bills: vec![
                write.bill("1", steel, 231_000, 0, 60, "Sheet piles"),
                write.bill("2", office, 8_640, 8_640, 9, "Paper and toner"),
                write.bill("3", steel, 64_000, 64_000, 4, "Anchors"),
            ],
            payments: vec![write.payment("1", harbour, 482_000, 50, "1"), write.payment("2", tern, 50_000, 15, "3")],
            customers: vec![
                write.customer(harbour, "Leith", 1_500_025),
                write.customer(mill, "Hull", 121_050),
                write.customer(tern, "Whitby", 48_000),
            ],
        }
    }

    /// With `count` further invoices to one customer, of 0.11, 1.12, 2.13 … , every second one by the other generation of
    /// scripts, and of the current ones every second amount as a text. Their ids are 1001 and on; nothing is paid.
    #[must_use]
    pub fn with_invoices(mut self, count: i64, now: OffsetDateTime) -> Self {
        for n in 0..count {
            let generation = if n % 2 == 0 { Generation::Current } else { Generation::Older };
            let (id, cents) = ((1_001 + n).to_string(), 11 + 101 * n);
            let write = Script { generation, now };
            let mut invoice = write.invoice(&id, ("4", "Larkmoor Water"), cents, cents, n % 90, "Meter reading");
            if n % 4 == 0 {
                for amount in ["totalAmt", "balance"] {
                    invoice[amount] = json!(invoice[amount].to_string());
                }
            }
            self.invoices.push(invoice);
        }
        self
    }

    /// The records of a model; empty for an unknown one.
    #[must_use]
    pub fn records(&self, model: &str) -> Vec<Value> {
        match model {
            "Invoice" => self.invoices.clone(),
            "Bill" => self.bills.clone(),
            "Payment" => self.payments.clone(),
            "Customer" => self.customers.clone(),
            _ => Vec::new(),
        }
    }
}

/// What writes records.
struct Script {
    generation: Generation,
    now: OffsetDateTime,
}

impl Script {
    fn invoice(&self, id: &str, customer: (&str, &str), total: i64, balance: i64, age: i64, item: &str) -> Value {
        match self.generation {
            Generation::Current => json!({
                "id": id, "docNumber": format!("10{id:0>2}"), "customerId": customer.0, "customerName": customer.1,
                "totalAmt": units(total), "balance": units(balance), "due_date": self.date(age - 30),
                "createdAt": self.moment(age), "updatedAt": self.moment(age),
                "lines": [{ "description": item, "amount": units(total), "itemName": "Services" }],
            }),
            Generation::Older => json!({
                "id": id, "doc_number": format!("10{id:0>2}"), "customer_name": customer.1,
                "total_amt_cents": cents(total), "balance_cents": cents(balance),
                "date": self.date(age), "due_date": self.date(age - 30),
                "created_at": self.moment(age), "updated_at": self.moment(age),
                "items": [{ "id": "1", "description": item, "qty": 1, "amount_cents": cents(total) }],
            }),
        }
    }

    fn bill(&self, id: &str, vendor: (&str, &str), total: i64, balance: i64, age: i64, what: &str) -> Value {
        match self.generation {
            Generation::Current => json!({
                "id": id, "docNumber": format!("B-{id:0>3}"), "vendorId": vendor.0, "vendorName": vendor.1,
                "totalAmount": units(total), "balance": units(balance), "transactionDate": self.date(age),
                "dueDate": self.date(age - 14), "createdAt": self.moment(age),
                "lines": [{ "description": what, "amount": units(total), "accountName": "Cost of sales" }],
            }),
            Generation::Older => json!({
                "id": id, "doc_number": format!("B-{id:0>3}"), "vendor_id": vendor.0, "vendor_name": vendor.1,
                "total_amount": units(total), "balance": units(balance), "txn_date": self.moment(age),
                "due_date": self.moment(age - 14), "created_at": self.moment(age), "updated_at": self.moment(age),
                "lines": [{ "id": "1", "description": what, "amount": units(total), "account_name": "Cost of sales" }],
            }),
        }
    }

    fn payment(&self, id: &str, customer: (&str, &str), total: i64, age: i64, invoice: &str) -> Value {
        match self.generation {
            Generation::Current => json!({
                "id": id, "customerId": customer.0, "customerName": customer.1, "totalAmount": units(total),
                "transactionDate": self.date(age),
                "lines": [{ "amount": units(total), "linkedTransactions": [{ "id": invoice, "type": "Invoice" }] }],
            }),
            Generation::Older => json!({
                "id": id, "customer_name": customer.1, "amount_cents": total, "date": self.date(age),
                "created_at": self.moment(age), "updated_at": self.moment(age),
            }),
        }
    }

    fn customer(&self, (id, name): (&str, &str), city: &str, balance: i64) -> Value {
        let host = name.to_lowercase().replace([' ', '&'], "");
        let email = format!("accounts@{host}.example");
        match self.generation {
            Generation::Current => json!({
                "id": id, "display_name": name, "company_name": name, "fully_qualified_name": name,
                "email": email, "phone": "+44 20 7946 0100", "balance": units(balance),
                "billing_address_line1": "1 Quay Street", "billing_city": city,
                "created_at": self.moment(400), "updated_at": self.moment(12),
            }),
            Generation::Older => json!({
                "id": id, "display_name": name, "primary_email": email, "primary_phone": "+44 20 7946 0100",
                "balance_cents": cents(balance), "active": true,
                "bill_address": { "line1": "1 Quay Street", "city": city, "postal_code": null, "country": "GB", "id": id },
                "created_at": self.moment(400), "updated_at": self.moment(12),
            }),
        }
    }

    fn moment(&self, days_ago: i64) -> String {
        millis_z(self.now - Duration::days(days_ago))
    }

    fn date(&self, days_ago: i64) -> String {
        (self.now - Duration::days(days_ago)).date().to_string()
    }
}

/// An amount in units, as JavaScript has it.
#[expect(clippy::cast_precision_loss, reason = "a script has nothing better")]
fn units(cents: i64) -> f64 {
    cents as f64 / 100.0
}

/// An amount in cents, as a script makes it of one in units: `1.15 * 100` is `114.99999999999999`.
fn cents(cents: i64) -> f64 {
    units(cents) * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: OffsetDateTime = time::macros::datetime!(2026-11-21 12:00 UTC);

    #[test]
    fn both_generations_tell_of_the_same_books() {
        let [older, current] =
            [Generation::Older, Generation::Current].map(|generation| Books::invented_by(generation, NOW));
        let ids = |records: &[Value]| records.iter().map(|record| record["id"].clone()).collect::<Vec<_>>();
        for model in ["Invoice", "Bill", "Payment", "Customer"] {
            assert_eq!(ids(&older.records(model)), ids(&current.records(model)), "{model}");
        }
        assert_eq!(current.invoices[3]["totalAmt"], 15000.25);
        assert_eq!(older.invoices[3]["total_amt_cents"], 1_500_025.0);
        assert_eq!(older.payments[0]["amount_cents"], 482_000);
    }

    #[test]
    fn many_invoices_have_amounts_of_all_kinds() {
        let books = Books::default().with_invoices(250, NOW);
        assert_eq!((books.invoices.len(), &books.invoices[249]["id"]), (250, &json!("1250")));
        assert_eq!(books.invoices[0]["totalAmt"], "0.11");
        assert_eq!(books.invoices[2]["totalAmt"], 2.13);
        let noisy = |record: &&Value| record["total_amt_cents"].as_f64().is_some_and(|cents| cents.fract() != 0.0);
        assert!(books.invoices.iter().any(|record| noisy(&record)), "some products are not whole");
    }
}
