//! Google Drive, in both generations of models.

use cortex_kernel::Provider;
use serde_json::{Map, Value};

use super::date::moment;
use super::fields::{is_true, line, lines, text, title, whole_number, without_brokers_part};
use super::{Account, SetAside, Told, ToldDocument, key_of};
use crate::content_source::Wanted;
use crate::model::{DocumentDraft, DocumentKind};

/// The media types of what only Google can open begin so.
const GOOGLES_OWN: &str = "application/vnd.google-apps.";

/// Media types, besides those of texts, of files whose text can be had.
const WITH_TEXT: [&str; 15] = [
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "message/rfc822",
    "application/csv",
    "application/ecmascript",
    "application/javascript",
    "application/json",
    "application/sql",
    "application/toml",
    "application/x-ndjson",
    "application/x-yaml",
    "application/yaml",
    "application/xml",
];

/// Ends of names by which such a file is told where its media type says nothing.
const ENDS_WITH_TEXT: [&str; 17] = [
    "csv", "docx", "eml", "htm", "html", "json", "log", "markdown", "md", "pdf", "pptx", "text", "tsv", "txt", "xlsx",
    "xml", "yaml",
];

/// What a record of the models `DriveFile` and `File` tells. They differ in how they write sizes, and in what they
/// leave out.
///
/// The records tell of files and carry nothing of what is in them. The hash by which a change of the document is told
/// covers its title and its text, and the text is fetched before that is made: so another content under the same name is
/// a change, and a file that only moved to another folder is none. The record is kept, so that the content can be fetched
/// again.
pub fn drive_file(record: &Value, account: &Account) -> Result<Told, SetAside> {
    let key = key_of(Provider::GoogleDrive, "", record, account)?;
    if is_true(&record["trashed"]) {
        return Ok(Told::Gone(key));
    }
    let mime_type = line(&record["mimeType"]).map(|mime_type| mime_type.to_lowercase());
    let name = line(&record["name"]).unwrap_or_default();
    let size = whole_number(&record["size"]);
    let id = key.source_id.clone();
    let (kind, missing) = match mime_type.as_deref().and_then(|mime_type| mime_type.strip_prefix(GOOGLES_OWN)) {
        Some("folder" | "shortcut") => return Ok(Told::Unwanted),
        Some("document") => ("googledoc", Some(Wanted::DriveExport { id, mime_type: "text/plain" })),
        Some("spreadsheet") => ("googlesheet", Some(Wanted::DriveExport { id, mime_type: "text/csv" })),
        Some("presentation") => ("googleslide", Some(Wanted::DriveExport { id, mime_type: "text/plain" })),
        Some(_) => ("file", None),
        None => {
            let has_text = size != Some(0) && may_have_text(mime_type.as_deref(), &name);
            ("file", has_text.then_some(Wanted::DriveFile { id }))
        }
    };
    if missing.is_none() && name.is_empty() {
        return Ok(Told::Unwanted);
    }
    let web_link = line(&record["webViewLink"]);
    let draft = DocumentDraft {
        key,
        kind: DocumentKind::new(kind),
        title: title(&name),
        content: String::new(),
        content_incomplete: missing.is_some(),
        mail: None,
        metadata: metadata(record, web_link.as_deref()),
        raw: Some(without_brokers_part(record)),
        mime_type,
        file_size_bytes: size,
        file_url: web_link,
        created_at: text(&record["createdTime"]).as_deref().and_then(moment),
        modified_at: text(&record["modifiedTime"]).as_deref().and_then(moment),
        parent: None,
    };
    Ok(ToldDocument { draft, missing, attachments: Vec::new() }.into())
}

fn metadata(record: &Value, web_link: Option<&str>) -> Map<String, Value> {
    let owner = &record["owners"][0];
    let told = [
        ("web_view_link", web_link.map(Value::from)),
        ("parents", lines(&record["parents"]).map(Value::from)),
        ("drive_id", line(&record["driveId"]).map(Value::from)),
        ("owner_email", line(&owner["emailAddress"]).map(|address| Value::from(address.to_lowercase()))),
        ("owner_name", line(&owner["displayName"]).map(Value::from)),
    ];
    told.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// Whether the text of a file can be had: by its media type, or by the end of its name where the type says nothing.
fn may_have_text(mime_type: Option<&str>, name: &str) -> bool {
    let essence = mime_type.and_then(|mime_type| mime_type.split(';').next()).unwrap_or_default().trim();
    match essence {
        "" | "application/octet-stream" | "binary/octet-stream" => {
            let end = name.rsplit_once('.').map(|(_, end)| end.to_lowercase());
            end.is_some_and(|end| ENDS_WITH_TEXT.contains(&end.as_str()))
        }
        _ if essence.starts_with("text/") || WITH_TEXT.contains(&essence) => true,
        _ if essence.starts_with("application/") => essence.ends_with("+json") || essence.ends_with("+xml"),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
