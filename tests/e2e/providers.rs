//! All four providers of one person: what each record comes to, and whose it is.

use std::collections::BTreeMap;

use cortex_sandbox::provider::Vendor;
use serde_json::{Value, json};

use crate::client::{Client, is_connected, visit_with_nango as visit};
use crate::people::{KESTREL, MARTA};
use crate::stack::Stack;

const PROVIDERS: [&str; 4] = ["gmail", "outlook", "google_drive", "quickbooks"];

/// Invoices that are there beside the four of the invented books.
const FURTHER_INVOICES: i64 = 250;

#[tokio::test(flavor = "multi_thread")]
async fn the_records_of_all_providers_become_documents_of_who_connected_them() {
    let stack = Stack::start().await;
    let now = stack.nango.clock().now();
    let changed = stack.nango.provider().change_account(MARTA.email, |account| {
        account.books = std::mem::take(&mut account.books).with_invoices(FURTHER_INVOICES, now);
    });
    assert!(changed);
    visit(&stack, async |client| {
        let mut brought = BTreeMap::new();
        for provider in PROVIDERS {
            brought.insert(provider, connect_and_sync(&client, provider).await);
        }

        let kinds = kinds(&stack).await;
        let expected = [
            ("google_drive", "file", 2),
            ("google_drive", "googledoc", 1),
            ("google_drive", "googlesheet", 1),
            ("google_drive", "googleslide", 1),
            ("quickbooks", "bill", 3),
            ("quickbooks", "customer", 3),
            ("quickbooks", "invoice", 4 + FURTHER_INVOICES),
            ("quickbooks", "payment", 2),
        ];
        for (source, kind, count) in expected {
            assert_eq!(kinds.get(&(source.to_owned(), kind.to_owned())), Some(&count), "{kinds:?}");
        }
        assert_eq!(brought["quickbooks"]["progress"]["added"], 262, "{}", brought["quickbooks"]);
        assert_eq!(brought["google_drive"]["progress"]["added"], 5, "{}", brought["google_drive"]);
        for provider in ["gmail", "outlook"] {
            assert!(kinds.contains_key(&(provider.to_owned(), "email".to_owned())), "{kinds:?}");
            assert!(brought[provider]["progress"]["seen"].as_u64() > Some(10), "{}", brought[provider]);
        }

        everything_is_martas(&stack).await;
        sums_are_exact(&stack).await;
        let token = stack.sign_in(&MARTA).await;
        invoices_are_told(&client, &token).await;
        the_books_add_up(&client, &token).await;
        the_company_is_told_what_it_has(&client, &token).await;
        what_is_in_the_bin_is_not_there(&client, &token).await;
    })
    .await;
}

/// Connects Marta's account, and has it read in both generations of the provider's models.
async fn connect_and_sync(client: &Client<'_>, provider: &str) -> Value {
    let (token, name) = client.connect_as(&MARTA, provider, MARTA.email).await;
    client.until(&token, "/api/v1/oauth/status", is_connected(provider)).await;
    let current = match provider {
        "gmail" => Some((Vendor::Google, "Message")),
        "outlook" => Some((Vendor::Microsoft, "Message")),
        "google_drive" => Some((Vendor::Google, "File")),
        _ => None,
    };
    if let Some((vendor, model)) = current {
        let account = client.stack.nango.provider().find_account(MARTA.email).unwrap();
        client.stack.nango.change_records(&name, model, &account.records(vendor, model), &[]).unwrap();
    }
    client.stack.nango.settled().await;
    let job = client.sync_of(&token, provider).await;
    assert_eq!(job["provider"], provider);
    job
}

async fn kinds(stack: &Stack) -> BTreeMap<(String, String), i64> {
    let select = "select source, document_type, count(*) from documents group by 1, 2";
    let rows = stack.company.connect().await.query(select, &[]).await.unwrap();
    rows.into_iter().map(|row| ((row.get(0), row.get(1)), row.get(2))).collect()
}

async fn everything_is_martas(stack: &Stack) {
    let select = "select count(*) from documents where tenant_id is distinct from $1 \
                    or ingested_by_user_id is distinct from $2 or ingested_by_user_email is distinct from $3 \
                    or ingestion_method is null or source_id = ''";
    let (company, marta) = (KESTREL.to_string(), MARTA.id.to_string());
    let database = stack.company.connect().await;
    let row = database.query_one(select, &[&company, &marta, &MARTA.email]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 0);
}

/// As a reader of the books sums them, in decimals.
async fn sums_are_exact(stack: &Stack) {
    let select = "select sum((metadata ->> 'total')::numeric)::text, sum((metadata ->> 'balance')::numeric)::text \
                  from documents where document_type = $1";
    let database = stack.company.connect().await;
    let further: i64 = (0..FURTHER_INVOICES).map(|n| 11 + 101 * n).sum();
    let cents = |cents: i64| Some(format!("{}.{:02}", cents / 100, cents % 100));
    let expected = [
        (
            "invoice",
            cents(482_000 + 121_050 + 98_000 + 1_500_025 + further),
            cents(121_050 + 48_000 + 1_500_025 + further),
        ),
        ("bill", cents(231_000 + 8_640 + 64_000), cents(8_640 + 64_000)),
        ("payment", cents(482_000 + 50_000), None),
    ];
    for (kind, total, balance) in expected {
        let row = database.query_one(select, &[&kind]).await.unwrap();
        assert_eq!((row.get::<_, Option<String>>(0), row.get::<_, Option<String>>(1)), (total, balance), "{kind}");
    }
}

async fn invoices_are_told(client: &Client<'_>, token: &str) {
    let paid = client.get(token, "/api/v1/documents?document_type=invoice&source=quickbooks&limit=200").await;
    let items = paid["items"].as_array().unwrap();
    assert_eq!(items.len(), 200);
    let found = client.get(token, "/api/v1/search?query=drawings&document_type=invoice").await;
    assert_eq!(found["total"], 1, "{found}");
    let id = &found["results"][0]["document_id"];
    let invoice = client.get(token, &format!("/api/v1/documents/{id}")).await;
    assert_eq!(
        (&invoice["title"], &invoice["source_id"]),
        (&"Invoice 1001 - Harbour Authority".into(), &"invoice:1".into())
    );
    assert_eq!((&invoice["metadata"]["total"], &invoice["metadata"]["status"]), (&"4820.00".into(), &"Paid".into()));
    assert_eq!(
        (&invoice["ingested_by_user_email"], &invoice["ingestion_method"]),
        (&MARTA.email.into(), &"oauth_sync".into())
    );
    let realm = client.stack.nango.provider().find_account(MARTA.email).unwrap().realm_id;
    assert_eq!(invoice["source_account"], realm);
}

/// What a dashboard shows is what the records say, to the cent.
async fn the_books_add_up(client: &Client<'_>, token: &str) {
    let further: i64 = (0..FURTHER_INVOICES).map(|n| 11 + 101 * n).sum();
    let units = |cents: i64| -> Value { serde_json::from_str(&format!("{}.{:02}", cents / 100, cents % 100)).unwrap() };
    let (revenue, expenses) = (482_000 + 121_050 + 98_000 + 1_500_025 + further, 231_000 + 8_640 + 64_000);
    let outstanding = 121_050 + 48_000 + 1_500_025 + further;

    let summary = client.get(token, "/api/v1/integrations/quickbooks/summary?time_range=all").await;

    // A number with a fraction and one without are two values of JSON.
    let amount = |name: &str| summary[name].as_f64();
    assert_eq!(amount("revenue"), units(revenue).as_f64(), "{summary}");
    assert_eq!(amount("expenses"), units(expenses).as_f64(), "{summary}");
    assert_eq!(amount("net_income"), units(revenue - expenses).as_f64(), "{summary}");
    assert_eq!(amount("outstanding_invoices"), units(outstanding).as_f64(), "{summary}");
    let invoices = 4 + FURTHER_INVOICES;
    let counts = json!({"invoices": invoices, "bills": 3, "payments": 2, "customers": 3, "total": invoices + 8});
    assert_eq!(summary["data_counts"], counts);
    let overview = client.get(token, "/quickbooks/overview?days=365").await;
    assert_eq!(overview["total_documents"], invoices + 8, "{overview}");
    assert_eq!(overview["recent_transactions"].as_array().map(Vec::len), Some(10));
}

async fn the_company_is_told_what_it_has(client: &Client<'_>, token: &str) {
    let integrations = client.get(token, "/api/v1/integrations").await;
    for integration in integrations["integrations"].as_array().unwrap() {
        assert_eq!(
            (&integration["health"], &integration["connected"]),
            (&json!("healthy"), &json!(1)),
            "{integration}"
        );
        assert_eq!(integration["connections"][0]["user_id"], MARTA.id.to_string());
        assert!(integration["documents"].as_u64() > Some(0) && integration["last_sync"].is_string(), "{integration}");
    }
    let dashboard = client.get(token, "/api/v1/dashboard").await;
    let total = &dashboard["documents"]["total"];
    let by_marta = json!([{"user_id": MARTA.id.to_string(), "email": MARTA.email, "documents": total}]);
    assert_eq!(dashboard["documents"]["by_user"], by_marta, "{dashboard}");
    assert_eq!((&dashboard["syncs"]["health"], &dashboard["connections"]["total"]), (&json!("healthy"), &json!(4)));

    let mails = client.get(token, "/api/v1/emails?limit=1").await;
    let thread = mails["items"][0]["thread_id"].as_str().unwrap();
    let episode = client.get(token, &format!("/api/v1/emails/by-episode/{thread}")).await;
    let is_of_it = |mail: &Value| mail["thread_id"] == thread;
    assert!(episode["emails"].as_array().unwrap().iter().all(is_of_it), "{episode}");
}

async fn what_is_in_the_bin_is_not_there(client: &Client<'_>, token: &str) {
    let files = client.get(token, "/api/v1/documents?source=google_drive").await;
    let mut titles: Vec<&str> =
        files["items"].as_array().unwrap().iter().filter_map(|file| file["title"].as_str()).collect();
    titles.sort_unstable();
    let expected =
        ["Budget by quarter", "Kick-off notes Harbour project", "Quarterly review", "handover.txt", "quay-wall.svg"];
    assert_eq!(titles, expected);
}
