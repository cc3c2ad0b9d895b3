//! The books of a company in `QuickBooks`.

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

impl Books {
    /// A small invented company's books, dated relative to `now`.
    #[must_use]
    pub fn invented(now: OffsetDateTime) -> Self {
        let day = |days: i64| millis_z(now - Duration::days(days));
        let date = |days: i64| (now - Duration::days(days)).date().to_string();
        let customer = |id: &str, name: &str, city: &str, balance: f64| {
            let host = name.to_lowercase().replace([' ', '&'], "");
            json!({
                "id": id, "display_name": name, "company_name": name, "fully_qualified_name": name,
                "email": format!("accounts@{host}.example"), "phone": "+44 20 7946 0100", "balance": balance,
                "billing_address_line1": "1 Quay Street", "billing_city": city,
                "created_at": day(400), "updated_at": day(12),
            })
        };
        let invoice = |id: &str, customer: (&str, &str), total: f64, balance: f64, age: i64, item: &str| {
            json!({
                "id": id, "docNumber": format!("10{id:0>2}"), "customerId": customer.0, "customerName": customer.1,
                "totalAmt": total, "balance": balance, "due_date": date(age - 30),
                "createdAt": day(age), "updatedAt": day(age),
                "lines": [{ "description": item, "amount": total, "itemName": "Services" }],
            })
        };
        let bill = |id: &str, vendor: (&str, &str), total: f64, balance: f64, age: i64, what: &str| {
            json!({
                "id": id, "docNumber": format!("B-{id:0>3}"), "vendorId": vendor.0, "vendorName": vendor.1,
                "totalAmount": total, "balance": balance, "transactionDate": date(age), "dueDate": date(age - 14),
                "createdAt": day(age),
                "lines": [{ "description": what, "amount": total, "accountName": "Cost of sales" }],
            })
        };
        let payment = |id: &str, customer: (&str, &str), total: f64, age: i64, invoice: &str| {
            json!({
                "id": id, "customerId": customer.0, "customerName": customer.1, "totalAmount": total,
                "transactionDate": date(age),
                "lines": [{ "amount": total, "linkedTransactions": [{ "id": invoice, "type": "Invoice" }] }],
            })
        };
        let (harbour, mill, tern) = (("1", "Harbour Authority"), ("2", "Mill & Sons"), ("3", "Tern Hotels"));
        Self {
            invoices: vec![
                invoice("1", harbour, 4820.0, 0.0, 75, "Pump station drawings"),
                invoice("2", mill, 1210.5, 1210.5, 40, "Roof survey"),
                invoice("3", tern, 980.0, 480.0, 22, "Fire door inspection"),
                invoice("4", harbour, 15000.25, 15000.25, 6, "Quay wall, first stage"),
            ],
            bills: vec![
                bill("1", ("1", "Northern Steel"), 2310.0, 0.0, 60, "Sheet piles"),
                bill("2", ("2", "Office Supply House"), 86.4, 86.4, 9, "Paper and toner"),
                bill("3", ("1", "Northern Steel"), 640.0, 640.0, 4, "Anchors"),
            ],
            payments: vec![payment("1", harbour, 4820.0, 50, "1"), payment("2", tern, 500.0, 15, "3")],
            customers: vec![
                customer("1", "Harbour Authority", "Leith", 15000.25),
                customer("2", "Mill & Sons", "Hull", 1210.5),
                customer("3", "Tern Hotels", "Whitby", 480.0),
            ],
        }
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
