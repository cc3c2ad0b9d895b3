//! `/api/v1/documents/{id}/file`: the original bytes of a document, to be saved and never to be shown.
//!
//! Whoever sent a company a mail has chosen these bytes, their name and their type. A browser that showed them under the
//! address of the API would run what is in them.

use actix_web::body::SizedStream;
use actix_web::http::Method;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use cortex_ingestion::model::DocumentFile;
use cortex_ingestion::ports::{BlobError, BlobStore, DocumentReader};
use cortex_kernel::DocumentId;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::openapi::ProblemBody;
use crate::edge;
use crate::gate::Caller;
use crate::problem::{Problem, ProblemKind};

/// The type of what has none that can be told.
const ANY_BYTES: &str = "application/octet-stream";

/// How long a name may be, in characters: what file systems take, also where each is four bytes.
const MAX_NAME_CHARS: usize = 60;

/// The original bytes of a document, as they were brought in.
#[utoipa::path(
    get, path = "/api/v1/documents/{id}/file", tag = "documents", params(("id" = i64, Path)),
    responses(
        (status = 200, body = String, content_type = "application/octet-stream",
            description = "The bytes, of the type that the document has, to be saved under the name that it has."),
        (status = 404, response = ProblemBody)
    )
)]
pub(super) async fn file(
    Caller(caller): Caller,
    id: Path<i64>,
    request: HttpRequest,
    documents: Data<dyn DocumentReader>,
    blobs: Data<dyn BlobStore>,
) -> Result<HttpResponse, Problem> {
    let no_such_file = || Problem::new(ProblemKind::NotFound).detail("There is no such document, or it has no file.");
    let file = documents.find_file(caller.company_id, DocumentId::new(*id)).await?.ok_or_else(no_such_file)?;
    let blob = blobs.get(caller.company_id, file.blob).await?.ok_or_else(no_such_file)?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, media_type(file.mime_type.as_deref())))
        .insert_header((CONTENT_DISPOSITION, disposition(&file, *id)))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .insert_header((CACHE_CONTROL, "private, no-store"))
        // The compressor leaves it alone: the length is told, and most files are compressed already.
        .insert_header((CONTENT_ENCODING, edge::IDENTITY));
    if request.method() == Method::HEAD {
        return Ok(response.body(SizedStream::new(blob.size, stream::empty::<Result<_, BlobError>>())));
    }
    // The answer has begun, so all that is left to tell of a failure is to hang up.
    let pieces = blob.pieces.inspect_err(move |error| {
        tracing::error!(document.id = *id, error = edge::chain(error), "a file broke off");
    });
    Ok(response.body(SizedStream::new(blob.size, pieces.boxed())))
}

/// The type, if it is one; its parameters are of no use to who saves a file.
fn media_type(told: Option<&str>) -> HeaderValue {
    let essence = told.and_then(|told| told.split(';').next()).map(str::trim).filter(|essence| is_media_type(essence));
    let known = essence.and_then(|essence| HeaderValue::from_str(&essence.to_ascii_lowercase()).ok());
    known.unwrap_or(HeaderValue::from_static(ANY_BYTES))
}

fn is_media_type(text: &str) -> bool {
    let is_token = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte))
    };
    text.len() <= 255 && text.split_once('/').is_some_and(|(kind, name)| is_token(kind) && is_token(name))
}

/// Asks to save the file under its name (RFC 6266): as every client reads it, in ASCII, and as it is (RFC 8187).
fn disposition(file: &DocumentFile, id: i64) -> HeaderValue {
    let name = file_name(&file.name).unwrap_or_else(|| format!("document-{id}"));
    let ascii: String = name.chars().map(|char| if is_plain(char) { char } else { '_' }).collect();
    let text = if ascii == name {
        format!("attachment; filename=\"{ascii}\"")
    } else {
        format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{}", percent_encoded(&name))
    };
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("attachment"))
}

/// What may stand between quotes as itself. Some clients decode `%` there.
fn is_plain(char: char) -> bool {
    char.is_ascii_graphic() && !matches!(char, '"' | '\\' | '%') || char == ' '
}

/// The name without what leads to another folder, hides or turns around what it is, or is no name at all; its end, which
/// says what it is, stays where it is too long.
fn file_name(name: &str) -> Option<String> {
    let is_separator = |char| matches!(char, '/' | '\\' | ':');
    let is_invisible = |char: char| {
        char.is_control()
            || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let seen: String = name
        .chars()
        .filter(|char| !is_invisible(*char))
        .map(|char| if is_separator(char) { '_' } else { char })
        .collect();
    let name = seen.trim_matches(|char: char| char == '.' || char.is_whitespace());
    let chars: Vec<char> = name.chars().collect();
    let Some(too_many) = chars.len().checked_sub(MAX_NAME_CHARS).filter(|too_many| *too_many > 0) else {
        return (!name.is_empty()).then(|| name.to_owned());
    };
    let extension = name.rfind('.').map_or(0, |dot| name[dot..].chars().count()).min(MAX_NAME_CHARS / 2);
    let cut = chars.len() - extension - too_many;
    Some(chars[..cut].iter().chain(&chars[chars.len() - extension..]).collect())
}

fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        // The characters that RFC 8187 calls attr-char.
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            encoded.push(byte.into());
        } else {
            encoded.push('%');
            encoded.extend([byte >> 4, byte & 15].map(|half| char::from(b"0123456789ABCDEF"[usize::from(half)])));
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use cortex_ingestion::model::BlobKey;
    use rstest::rstest;
    use uuid::Uuid;

    use super::*;

    #[rstest]
    #[case("plan.pdf", r#"attachment; filename="plan.pdf""#)]
    #[case("a plan.pdf", r#"attachment; filename="a plan.pdf""#)]
    #[case("Überblick.pdf", r#"attachment; filename="_berblick.pdf"; filename*=UTF-8''%C3%9Cberblick.pdf"#)]
    #[case(r#"say "no".txt"#, r#"attachment; filename="say _no_.txt"; filename*=UTF-8''say%20%22no%22.txt"#)]
    #[case("100%.txt", r#"attachment; filename="100_.txt"; filename*=UTF-8''100%25.txt"#)]
    #[case("a\r\nSet-Cookie: b", r#"attachment; filename="aSet-Cookie_ b""#)]
    #[case("../../etc/passwd", r#"attachment; filename="_.._etc_passwd""#)]
    #[case("C:\\boot.ini", r#"attachment; filename="C__boot.ini""#)]
    #[case::turned_around("invoice\u{202e}fdp.exe", r#"attachment; filename="invoicefdp.exe""#)]
    #[case(".profile. ", r#"attachment; filename="profile""#)]
    #[case(" \t..", r#"attachment; filename="document-7""#)]
    #[case("", r#"attachment; filename="document-7""#)]
    fn a_file_is_saved_under_a_name_that_is_only_a_name(#[case] name: &str, #[case] expected: &str) {
        let file = DocumentFile { blob: BlobKey::new(Uuid::nil()), name: name.to_owned(), mime_type: None };

        assert_eq!(disposition(&file, 7), expected);
    }

    #[rstest]
    #[case(&format!("{}.pdf", "x".repeat(100)), &format!("{}.pdf", "x".repeat(56)))]
    #[case(&format!("{}.pdf", "ü".repeat(57)), &format!("{}.pdf", "ü".repeat(56)))]
    #[case(&"x".repeat(100), &"x".repeat(60))]
    #[case(&format!("x.{}", "y".repeat(100)), &format!("x.{}{}", "y".repeat(28), "y".repeat(30)))]
    fn a_name_that_is_too_long_keeps_its_end(#[case] name: &str, #[case] expected: &str) {
        assert_eq!(file_name(name).as_deref(), Some(expected));
    }

    #[rstest]
    #[case(Some("application/pdf"), "application/pdf")]
    #[case(Some("Text/HTML; charset=utf-8"), "text/html")]
    #[case(Some("image/svg+xml"), "image/svg+xml")]
    #[case(Some("pdf"), ANY_BYTES)]
    #[case(Some("text/"), ANY_BYTES)]
    #[case(Some("text/html\r\nX: y"), ANY_BYTES)]
    #[case(Some("text/ä"), ANY_BYTES)]
    #[case(None, ANY_BYTES)]
    fn a_type_is_one_or_that_of_any_bytes(#[case] told: Option<&str>, #[case] expected: &str) {
        assert_eq!(media_type(told), expected);
    }
}
