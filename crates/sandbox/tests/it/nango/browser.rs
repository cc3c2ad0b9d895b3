//! The way of a browser, step by step, and what the providers answer afterwards.

use cortex_sandbox::mailbox::Mailbox;
use cortex_sandbox::nango::{ConnectionName, Decision};
use cortex_sandbox::provider::{Account, Vendor};
use serde_json::{Value, json};
use url::Url;

use super::stage::{ANNA, Answer, BEN, Stage, get};

async fn follow(stage: &Stage, url: &str) -> Answer {
    let response = stage.http.get(url).send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, bytes: response.bytes().await.unwrap().to_vec() }
}

fn leave_url(stage: &Stage, integration: &str, token: &str) -> String {
    format!("{}/oauth/connect/{integration}?connect_session_token={token}", stage.nango.base_url())
}

fn query(url: &str, name: &str) -> Option<String> {
    Url::parse(url).unwrap().query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn a_person_is_led_from_the_link_to_the_connection() {
    let stage = Stage::new();
    let session = json!({ "tags": {}, "allowed_integrations": ["google-mail", "outlook"] });
    let answer = stage.check(super::stage::post("a session", "/connect/sessions", session).gives(201)).await.json();
    let link = answer["data"]["connect_link"].as_str().unwrap();
    let page = follow(&stage, link).await;
    let html = String::from_utf8(page.bytes).unwrap();
    assert!(html.contains("/oauth/connect/outlook?") && !html.contains("/oauth/connect/quickbooks?"), "{html}");
    let token = answer["data"]["token"].as_str().unwrap();
    let leave = follow(&stage, &leave_url(&stage, "google-mail", token)).await;
    assert_eq!(leave.status, 302);
    assert!(leave.header("set-cookie").starts_with("oauth2-"));
    let consent_url = leave.header("location").to_owned();
    assert!(consent_url.starts_with(stage.nango.provider_url()));
    let consent = String::from_utf8(follow(&stage, &consent_url).await.bytes).unwrap();
    assert!(consent.contains(ANNA) && consent.contains(BEN) && consent.contains("value=\"deny\""), "{consent}");
    let allowed = stage.http.post(&consent_url).form(&[("account", BEN), ("decision", "allow")]).send().await.unwrap();
    let back = allowed.headers()["location"].to_str().unwrap().to_owned();
    let end = follow(&stage, &back).await;
    assert_eq!(end.status, 200, "oauth-flow-google-mail");
    assert!(end.header("content-type").starts_with("text/html"));
    let list = stage.check(get("connections-list", "/connections")).await.json();
    assert_eq!(list["connections"].as_array().unwrap().len(), 1);
    assert_eq!(follow(&stage, &back).await.status, 400, "the way back is taken once");
    stage.end().await;
}

#[tokio::test]
async fn the_session_decides_what_the_provider_is_asked() {
    let stage = Stage::new();
    let plain = stage.session(json!({ "tags": {} })).await;
    let url = follow(&stage, &leave_url(&stage, "google-mail", &plain)).await;
    let url = url.header("location");
    for (name, expected) in [
        ("response_type", "code"),
        ("access_type", "offline"),
        ("prompt", "consent"),
        ("scope", "https://www.googleapis.com/auth/gmail.readonly"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(query(url, name).as_deref(), Some(expected), "oauth-connect-plain: {name}");
    }
    assert!(query(url, "state").is_some() && query(url, "code_challenge").is_some());
    let defaults = json!({
        "authorization_params": { "login_hint": BEN, "prompt": "select_account" },
        "connection_config": { "oauth_scopes_override": "gmail.metadata" },
    });
    let chosen =
        stage.session(json!({ "tags": {}, "integrations_config_defaults": { "google-mail": defaults } })).await;
    let url = follow(&stage, &leave_url(&stage, "google-mail", &chosen)).await;
    let url = url.header("location");
    for (name, expected) in [("login_hint", BEN), ("prompt", "select_account"), ("scope", "gmail.metadata")] {
        assert_eq!(query(url, name).as_deref(), Some(expected), "oauth-connect-defaults: {name}");
    }
    let only = stage.session(json!({ "tags": {}, "allowed_integrations": ["google-mail"] })).await;
    let other = follow(&stage, &leave_url(&stage, "google-drive", &only)).await;
    assert_eq!(other.json(), json!({ "error": { "code": "integration_not_allowed" } }));
    assert_eq!(other.status, 400, "error-oauth-connect-not-allowed");
    stage.end().await;
}

#[tokio::test]
async fn a_code_is_worth_nothing_without_its_verifier() {
    let stage = Stage::new();
    let token = stage.session(json!({ "tags": {} })).await;
    let consent = follow(&stage, &leave_url(&stage, "google-mail", &token)).await.header("location").to_owned();
    let allowed = stage.http.post(&consent).form(&[("account", ANNA), ("decision", "allow")]).send().await.unwrap();
    let back = allowed.headers()["location"].to_str().unwrap().to_owned();
    let code = query(&back, "code").unwrap();
    let redirect = query(&consent, "redirect_uri").unwrap();
    let client = query(&consent, "client_id").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &redirect),
        ("client_id", &client),
        ("code_verifier", "another-verifier-another-verifier-another-verifier"),
    ];
    let url = format!("{}/google/token", stage.nango.provider_url());
    let refused = stage.http.post(url).form(&form).send().await.unwrap();
    assert_eq!(refused.status(), 400);
    assert_eq!(refused.json::<Value>().await.unwrap()["error"], "invalid_grant");
    assert_eq!(follow(&stage, &back).await.status, 400, "and it is used up");
    stage.end().await;
}

#[tokio::test]
async fn each_provider_tells_whose_account_it_is() {
    let stage = Stage::new();
    let ask = async |integration: &str, path: String| {
        let name = stage.connect(integration).await;
        stage.check(get("who am I", format!("/proxy/{path}")).of(&name)).await.json()
    };
    let profile = ask("google-mail", "gmail/v1/users/me/profile".to_owned()).await;
    assert_eq!(profile["emailAddress"], ANNA);
    let me = ask("outlook", "v1.0/me".to_owned()).await;
    assert_eq!((&me["mail"], me["id"].is_string()), (&json!(ANNA), true));
    let about = ask("google-drive", "drive/v3/about?fields=user".to_owned()).await;
    assert_eq!(about["user"]["emailAddress"], ANNA);
    let realm = stage.nango.provider().find_account(ANNA).unwrap().realm_id;
    let company = ask("quickbooks", format!("v3/company/{realm}/companyinfo/{realm}")).await;
    assert!(company["CompanyInfo"]["Email"]["Address"].as_str().unwrap().ends_with("brightwater.example"));
    stage.end().await;
}

#[tokio::test]
async fn messages_and_attachments_come_in_full() {
    let stage = Stage::new();
    let raw = "From: Carla <carla@other.example>\r\nTo: anna@brightwater.example\r\nSubject: Plans\r\n\
               Date: Fri, 20 Nov 2026 10:00:00 +0000\r\nMessage-ID: <one@other.example>\r\nMIME-Version: 1.0\r\n\
               Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n\
               --b\r\nContent-Type: text/csv; name=\"sums.csv\"\r\nContent-Disposition: attachment; filename=\"sums.csv\"\r\n\
               \r\na,b\r\n1,2\r\n--b--\r\n";
    let mail = Mailbox::of_raw([raw.as_bytes().to_vec()]);
    stage.nango.put_account(Account::invented(ANNA, &mail, stage.nango.clock().now()));
    let account = stage.nango.provider().find_account(ANNA).unwrap();
    let id = account.mailbox.messages[0].id.clone();
    let part = account.mailbox.messages[0].attachments()[0].id.clone();
    let gmail = stage.connect("google-mail").await;
    let fetch =
        async |of: &ConnectionName, path: String| stage.check(get("content", format!("/proxy/{path}")).of(of)).await;
    let message = fetch(&gmail, format!("gmail/v1/users/me/messages/{id}?format=full")).await.json();
    let parts = message["payload"]["parts"].as_array().unwrap();
    assert_eq!((&parts[0]["mimeType"], &parts[1]["filename"]), (&json!("text/plain"), &json!("sums.csv")));
    assert_eq!(parts[1]["body"]["attachmentId"], json!(part));
    let file = fetch(&gmail, format!("gmail/v1/users/me/messages/{id}/attachments/{part}")).await.json();
    assert_eq!(file["size"], json!(account.mailbox.messages[0].attachments()[0].bytes.len()));
    let outlook = stage.connect("outlook").await;
    let message = fetch(&outlook, format!("v1.0/me/messages/{id}")).await.json();
    assert!(message["body"]["content"].as_str().unwrap().contains("See the file."));
    let files = fetch(&outlook, format!("v1.0/me/messages/{id}/attachments")).await.json();
    assert_eq!(files["value"][0]["name"], "sums.csv");
    let drive = stage.connect("google-drive").await;
    let text = fetch(&drive, "drive/v3/files/anna-readme?alt=media".to_owned()).await;
    assert!(text.header("content-type").starts_with("text/plain") && !text.bytes.is_empty());
    let sheet = fetch(&drive, "drive/v3/files/anna-budget/export?mimeType=text/csv".to_owned()).await;
    assert!(String::from_utf8(sheet.bytes).unwrap().starts_with("Quarter,"));
    let document = get("documents are not downloaded", "/proxy/drive/v3/files/anna-kickoff?alt=media").of(&drive);
    stage.check(document.gives(403)).await;
    stage.end().await;
}

#[tokio::test]
async fn a_sync_takes_the_accounts_data_and_follows_its_changes() {
    let config = cortex_sandbox::nango::NangoConfig::quick();
    let stage = Stage::with(config);
    let token = stage.session(json!({ "tags": {} })).await;
    let name = stage.nango.connect(&token, "quickbooks", ANNA, Decision::Allow).await.unwrap();
    let hooks = stage.webhooks().await;
    let mut models: Vec<&str> = hooks.iter().filter_map(|hook| hook["model"].as_str()).collect();
    models.sort_unstable();
    assert_eq!(models, ["Bill", "Customer", "Invoice", "Payment"], "syncs of a new connection start by themselves");
    stage.nango.provider().change_account(ANNA, |account| {
        account.books.invoices.remove(0);
        account.books.invoices[0]["balance"] = json!(0);
    });
    stage.nango.run_sync(&name, "invoices").await.unwrap();
    let hooks = stage.webhooks().await;
    assert_eq!(hooks[0]["responseResults"], json!({ "added": 0, "updated": 1, "deleted": 1 }));
    stage.nango.run_sync(&name, "invoices").await.unwrap();
    assert_eq!(stage.webhooks().await[0]["responseResults"], json!({ "added": 0, "updated": 0, "deleted": 0 }));
    stage.nango.revoke_account(ANNA, Some(Vendor::Google));
    stage.check(get("another vendor's revocation does not matter", "/records?model=Bill").of(&name)).await;
    stage.end().await;
}
