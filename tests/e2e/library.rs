//! Mails are read, documents deleted and taken out, and a person's contributions erased.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::client::{Client, connected, visit_with_nango as visit};
use crate::people::{ADA, JONAS, KESTREL, MARTA, VERA};
use crate::stack::Stack;

impl Client<'_> {
    /// All documents of the company, as its owner takes them out.
    async fn exported(&self, owner: &str) -> Vec<Value> {
        let answer = self.request(Method::GET, "/api/v1/export").bearer_auth(owner).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "application/x-ndjson");
        let text = answer.text().await.unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Both have connected their mailboxes, and all of both is there.
    async fn two_mailboxes(&self) -> [String; 2] {
        let mut tokens = Vec::new();
        for person in [&MARTA, &JONAS] {
            let token = self.connect(person, "gmail", person.email).await;
            self.until(&token, "/api/v1/oauth/status", connected).await;
            self.sync(&token).await;
            tokens.push(token);
        }
        tokens.try_into().unwrap()
    }
}

fn ids(list: &Value) -> Vec<i64> {
    list["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect()
}

/// By which a mail stands in the list: its own date, or else when it was brought in.
fn moment(mail: &Value) -> OffsetDateTime {
    let text = mail["created_at"].as_str().or(mail["ingested_at"].as_str()).unwrap();
    OffsetDateTime::parse(text, &Rfc3339).unwrap()
}

/// Of a value for a query, what a URL cannot hold.
fn escaped(text: &str) -> String {
    let url = reqwest::Url::parse_with_params("http://host", [("", text)]).unwrap();
    url.query().unwrap()[1..].to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_are_listed_narrowed_and_told_with_their_thread() {
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        client.two_mailboxes().await;
        let vera = stack.sign_in(&VERA).await;

        let all = client.get(&vera, "/api/v1/emails?limit=200").await;
        let mails = all["items"].as_array().unwrap();
        assert!(mails.len() > 10 && all["next_cursor"].is_null(), "{all}");
        let moments: Vec<_> = mails.iter().map(moment).collect();
        assert!(moments.is_sorted_by(|one, next| one >= next), "{moments:?}");

        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = client.get(&vera, &format!("/api/v1/emails?limit=7{cursor}")).await;
            paged.extend(ids(&page));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(paged, ids(&all));

        let is_addressed = |mail: &&Value| mail["sender_address"].is_string() && mail["to_addresses"][0].is_string();
        let mail = mails.iter().skip(mails.len() / 2).find(is_addressed).unwrap();
        let (sender, receiver) = (mail["sender_address"].as_str().unwrap(), mail["to_addresses"][0].as_str().unwrap());
        let subject = mail["title"].as_str().unwrap();
        for (query, field, value) in [
            (format!("from={}", escaped(sender)), "sender_address", sender),
            (format!("subject={}", escaped(subject)), "title", subject),
        ] {
            let narrowed = client.get(&vera, &format!("/api/v1/emails?limit=200&{query}")).await;
            let same = mails.iter().filter(|mail| mail[field] == value).map(|mail| mail["id"].as_i64().unwrap());
            let (narrowed, same): (Vec<_>, Vec<_>) = (ids(&narrowed), same.collect());
            assert!(same.iter().all(|id| narrowed.contains(id)), "{query}: {narrowed:?}, {same:?}");
            assert!(narrowed.len() < mails.len(), "{query}");
        }
        let to = client.get(&vera, &format!("/api/v1/emails?limit=200&to={}", escaped(receiver))).await;
        assert!(ids(&to).contains(&mail["id"].as_i64().unwrap()), "{to}");

        let thread = escaped(mail["thread_id"].as_str().unwrap());
        let thread = client.get(&vera, &format!("/api/v1/emails/threads/{thread}")).await;
        assert!(ids(&thread).contains(&mail["id"].as_i64().unwrap()), "{thread}");
        for path in ["emails", "sources"] {
            let one = client.get(&vera, &format!("/api/v1/{path}/{}", mail["id"])).await;
            assert_eq!(one["sender_address"], sender, "{one}");
            assert!(one["content"].is_string() && one["attachments"].is_array(), "{one}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_admin_deletes_stays_away_and_what_an_owner_takes_out_is_all() {
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        let [marta, _] = client.two_mailboxes().await;
        let ada = stack.sign_in(&ADA).await;
        let before = client.exported(&marta).await;
        let path = format!("/api/v1/documents/{}", before[0]["id"]);

        let (status, deleted) = client.call(&ada, Method::DELETE, &path, None).await;

        let told = (&deleted["deleted"], &deleted["user_id"], &deleted["company_id"]);
        assert_eq!(
            (status, told),
            (StatusCode::OK, (&json!(true), &json!(ADA.id.to_string()), &json!(KESTREL.to_string())))
        );
        assert_eq!(client.call(&ada, Method::GET, &path, None).await.0, StatusCode::NOT_FOUND);
        // Its records are read from the beginning once more.
        stack.company.batch("delete from nango_sync_cursors").await;
        let (status, again) = client.call(&marta, Method::POST, "/api/v1/sync/gmail", None).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{again}");
        let job = format!("/api/v1/sync/jobs/{}", again["job_id"].as_str().unwrap());
        client.until(&marta, &job, |_, job| job["status"] == "completed").await;

        let after = client.exported(&marta).await;
        let removed = usize::try_from(deleted["documents_removed"].as_u64().unwrap()).unwrap();
        assert_eq!(after.len(), before.len() - removed);
        assert!(after.iter().all(|line| line["source_id"] != before[0]["source_id"]));
        let listed = client.get(&marta, "/api/v1/documents?limit=200").await;
        assert_eq!(after.len(), listed["items"].as_array().unwrap().len());
        for line in &after {
            let sources = line["sources"].as_array().unwrap();
            assert!(line["content"].is_string() && !sources.is_empty(), "{line}");
            assert_eq!(line["ingestion_method"], "oauth_sync");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_person_leaves_what_colleagues_have_too_and_no_name() {
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        let [marta, jonas] = client.two_mailboxes().await;
        let jonas_id = JONAS.id.to_string();
        let is_his = |source: &Value| source["user_id"] == jonas_id;
        let before = client.exported(&marta).await;
        let others = |line: &&Value| line["sources"].as_array().unwrap().iter().any(|source| !is_his(source));
        let expected: Vec<_> = before.iter().filter(others).map(|line| line["id"].clone()).collect();
        assert!(expected.len() < before.len(), "he brought some in alone");

        let path = format!("/api/v1/users/{jonas_id}/erase");
        let (status, receipt) = client.call(&marta, Method::POST, &path, None).await;

        assert_eq!(status, StatusCode::OK, "{receipt}");
        assert_eq!(receipt["documents"], before.len() - expected.len());
        assert_eq!((&receipt["connections"], &receipt["user_id"]), (&json!(1), &json!(MARTA.id.to_string())));
        let after = client.exported(&marta).await;
        assert_eq!(after.iter().map(|line| line["id"].clone()).collect::<Vec<_>>(), expected);
        for line in &after {
            assert_eq!(line["ingested_by_user_id"], MARTA.id.to_string(), "{line}");
            assert!(!line["sources"].as_array().unwrap().iter().any(is_his), "{line}");
        }
        let status = client.get(&jonas, "/api/v1/oauth/status").await;
        assert_eq!(status["providers"]["gmail"]["connected"], false, "he is a member as before, and has nothing");
        assert_eq!(client.get(&jonas, "/api/v1/sync/jobs").await["items"], json!([]));
        // What was his at Nango goes as soon as somebody looks after it.
        let key = stack.nango.environments().remove(0).api_key;
        let begun = std::time::Instant::now();
        loop {
            let url = format!("{}/connections", stack.nango.base_url());
            let listed = crate::stack::http().get(url).bearer_auth(key).send().await.unwrap();
            let listed: Value = listed.json().await.unwrap();
            if listed["connections"].as_array().unwrap().len() == 1 {
                break;
            }
            assert!(begun.elapsed() < std::time::Duration::from_mins(1), "{listed}");
            tokio::task::yield_now().await;
        }
    })
    .await;
}
