//! All models by examples, in both generations.

use rstest::rstest;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

use super::*;
use crate::normalise::tests::{document as told, with};

type Normalise = fn(&Value, &Account) -> Result<Told, SetAside>;

const REALM: &str = "9341453172096321";

fn realm() -> Account {
    Account { source_account: REALM.to_owned() }
}

fn read(normalise: Normalise, record: &Value) -> DocumentDraft {
    let told = told(normalise(record, &realm()).unwrap());
    assert_eq!((told.missing, told.attachments.len(), told.draft.content_incomplete), (None, 0, false));
    told.draft
}

fn an_invoice() -> Value {
    json!({
        "id": "7",
        "docNumber": "1007",
        "customerId": "3",
        "customerName": "Tern Hotels",
        "totalAmt": "980.5",
        "balance": "480.5",
        "lines": [
            { "id": "1", "description": "Fire doors", "amount": "900.5", "itemName": "Inspection" },
            { "id": "2", "description": "Travel", "amount": "80" },
            { "detailType": "SubTotalLineDetail", "amount": "980.5" },
        ],
        "createdAt": "2026-03-02T04:00:00-08:00",
        "updatedAt": "2026-03-05T04:00:00-08:00",
        "_nango_metadata": { "last_action": "ADDED" },
    })
}

fn an_older_invoice() -> Value {
    json!({
        "id": "7",
        "doc_number": "1007",
        "customer_name": "Tern Hotels",
        "total_amt_cents": 98_050,
        "balance_cents": 48_050.000_000_000_01,
        "txn_date": "2026-03-01",
        "due_date": "2026-04-01",
        "items": [
            { "id": "1", "description": "Fire doors", "qty": 1, "unit_price_cents": 90_050, "amount_cents": 90_050 },
            { "id": "2", "description": null, "amount_cents": 8_000 },
        ],
        "created_at": "2026-03-02T12:00:00.000Z",
        "updated_at": "2026-03-05T12:00:00.000Z",
    })
}

#[test]
fn an_invoice_becomes_a_document() {
    let draft = read(quickbooks_invoice, &an_invoice());

    assert_eq!((draft.key.source.as_str(), draft.key.source_account.as_str()), ("quickbooks", REALM));
    assert_eq!((draft.key.source_id.as_str(), &draft.kind), ("invoice:7", &DocumentKind::INVOICE));
    assert_eq!(draft.title, "Invoice 1007 - Tern Hotels");
    assert_eq!(draft.created_at, Some(datetime!(2026-03-02 12:00 UTC)));
    assert_eq!(draft.modified_at, Some(datetime!(2026-03-05 12:00 UTC)));
    assert_eq!(draft.raw.as_ref().unwrap().get("_nango_metadata"), None);
    assert_eq!(
        draft.content,
        "Number: 1007\nCustomer: Tern Hotels\nTotal: 980.50\nBalance: 480.50\nStatus: Outstanding\n\n\
         - Inspection, Fire doors: 900.50\n- Travel: 80.00"
    );
    assert_eq!(
        Value::from(draft.metadata),
        json!({
            "doc_number": "1007",
            "customer_name": "Tern Hotels",
            "customer_id": "3",
            "total": "980.50",
            "balance": "480.50",
            "status": "Outstanding",
        })
    );
}

#[test]
fn an_invoice_of_the_older_model_becomes_a_document() {
    let draft = read(quickbooks_invoice, &an_older_invoice());

    assert_eq!((draft.key.source_id.as_str(), draft.title.as_str()), ("invoice:7", "Invoice 1007 - Tern Hotels"));
    assert_eq!(draft.created_at, Some(datetime!(2026-03-01 00:00 UTC)));
    assert_eq!(draft.modified_at, Some(datetime!(2026-03-05 12:00 UTC)));
    assert_eq!(
        draft.content,
        "Number: 1007\nCustomer: Tern Hotels\nTotal: 980.50\nBalance: 480.50\nStatus: Outstanding\nDate: 2026-03-01\n\
         Due: 2026-04-01\n\n- Fire doors: 900.50\n- 80.00"
    );
    assert_eq!((&draft.metadata["date"], &draft.metadata["due_date"]), (&json!("2026-03-01"), &json!("2026-04-01")));
}

#[rstest]
#[case::current(json!({
    "id": 4, "docNumber": "B-004", "vendorId": "9", "vendorName": "Northern Steel", "totalAmount": 2310, "balance": 0,
    "transactionDate": "2026-03-02", "dueDate": "2026-03-16", "createdAt": "2026-03-04T08:00:00Z",
    "lines": [{ "description": "Sheet piles", "amount": 2310, "accountName": "Cost of sales", "itemName": null }],
}))]
#[case::older(json!({
    "id": "4", "doc_number": "B-004", "vendor_id": "9", "vendor_name": "Northern Steel", "total_amount": "2,310.00",
    "balance": "0.00", "txn_date": "2026-03-02T00:00:00.000Z", "due_date": "2026-03-16T00:00:00.000Z",
    "created_at": "2026-03-04T08:00:00.000Z",
    "lines": [{ "description": "Sheet piles", "amount": 2310, "account_name": "Cost of sales" }],
}))]
fn a_bill_becomes_a_document(#[case] record: Value) {
    let draft = read(quickbooks_bill, &record);

    assert_eq!((draft.key.source_id.as_str(), draft.kind.as_str()), ("bill:4", "bill"));
    assert_eq!(draft.title, "Bill B-004 - Northern Steel");
    assert_eq!(draft.created_at, Some(datetime!(2026-03-02 00:00 UTC)));
    assert_eq!(
        draft.content,
        "Number: B-004\nVendor: Northern Steel\nTotal: 2310.00\nBalance: 0.00\nStatus: Paid\nDate: 2026-03-02\n\
         Due: 2026-03-16\n\n- Cost of sales, Sheet piles: 2310.00"
    );
    assert_eq!(
        Value::from(draft.metadata),
        json!({
            "doc_number": "B-004", "vendor_name": "Northern Steel", "vendor_id": "9", "total": "2310.00",
            "balance": "0.00", "status": "Paid", "date": "2026-03-02", "due_date": "2026-03-16",
        })
    );
}

#[rstest]
#[case::current(json!({
    "id": "5", "referenceNumber": "R-5", "customerId": "3", "customerName": "Tern Hotels", "totalAmount": 500.0,
    "transactionDate": "2026-03-02", "paymentMethodName": "Cheque",
    "lines": [
        { "amount": 300, "linkedTransactions": [{ "txnType": "Invoice", "txnId": "7" }] },
        { "amount": 200, "linkedTransactions": [{ "type": "Invoice", "id": "8" }, { "id": "9" }, {}] },
    ],
}))]
#[case::older(json!({
    "id": "5", "reference_number": "R-5", "customer_id": "3", "customer_name": "Tern Hotels", "amount_cents": 50_000,
    "date": "2026-03-02", "payment_method": "Cheque",
    "lines": [
        { "amount": 300, "linkedTxn": [{ "txn_type": "Invoice", "txn_id": "7" }] },
        { "amount": 200, "linked_transactions": [{ "type": "Invoice", "id": "8" }, { "id": "9" }] },
    ],
}))]
fn a_payment_becomes_a_document(#[case] record: Value) {
    let draft = read(quickbooks_payment, &record);

    assert_eq!((draft.key.source_id.as_str(), draft.kind.as_str()), ("payment:5", "payment"));
    assert_eq!(draft.title, "Payment from Tern Hotels - $500.00");
    assert_eq!(draft.created_at, Some(datetime!(2026-03-02 00:00 UTC)));
    assert_eq!(
        draft.content,
        "Reference: R-5\nCustomer: Tern Hotels\nTotal: 500.00\nDate: 2026-03-02\nMethod: Cheque\n\n\
         - Invoice 7: 300.00\n- Invoice 8, 9: 200.00"
    );
    assert_eq!(
        Value::from(draft.metadata),
        json!({
            "reference_number": "R-5", "customer_name": "Tern Hotels", "customer_id": "3", "total": "500.00",
            "date": "2026-03-02", "payment_method": "Cheque",
            "linked_transactions": [{ "type": "Invoice", "id": "7" }, { "type": "Invoice", "id": "8" }, { "id": "9" }],
        })
    );
}

#[rstest]
#[case::current(json!({
    "id": "3", "display_name": "Tern Hotels", "company_name": "Tern Hotels Ltd", "fully_qualified_name": "Tern Hotels",
    "email": "accounts@tern.example", "phone": "+44 20 7946 0100", "billing_address_line1": "1 Quay Street",
    "billing_city": "Whitby", "billing_postal_code": "YO21", "balance": "480.5",
    "created_at": "2026-03-02T12:00:00Z", "updated_at": "2026-03-05T12:00:00Z",
}))]
#[case::older(json!({
    "id": "3", "displayName": "Tern Hotels", "companyName": "Tern Hotels Ltd",
    "primary_email": "accounts@tern.example", "primary_phone": "+44 20 7946 0100", "balance_cents": 48_050,
    "bill_address": { "line1": "1 Quay Street", "city": "Whitby", "postal_code": "YO21", "country": null, "id": "4" },
    "createdAt": "2026-03-02T12:00:00Z", "updatedAt": "2026-03-05T12:00:00Z",
}))]
fn a_customer_becomes_a_document(#[case] record: Value) {
    let draft = read(quickbooks_customer, &record);

    assert_eq!((draft.key.source_id.as_str(), draft.kind.as_str()), ("customer:3", "customer"));
    assert_eq!(draft.title, "Customer: Tern Hotels");
    assert_eq!(draft.created_at, Some(datetime!(2026-03-02 12:00 UTC)));
    assert_eq!(
        draft.content,
        "Name: Tern Hotels\nCompany: Tern Hotels Ltd\nEmail: accounts@tern.example\nPhone: +44 20 7946 0100\n\
         Billing address: 1 Quay Street, Whitby, YO21\nBalance: 480.50"
    );
    assert_eq!(draft.metadata["balance"], json!("480.50"));
}

#[rstest]
#[case::invoice(quickbooks_invoice, "Invoice 7", "Status: Unknown")]
#[case::bill(quickbooks_bill, "Bill 7", "Status: Unknown")]
#[case::payment(quickbooks_payment, "Payment 7", "")]
#[case::customer(quickbooks_customer, "Customer: 7", "")]
fn what_is_missing_or_of_another_type_is_left_out(
    #[case] normalise: Normalise,
    #[case] title: &str,
    #[case] content: &str,
    #[values(json!({}), json!({
        "docNumber": [], "customerName": true, "vendor_name": {}, "totalAmt": "much", "total_amt_cents": [],
        "balance": "", "balance_cents": null, "lines": "many", "items": [5, null, {}, { "amount": "" }],
        "transactionDate": 20_260_302, "dueDate": "soon", "createdAt": {}, "updatedAt": "lately", "displayName": " ",
        "bill_address": "1 Quay Street",
    }))]
    other: Value,
) {
    let draft = read(normalise, &with(json!({ "id": "7" }), other));

    assert_eq!((draft.title.as_str(), draft.content.as_str()), (title, content));
    assert_eq!((draft.created_at, draft.modified_at), (None, None));
    assert!(draft.metadata.keys().all(|name| name == "status"), "{:?}", draft.metadata);
}

#[rstest]
#[case::nothing(Value::Null, SetAside::NotAnObject)]
#[case::no_id(json!({ "docNumber": "1007" }), SetAside::WithoutId)]
#[case::long_id(json!({ "id": "x".repeat(1_001) }), SetAside::IdTooLong)]
fn what_cannot_be_taken_in_says_why(
    #[values(quickbooks_invoice, quickbooks_bill, quickbooks_payment, quickbooks_customer)] normalise: Normalise,
    #[case] record: Value,
    #[case] reason: SetAside,
) {
    assert_eq!(normalise(&record, &realm()), Err(reason));
}

#[rstest]
#[case::nothing_left(json!(0), "Paid", "Paid")]
#[case::nothing_left_in_decimals(json!("0.000"), "Paid", "Paid")]
#[case::nothing_left_below_nothing(json!(-0.0), "Paid", "Paid")]
#[case::a_cent(json!(0.01), "Outstanding", "Unpaid")]
#[case::too_much_paid(json!(-5), "Outstanding", "Unpaid")]
#[case::unreadable(json!("some"), "Unknown", "Unknown")]
#[case::untold(Value::Null, "Unknown", "Unknown")]
fn what_is_paid_shows_in_the_balance(#[case] balance: Value, #[case] invoice: &str, #[case] bill: &str) {
    let record = with(an_invoice(), json!({ "balance": balance }));

    assert_eq!(read(quickbooks_invoice, &record).metadata["status"], json!(invoice));
    assert_eq!(read(quickbooks_bill, &record).metadata["status"], json!(bill));
}

#[rstest]
#[case::of_the_books(json!({ "transactionDate": "2026-03-01" }), Some(datetime!(2026-03-01 00:00 UTC)))]
#[case::of_the_entry(json!({}), Some(datetime!(2026-03-02 12:00 UTC)))]
#[case::of_the_entry_without_time(json!({ "createdAt": "2026-03-03" }), Some(datetime!(2026-03-03 00:00 UTC)))]
#[case::unreadable(json!({ "createdAt": "03/02/2026" }), None)]
fn a_record_is_as_old_as_its_day(#[case] fields: Value, #[case] date: Option<OffsetDateTime>) {
    assert_eq!(read(quickbooks_invoice, &with(an_invoice(), fields)).created_at, date);
}

#[test]
fn amounts_of_any_size_and_sign_are_kept_as_they_are() {
    let record = with(an_invoice(), json!({ "totalAmt": "-12345678901234567890.005", "balance": 1e300 }));

    let metadata = read(quickbooks_invoice, &record).metadata;

    assert_eq!(metadata["total"], json!("-12345678901234567890.005"));
    assert_eq!((metadata.get("balance"), &metadata["status"]), (None, &json!("Unknown")));
}

#[test]
fn nul_and_long_texts_end_in_a_document() {
    let long = "ä".repeat(100_001);
    let record =
        with(an_invoice(), json!({ "customerName": format!("Te\0rn {long}"), "lines": [{ "description": long }] }));

    let document = told(quickbooks_invoice(&record, &realm()).unwrap()).draft.finish();

    assert!(document.title.starts_with("Invoice 1007 - Tern ää"));
    assert_eq!((document.title.chars().count(), document.content.chars().count()), (1_000, 100_000));
    assert_eq!(document.metadata["truncated"], json!(true));
}

/// Ten cents and one cent more each time: as binary numbers these add up to something else.
#[rstest]
#[case::numbers_in_units(|cents: i64| format!(r#"{{ "totalAmt": {}.{:02} }}"#, cents / 100, cents % 100))]
#[case::texts_in_units(|cents: i64| format!(r#"{{ "totalAmt": "{}.{:02}" }}"#, cents / 100, cents % 100))]
#[case::numbers_in_cents(|cents: i64| format!(r#"{{ "total_amt_cents": {cents} }}"#))]
#[expect(clippy::cast_precision_loss, reason = "what scripts make of amounts by reckoning with binary numbers")]
#[case::products_in_cents(|cents: i64| format!(r#"{{ "total_amt_cents": {} }}"#, cents as f64 / 100.0 * 100.0))]
fn the_sum_of_250_invoices_is_exact(#[case] written: fn(i64) -> String) {
    let all: Vec<i64> = (0..250).map(|n| 10 + n * 101).collect();

    let totals = all.iter().map(|cents| {
        let fields = serde_json::from_str(&written(*cents)).unwrap();
        let metadata = read(quickbooks_invoice, &with(json!({ "id": "1" }), fields)).metadata;
        metadata["total"].as_str().unwrap().parse::<Decimal>().unwrap()
    });

    assert_eq!(totals.sum::<Decimal>(), Decimal::new(all.iter().sum(), 2));
}

#[test]
fn an_invoice_and_a_bill_of_one_id_are_two_documents() {
    let record = json!({ "id": "7" });

    assert_ne!(read(quickbooks_invoice, &record).key, read(quickbooks_bill, &record).key);
}
