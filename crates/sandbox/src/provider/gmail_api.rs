//! The Gmail API: profile, messages in full, attachments.

use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE;
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{Refused, caller, error};
use super::{Account, Provider, Vendor};
use crate::mailbox::Message;

const MOST_LISTED: usize = 500;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/gmail/v1/users/me/profile", web::get().to(profile))
        .route("/gmail/v1/users/me/messages", web::get().to(list))
        .route("/gmail/v1/users/me/messages/{id}", web::get().to(message))
        .route("/gmail/v1/users/me/messages/{id}/attachments/{attachment}", web::get().to(attachment));
}

async fn profile(provider: web::Data<Provider>, request: HttpRequest) -> Result<HttpResponse, Refused> {
    let account = mail_account(&provider, &request)?;
    let messages = &account.mailbox.messages;
    let threads: std::collections::BTreeSet<_> = messages.iter().map(|message| &message.thread_id).collect();
    Ok(HttpResponse::Ok().json(json!({
        "emailAddress": account.email,
        "messagesTotal": messages.len(),
        "threadsTotal": threads.len(),
        "historyId": (1000 + messages.len()).to_string(),
    })))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    max_results: Option<usize>,
    page_token: Option<usize>,
}

async fn list(
    provider: web::Data<Provider>,
    request: HttpRequest,
    query: web::Query<List>,
) -> Result<HttpResponse, Refused> {
    let account = mail_account(&provider, &request)?;
    let from = query.page_token.unwrap_or(0);
    let size = query.max_results.unwrap_or(100).min(MOST_LISTED);
    let all = &account.mailbox.messages;
    let page: Vec<Value> = all.iter().rev().skip(from).take(size).map(named).collect();
    let mut answer = json!({ "messages": page, "resultSizeEstimate": all.len() });
    if from + size < all.len() {
        answer["nextPageToken"] = json!((from + size).to_string());
    }
    Ok(HttpResponse::Ok().json(answer))
}

#[derive(Debug, Deserialize)]
struct Format {
    #[serde(default)]
    format: Option<String>,
}

async fn message(
    provider: web::Data<Provider>,
    request: HttpRequest,
    id: web::Path<String>,
    query: web::Query<Format>,
) -> Result<HttpResponse, Refused> {
    let account = mail_account(&provider, &request)?;
    let message = find(&account, &id)?;
    let answer = match query.format.as_deref().unwrap_or("full") {
        "full" => full(message, &account.email),
        "raw" => {
            let mut answer = without_payload(message, &account.email);
            answer["raw"] = json!(BASE64_URL_SAFE.encode(&message.raw));
            answer
        }
        "minimal" => without_payload(message, &account.email),
        "metadata" => message.to_gmail_message(&account.email),
        _ => return Err(error(Vendor::Google, 400)),
    };
    Ok(HttpResponse::Ok().json(answer))
}

async fn attachment(
    provider: web::Data<Provider>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Refused> {
    let account = mail_account(&provider, &request)?;
    let message = find(&account, &path.0)?;
    let found = message.attachments().into_iter().find(|attachment| attachment.id == path.1);
    let found = found.ok_or_else(|| error(Vendor::Google, 404))?;
    Ok(HttpResponse::Ok().json(json!({
        "attachmentId": found.id,
        "size": found.bytes.len(),
        "data": BASE64_URL_SAFE.encode(&found.bytes),
    })))
}

fn mail_account(provider: &Provider, request: &HttpRequest) -> Result<Account, Refused> {
    caller(provider, request, Vendor::Google, "mail")
}

fn find<'a>(account: &'a Account, id: &str) -> Result<&'a Message, Refused> {
    account.mailbox.messages.iter().find(|message| message.id == id).ok_or_else(|| error(Vendor::Google, 404))
}

fn named(message: &Message) -> Value {
    json!({ "id": message.id, "threadId": message.thread_id })
}

fn without_payload(message: &Message, account: &str) -> Value {
    let mut answer = message.to_gmail_message(account);
    if let Some(fields) = answer.as_object_mut() {
        fields.remove("payload");
    }
    answer
}

/// The message with its whole part tree: texts in place, attachments by id.
fn full(message: &Message, account: &str) -> Value {
    let mut answer = message.to_gmail_message(account);
    let headers = answer["payload"]["headers"].take();
    let texts = [("text/plain", message.body_text()), ("text/html", message.body_html())];
    let mut parts: Vec<Value> = texts
        .into_iter()
        .filter_map(|(mime, text)| Some(text_part(mime, &text?)))
        .chain(message.attachments().iter().map(|attachment| {
            json!({
                "mimeType": attachment.mime,
                "filename": attachment.filename,
                "headers": part_headers(attachment.content_id.as_deref(), attachment.inline),
                "body": { "attachmentId": attachment.id, "size": attachment.bytes.len() },
            })
        }))
        .collect();
    for (place, part) in parts.iter_mut().enumerate() {
        part["partId"] = json!(place.to_string());
    }
    answer["payload"] = json!({
        "partId": "",
        "mimeType": "multipart/mixed",
        "filename": "",
        "headers": headers,
        "body": { "size": 0 },
        "parts": parts,
    });
    answer
}

fn text_part(mime: &str, text: &str) -> Value {
    json!({
        "mimeType": mime,
        "filename": "",
        "headers": [{ "name": "Content-Type", "value": format!("{mime}; charset=\"UTF-8\"") }],
        "body": { "size": text.len(), "data": BASE64_URL_SAFE.encode(text) },
    })
}

fn part_headers(content_id: Option<&str>, inline: bool) -> Value {
    let disposition = if inline { "inline" } else { "attachment" };
    let mut headers = vec![json!({ "name": "Content-Disposition", "value": disposition })];
    if let Some(content_id) = content_id {
        headers.push(json!({ "name": "Content-ID", "value": format!("<{content_id}>") }));
    }
    json!(headers)
}
