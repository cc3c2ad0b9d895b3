//! The API as OpenAPI 3.1 describes it.
//!
//! Each handler says what it takes and answers, in its `utoipa::path`. Who may call it, and at which further addresses,
//! stands in the [`table`](super::table()) alone and is added here: the least role as `x-least-role`, the way to prove who
//! one is, and the failures that follow from both.

use actix_web::http::Method;
use serde::Serialize;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn, PathItem};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::schema::{SchemaType, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, Content, Deprecated, Ref, RefOr, Schema};
use utoipa::{OpenApi, ToResponse, ToSchema};

use super::admin::{audit_log, jobs, login, overview, session, stuck, workers};
use super::{
    alerts, analytics, books, chats, connect, connection_status, connections, daily_reports, dashboard, deletions,
    document_file, documents, emails, episodes, export, health, insights, integrations, intelligence, job_events, me,
    new_document, removal, saved_reports, search, set_aside, sources, sync, sync_jobs, table, team, uploads, usage,
    webhooks,
};
use crate::endpoint::Access;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Cortex",
        description = "The backend of a company's knowledge. Every answer to an action tells the person and the company \
                       that it is attributed to.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        health::live,
        health::ready,
        health::summary,
        me::me,
        me::companies,
        team::list,
        team::invite,
        team::change,
        team::deactivate,
        removal::person,
        connect::start,
        connect::reconnect,
        connect::sync_from_nango,
        connections::list,
        connections::disconnect,
        connection_status::status,
        deletions::list,
        deletions::confirm,
        deletions::reject,
        webhooks::receive,
        webhooks::callback,
        sync::initial,
        sync::incremental,
        sync::once,
        sync::once_outlook,
        sync_jobs::list,
        sync_jobs::job,
        job_events::events,
        sync_jobs::cancel,
        sync_jobs::retry,
        set_aside::list,
        documents::list,
        documents::one,
        document_file::file,
        documents::provenance,
        emails::list,
        emails::one,
        emails::thread,
        episodes::many,
        episodes::one,
        export::export,
        new_document::add,
        removal::document,
        sources::one,
        uploads::many,
        uploads::one,
        usage::usage,
        search::by_query,
        search::by_body,
        chats::list,
        chats::begin,
        chats::messages,
        chats::delete,
        chats::ask,
        daily_reports::generate,
        daily_reports::latest,
        daily_reports::of_day,
        daily_reports::all_of_day,
        daily_reports::download,
        saved_reports::save,
        saved_reports::list,
        saved_reports::search,
        saved_reports::stats,
        saved_reports::one,
        saved_reports::change,
        saved_reports::delete,
        saved_reports::star,
        alerts::active,
        alerts::stats,
        alerts::history,
        alerts::one,
        alerts::dismiss,
        alerts::investigate,
        alerts::backfill,
        dashboard::dashboard,
        books::overview,
        books::invoices,
        books::bills,
        books::payments,
        books::summary,
        integrations::list,
        intelligence::daily,
        intelligence::latest_day,
        intelligence::weekly,
        intelligence::latest_week,
        intelligence::monthly,
        intelligence::latest_month,
        intelligence::daily_trend,
        intelligence::weekly_trend,
        intelligence::monthly_trend,
        intelligence::health,
        insights::daily,
        insights::weekly,
        insights::monthly,
        insights::latest,
        insights::categories,
        insights::drill_down,
        insights::generate,
        insights::regenerate,
        analytics::patterns,
        analytics::network,
        analytics::trending,
        analytics::momentum,
        analytics::sentiment,
        login::log_in,
        session::verify,
        session::log_out,
        jobs::sync,
        jobs::users,
        jobs::list,
        jobs::retry,
        jobs::cancel,
        jobs::permit,
        stuck::webhooks,
        stuck::replay,
        stuck::connections,
        overview::health,
        overview::metrics,
        workers::status,
        audit_log::list,
        audit_log::export,
    ),
    components(schemas(InvalidField), responses(ProblemBody))
)]
struct Described;

/// What went wrong, by RFC 9457. `code` is the word to compare.
#[derive(Serialize, ToSchema, ToResponse)]
#[schema(as = Problem)]
#[response(content_type = "application/problem+json")]
pub(super) struct ProblemBody {
    #[serde(rename = "type")]
    type_uri: String,
    title: String,
    status: u16,
    detail: String,
    instance: Option<String>,
    code: String,
    errors: Option<Vec<InvalidField>>,
}

/// A field of the body that cannot be taken.
#[derive(Serialize, ToSchema)]
struct InvalidField {
    /// A JSON pointer (RFC 6901).
    pointer: String,
    detail: String,
}

/// The name of the scheme by which members prove who they are.
const ACCESS_TOKEN: &str = "access_token";

/// The name of the scheme by which admins of the panel prove who they are.
const ADMIN_SESSION: &str = "admin_session";

/// Says who may call an operation.
const LEAST_ROLE: &str = "x-least-role";

/// The whole document.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Described::openapi();
    env!("CARGO_PKG_VERSION").clone_into(&mut document.info.version);
    let described = std::mem::take(&mut document.paths.paths);
    for endpoint in table() {
        let (paths, accesses) = endpoint.declared();
        for (number, path) in paths.iter().enumerate() {
            let item = document.paths.paths.entry((*path).to_owned()).or_default();
            for (method, access) in accesses {
                let operation = described.get(paths[0]).and_then(|item| operation_of(item, method));
                if let Some(mut operation) = operation.cloned() {
                    complete(&mut operation, *access);
                    distinguish(&mut operation, method, accesses.len(), number);
                    put(item, method, operation);
                }
            }
        }
    }
    let components = document.components.get_or_insert_with(Components::new);
    let token = SecurityScheme::Http(
        Http::builder()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("Access token of the central sign-in."))
            .build(),
    );
    components.add_security_scheme(ACCESS_TOKEN, token);
    let session = ApiKeyValue::with_description("X-Admin-Session", "Token of a session that `/admin/auth` opened.");
    components.add_security_scheme(ADMIN_SESSION, SecurityScheme::ApiKey(ApiKey::Header(session)));
    document
}

/// Adds what follows from who may call it.
fn complete(operation: &mut Operation, access: Access) {
    let mut failures = vec!["500", "503"];
    match access {
        Access::Open => operation.security = Some(Vec::new()),
        Access::Admin => {
            operation.security = Some(vec![SecurityRequirement::new(ADMIN_SESSION, [""; 0])]);
            failures.extend(["401", "403"]);
        }
        Access::Member(role) => {
            operation.security = Some(vec![SecurityRequirement::new(ACCESS_TOKEN, [""; 0])]);
            let least = ExtensionsBuilder::new().add(LEAST_ROLE, role.name()).build();
            operation.extensions.get_or_insert_default().merge(least);
            failures.extend(["401", "403", "429"]);
        }
    }
    let is_read = |parameter: &RefOr<Parameter>| match parameter {
        RefOr::T(parameter) => parameter.parameter_in != ParameterIn::Header,
        RefOr::Ref(_) => true,
    };
    let has_parameters = operation.parameters.as_ref().is_some_and(|parameters| parameters.iter().any(is_read));
    let has_object = operation.request_body.as_ref().is_some_and(is_read_as_object);
    if has_parameters || has_object {
        failures.push("400");
    }
    if has_object {
        failures.extend(["413", "415", "422"]);
    }
    for status in failures {
        let failure = || RefOr::Ref(Ref::from_response_name("ProblemBody"));
        operation.responses.responses.entry(status.to_owned()).or_insert_with(failure);
    }
}

/// Whether the body is read as JSON. One that is only kept is described as a text, and may be anything.
fn is_read_as_object(body: &RefOr<RequestBody>) -> bool {
    let is_text = |schema: &RefOr<Schema>| match schema {
        RefOr::T(Schema::Object(object)) => object.schema_type == SchemaType::Type(Type::String),
        RefOr::T(_) | RefOr::Ref(_) => false,
    };
    let is_object = |content: &RefOr<Content>| match content {
        RefOr::T(content) => content.schema.as_ref().is_none_or(|schema| !is_text(schema)),
        RefOr::Ref(_) => true,
    };
    match body {
        RefOr::T(body) => body.content.values().any(is_object),
        RefOr::Ref(_) => true,
    }
}

/// Gives every operation an id of its own. Further addresses are for older clients.
fn distinguish(operation: &mut Operation, method: &Method, methods: usize, number: usize) {
    let tag = operation.tags.as_ref().and_then(|tags| tags.first()).cloned().unwrap_or_default();
    let mut id = format!("{tag}_{}", operation.operation_id.take().unwrap_or_default());
    if methods > 1 {
        id = format!("{id}_{}", method.as_str().to_lowercase());
    }
    if number > 0 {
        id = format!("{id}_{}", number + 1);
        operation.deprecated = Some(Deprecated::True);
    }
    operation.operation_id = Some(id);
}

fn operation_of<'a>(item: &'a PathItem, method: &Method) -> Option<&'a Operation> {
    match method.as_str() {
        "GET" => item.get.as_ref(),
        "POST" => item.post.as_ref(),
        "PUT" => item.put.as_ref(),
        "PATCH" => item.patch.as_ref(),
        "DELETE" => item.delete.as_ref(),
        _ => None,
    }
}

fn put(item: &mut PathItem, method: &Method, operation: Operation) {
    let place = match method.as_str() {
        "GET" => &mut item.get,
        "POST" => &mut item.post,
        "PUT" => &mut item.put,
        "PATCH" => &mut item.patch,
        "DELETE" => &mut item.delete,
        _ => return,
    };
    *place = Some(operation);
}
