//! The Drive API: about, files, download and export.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{Refused, bytes, caller, error};
use super::{Account, DriveFile, Provider, Vendor};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/drive/v3/about", web::get().to(about))
        .route("/drive/v3/files", web::get().to(list))
        .route("/drive/v3/files/{id}", web::get().to(file))
        .route("/drive/v3/files/{id}/export", web::get().to(export));
}

#[derive(Debug, Deserialize)]
struct Wanted {
    fields: Option<String>,
    alt: Option<String>,
    #[serde(rename = "mimeType")]
    mime_type: Option<String>,
}

async fn about(
    provider: web::Data<Provider>,
    request: HttpRequest,
    query: web::Query<Wanted>,
) -> Result<HttpResponse, Refused> {
    let account = drive_account(&provider, &request)?;
    if query.fields.is_none() {
        // The real API has no default here either.
        return Err(error(Vendor::Google, 400));
    }
    Ok(HttpResponse::Ok().json(json!({
        "user": {
            "kind": "drive#user",
            "displayName": account.name,
            "me": true,
            "permissionId": account.stable_id(),
            "emailAddress": account.email,
        }
    })))
}

async fn list(provider: web::Data<Provider>, request: HttpRequest) -> Result<HttpResponse, Refused> {
    let account = drive_account(&provider, &request)?;
    let files: Vec<Value> = account.files.iter().map(DriveFile::to_api).collect();
    Ok(HttpResponse::Ok().json(json!({ "kind": "drive#fileList", "files": files })))
}

async fn file(
    provider: web::Data<Provider>,
    request: HttpRequest,
    id: web::Path<String>,
    query: web::Query<Wanted>,
) -> Result<HttpResponse, Refused> {
    let account = drive_account(&provider, &request)?;
    let file = find(&account, &id)?;
    if query.alt.as_deref() != Some("media") {
        return Ok(HttpResponse::Ok().json(file.to_api()));
    }
    if file.is_google_document() {
        return Err(error(Vendor::Google, 403));
    }
    Ok(bytes(&file.mime_type, file.content.clone()))
}

async fn export(
    provider: web::Data<Provider>,
    request: HttpRequest,
    id: web::Path<String>,
    query: web::Query<Wanted>,
) -> Result<HttpResponse, Refused> {
    let account = drive_account(&provider, &request)?;
    let file = find(&account, &id)?;
    let exports: &[&str] = match file.mime_type.rsplit('.').next() {
        Some("document" | "presentation") if file.is_google_document() => &["text/plain"],
        Some("spreadsheet") if file.is_google_document() => &["text/csv"],
        _ => &[],
    };
    match query.mime_type.as_deref() {
        Some(wanted) if exports.contains(&wanted) => Ok(bytes(wanted, file.content.clone())),
        _ => Err(error(Vendor::Google, 400)),
    }
}

fn drive_account(provider: &Provider, request: &HttpRequest) -> Result<Account, Refused> {
    caller(provider, request, Vendor::Google, "drive")
}

fn find<'a>(account: &'a Account, id: &str) -> Result<&'a DriveFile, Refused> {
    account.files.iter().find(|file| file.id == id).ok_or_else(|| error(Vendor::Google, 404))
}
