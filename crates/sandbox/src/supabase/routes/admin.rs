//! What the service role does with everybody's account.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, delete, get, post, put, web};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use time::Duration;
use uuid::Uuid;

use super::body;
use crate::supabase::Supabase;
use crate::supabase::error::AuthError;
use crate::supabase::mint::change;
use crate::supabase::user::{AUTHENTICATED, User, contains_like};

/// Users of a page, unless the request says otherwise.
const PER_PAGE: usize = 50;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.service(list).service(create).service(show).service(update).service(remove);
}

/// What an administrator may write. Metadata is merged by its top-level keys: a list replaces the list, `null` removes.
#[derive(Deserialize)]
struct Fields {
    id: Option<Uuid>,
    #[serde(default)]
    email: String,
    #[serde(default)]
    role: String,
    password: Option<String>,
    #[serde(default)]
    email_confirm: bool,
    #[serde(default)]
    app_metadata: Map<String, Value>,
    #[serde(default)]
    user_metadata: Map<String, Value>,
    #[serde(default)]
    ban_duration: String,
}

#[derive(Deserialize)]
struct ListQuery {
    page: Option<String>,
    per_page: Option<String>,
    #[serde(default)]
    filter: String,
}

#[get("/admin/users")]
async fn list(
    supabase: web::Data<Supabase>,
    request: HttpRequest,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, AuthError> {
    supabase.require_service_role(&request)?;
    let page = number(query.page.as_deref(), 1)?;
    let per_page = number(query.per_page.as_deref(), PER_PAGE)?;
    let state = supabase.state();
    let mut users: Vec<&User> = state.users().iter().filter(|user| matches(user, &query.filter)).collect();
    // Newest first; of two from one moment, the one that came later.
    users.reverse();
    users.sort_by_key(|user| std::cmp::Reverse(user.created_at));

    let (total, pages) = (users.len(), users.len().div_ceil(per_page));
    let shown: Vec<Value> =
        users.iter().skip((page - 1).saturating_mul(per_page)).take(per_page).map(|user| user.to_json()).collect();
    let link = |page: usize, rel: &str| format!("<{}?page={page}&per_page={per_page}>; rel=\"{rel}\"", request.path());
    let links: Vec<String> =
        (page < pages).then(|| link(page + 1, "next")).into_iter().chain([link(pages, "last")]).collect();
    Ok(HttpResponse::Ok()
        .insert_header((header::LINK, links.join(", ")))
        .insert_header(("X-Total-Count", total.to_string()))
        .json(json!({ "users": shown, "aud": AUTHENTICATED })))
}

#[post("/admin/users")]
async fn create(
    supabase: web::Data<Supabase>,
    request: HttpRequest,
    body: web::Bytes,
) -> Result<HttpResponse, AuthError> {
    supabase.require_service_role(&request)?;
    let fields: Fields = body::read(&body)?;
    if fields.email.is_empty() {
        let message = "Cannot create a user without either an email or phone";
        return Err(AuthError::new(400, "validation_failed", message));
    }
    let email = body::valid_email(&fields.email)?;
    let mut state = supabase.state();
    if state.user_by_email(&email).is_some() {
        return Err(AuthError::email_exists());
    }
    let mut user = User::new(&email, supabase.clock().now());
    user.id = fields.id.unwrap_or(user.id);
    write(&supabase, &mut user, fields)?;
    let answer = user.to_json();
    state.add_user(user);
    Ok(HttpResponse::Ok().json(answer))
}

#[get("/admin/users/{id}")]
async fn show(
    supabase: web::Data<Supabase>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, AuthError> {
    supabase.require_service_role(&request)?;
    let user = find(&supabase, &id)?;
    Ok(HttpResponse::Ok().json(user.to_json()))
}

#[put("/admin/users/{id}")]
async fn update(
    supabase: web::Data<Supabase>,
    request: HttpRequest,
    id: web::Path<String>,
    body: web::Bytes,
) -> Result<HttpResponse, AuthError> {
    supabase.require_service_role(&request)?;
    let mut user = find(&supabase, &id)?;
    let fields: Fields = body::read(&body)?;
    let mut state = supabase.state();
    if !fields.email.is_empty() {
        let email = body::valid_email(&fields.email)?;
        if state.user_by_email(&email).is_some_and(|other| other.id != user.id) {
            return Err(AuthError::email_exists());
        }
        user.email = email;
    }
    write(&supabase, &mut user, fields)?;
    let answer = user.to_json();
    let stored = state.user_mut(user.id).ok_or_else(not_found)?;
    *stored = user;
    Ok(HttpResponse::Ok().json(answer))
}

/// Deletes for good, whatever `should_soft_delete` says.
#[delete("/admin/users/{id}")]
async fn remove(
    supabase: web::Data<Supabase>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, AuthError> {
    supabase.require_service_role(&request)?;
    let user = find(&supabase, &id)?;
    if supabase.state().remove_user(user.id) { Ok(HttpResponse::Ok().json(json!({}))) } else { Err(not_found()) }
}

fn find(supabase: &Supabase, id: &str) -> Result<User, AuthError> {
    let id = Uuid::parse_str(id).map_err(|_| AuthError::new(404, "validation_failed", "user_id must be an UUID"))?;
    supabase.state().user(id).cloned().ok_or_else(not_found)
}

fn write(supabase: &Supabase, user: &mut User, fields: Fields) -> Result<(), AuthError> {
    let now = supabase.clock().now();
    if let Some(password) = fields.password.filter(|password| !password.is_empty()) {
        user.password = Some(body::valid_password(password)?);
    }
    if !fields.ban_duration.is_empty() {
        user.banned_until = ban(&fields.ban_duration)?.map(|time| now + time);
    }
    if !fields.role.is_empty() {
        user.role = fields.role;
    }
    if fields.email_confirm {
        user.confirm(now);
    }
    change(&mut user.app_metadata, &fields.app_metadata);
    change(&mut user.user_metadata, &fields.user_metadata);
    user.updated_at = now;
    Ok(())
}

/// `none`, or a number of hours, minutes and seconds as in `1h30m`.
fn ban(text: &str) -> Result<Option<Duration>, AuthError> {
    if text == "none" {
        return Ok(None);
    }
    let invalid = || {
        let message = format!("invalid format for ban duration: time: invalid duration \"{text}\"");
        AuthError::new(400, "validation_failed", message)
    };
    let mut whole = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit()).ok_or_else(invalid)?;
        let number: i64 = rest[..digits].parse().map_err(|_| invalid())?;
        whole += match rest.as_bytes()[digits] {
            b'h' => Duration::hours(number),
            b'm' => Duration::minutes(number),
            b's' => Duration::seconds(number),
            _ => return Err(invalid()),
        };
        rest = &rest[digits + 1..];
    }
    Ok(Some(whole))
}

/// As Auth looks for it: the address with its capitals, the full name without. More than one address can be meant.
fn matches(user: &User, filter: &str) -> bool {
    let name = user.user_metadata.get("full_name").and_then(Value::as_str);
    contains_like(&user.email, filter)
        || name.is_some_and(|name| contains_like(&name.to_lowercase(), &filter.to_lowercase()))
}

fn number(text: Option<&str>, default: usize) -> Result<usize, AuthError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(default) };
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| {
        let message = format!("Bad Pagination Parameters: strconv.ParseUint: parsing {text:?}: invalid syntax");
        AuthError::new(400, "validation_failed", message)
    })
}

fn not_found() -> AuthError {
    AuthError::new(404, "user_not_found", "User not found")
}
