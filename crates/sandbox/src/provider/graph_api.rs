//! Microsoft Graph: who am I, messages with body, attachments.

use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{Refused, bytes, caller, error};
use super::{Account, Provider, Vendor};
use crate::mailbox::{Attachment, Message};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/v1.0/me", web::get().to(me))
        .route("/v1.0/me/messages/{id}", web::get().to(message))
        .route("/v1.0/me/messages/{id}/$value", web::get().to(raw))
        .route("/v1.0/me/messages/{id}/attachments", web::get().to(attachments))
        .route("/v1.0/me/messages/{id}/attachments/{attachment}", web::get().to(attachment))
        .route("/v1.0/me/messages/{id}/attachments/{attachment}/$value", web::get().to(attachment_bytes));
}

async fn me(provider: web::Data<Provider>, request: HttpRequest) -> Result<HttpResponse, Refused> {
    let account = caller(&provider, &request, Vendor::Microsoft, "")?;
    Ok(HttpResponse::Ok().json(json!({
        "id": account.stable_id(),
        "displayName": account.name,
        "mail": account.email,
        "userPrincipalName": account.email,
    })))
}

#[derive(Debug, Deserialize)]
struct Expand {
    #[serde(rename = "$expand")]
    expand: Option<String>,
}

async fn message(
    provider: web::Data<Provider>,
    request: HttpRequest,
    id: web::Path<String>,
    query: web::Query<Expand>,
) -> Result<HttpResponse, Refused> {
    let account = mail_account(&provider, &request)?;
    let message = find(&account, &id)?;
    let mut answer = message.to_graph_message_full(&account.email);
    if let Some(expand) = &query.expand {
        let fields = selected(expand).ok_or_else(|| error(Vendor::Microsoft, 400))?;
        let attachments = message.attachments();
        let list = attachments.iter().map(|attachment| fields.of(shown(attachment)));
        answer["attachments"] = list.collect();
    }
    Ok(HttpResponse::Ok().json(answer))
}

async fn raw(
    provider: web::Data<Provider>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Refused> {
    let account = mail_account(&provider, &request)?;
    Ok(bytes("text/plain", find(&account, &id)?.raw.clone()))
}

async fn attachments(
    provider: web::Data<Provider>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Refused> {
    let account = mail_account(&provider, &request)?;
    let list: Vec<Value> = find(&account, &id)?.attachments().iter().map(shown).collect();
    Ok(HttpResponse::Ok().json(json!({ "value": list })))
}

async fn attachment(
    provider: web::Data<Provider>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Refused> {
    let account = mail_account(&provider, &request)?;
    Ok(HttpResponse::Ok().json(shown(&find_attachment(&account, &path)?)))
}

async fn attachment_bytes(
    provider: web::Data<Provider>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Refused> {
    let account = mail_account(&provider, &request)?;
    let found = find_attachment(&account, &path)?;
    Ok(bytes(&found.mime, found.bytes))
}

fn mail_account(provider: &Provider, request: &HttpRequest) -> Result<Account, Refused> {
    caller(provider, request, Vendor::Microsoft, "mail")
}

fn find<'a>(account: &'a Account, id: &str) -> Result<&'a Message, Refused> {
    account.mailbox.messages.iter().find(|message| message.id == id).ok_or_else(|| error(Vendor::Microsoft, 404))
}

fn find_attachment(account: &Account, path: &(String, String)) -> Result<Attachment, Refused> {
    let found = find(account, &path.0)?.attachments().into_iter().find(|attachment| attachment.id == path.1);
    found.ok_or_else(|| error(Vendor::Microsoft, 404))
}

/// Which fields of attachments an `$expand` asks for; `None` where it expands something else.
fn selected(expand: &str) -> Option<Fields> {
    let options = expand.strip_prefix("attachments")?;
    if options.is_empty() {
        return Some(Fields::All);
    }
    let fields = options.strip_prefix("($select=")?.strip_suffix(')')?;
    Some(Fields::These(fields.split(',').map(|field| field.trim().to_owned()).collect()))
}

enum Fields {
    All,
    These(Vec<String>),
}

impl Fields {
    /// The entry with these fields and those that the real API always adds.
    fn of(&self, mut entry: Value) -> Value {
        if let (Self::These(fields), Some(entry)) = (self, entry.as_object_mut()) {
            entry.retain(|name, _| name.starts_with('@') || fields.contains(name));
        }
        entry
    }
}

fn shown(attachment: &Attachment) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.fileAttachment",
        "id": attachment.id,
        "name": attachment.filename,
        "contentType": attachment.mime,
        "size": attachment.bytes.len(),
        "isInline": attachment.inline,
        "contentId": attachment.content_id,
        "contentBytes": BASE64_STANDARD.encode(&attachment.bytes),
    })
}
