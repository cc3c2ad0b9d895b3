//! `/sandbox/…`: the control API. No key is needed; calls are neither counted nor disturbed.

use actix_web::HttpResponse;
use actix_web::web::{self, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Shared};
use crate::faults::Fault;
use crate::mailbox::Mailbox;
use crate::nango::LARGEST_BODY;
use crate::nango::config::EnvironmentConfig;
use crate::nango::control::{ConnectionName, Decision, NangoControl};
use crate::nango::doors::Part;
use crate::nango::error::ApiError;
use crate::nango::syncs::SyncScript;
use crate::provider::{Account, AccountConfig, Vendor};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    let scope = web::scope("/sandbox")
        .route("/connect", web::post().to(connect))
        .route("/environments", web::get().to(environments))
        .route("/environments", web::put().to(put_environment))
        .route("/accounts", web::get().to(accounts))
        .route("/accounts", web::put().to(put_account))
        .route("/accounts/revoke", web::post().to(revoke))
        .route("/records", web::post().to(change_records))
        .route("/syncs/run", web::post().to(run))
        .route("/syncs/plan", web::post().to(plan))
        .route("/syncs/hold", web::post().to(hold))
        .route("/scheduler", web::post().to(scheduler))
        .route("/faults", web::get().to(faults))
        .route("/faults", web::post().to(add_fault))
        .route("/faults", web::delete().to(clear_faults))
        .route("/provider/faults", web::get().to(provider_faults))
        .route("/provider/faults", web::post().to(add_provider_fault))
        .route("/provider/faults", web::delete().to(clear_provider_faults))
        .route("/webhooks", web::get().to(webhooks))
        .route("/webhooks/lose", web::post().to(lose))
        .route("/requests", web::get().to(requests))
        .route("/rate-limit", web::post().to(rate_limit))
        .route("/clock/advance", web::post().to(advance))
        .route("/down", web::post().to(down))
        .app_data(
            web::JsonConfig::default()
                .limit(LARGEST_BODY)
                .error_handler(|error, _| ApiError::bare(400, json!({ "error": error.to_string() })).into()),
        );
    config.service(scope);
}

fn control(state: &Shared) -> NangoControl {
    NangoControl { state: std::sync::Arc::clone(state) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Connect {
    #[serde(rename = "connect_session_token")]
    token: String,
    integration: String,
    account: String,
    #[serde(default)]
    decision: Decision,
}

async fn connect(state: Shared, body: Json<Connect>) -> Answer {
    let Connect { token, integration, account, decision } = body.into_inner();
    let name = control(&state).connect(&token, &integration, &account, decision).await?;
    Ok(HttpResponse::Ok().json(name))
}

async fn environments(state: Shared) -> HttpResponse {
    HttpResponse::Ok().json(control(&state).environments())
}

async fn put_environment(state: Shared, body: Json<EnvironmentConfig>) -> Answer {
    let name = body.name.clone();
    let control = control(&state);
    control.put_environment(body.into_inner());
    Ok(HttpResponse::Ok().json(control.environment(&name)?))
}

async fn accounts(state: Shared) -> HttpResponse {
    let all = state.provider.list_accounts();
    let all: Vec<Value> = all.into_iter().map(|(email, name)| json!({ "email": email, "name": name })).collect();
    HttpResponse::Ok().json(all)
}

async fn put_account(state: Shared, body: Json<AccountConfig>) -> Answer {
    let now = state.clock.now();
    let account = Account::configured(&body, || Mailbox::written(now), now);
    let account = account.map_err(|error| ApiError::bare(400, json!({ "error": error.to_string() })))?;
    let answer = json!({ "email": account.email, "realm_id": account.realm_id });
    control(&state).put_account(account);
    Ok(HttpResponse::Ok().json(answer))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Revoke {
    account: String,
    #[serde(default)]
    vendor: Option<Vendor>,
}

async fn revoke(state: Shared, body: Json<Revoke>) -> HttpResponse {
    control(&state).revoke_account(&body.account, body.vendor);
    done()
}

#[derive(Debug, Deserialize)]
struct RecordsChange {
    #[serde(flatten)]
    connection: ConnectionName,
    model: String,
    #[serde(default)]
    save: Vec<Value>,
    #[serde(default)]
    delete: Vec<String>,
    /// Empties the payloads of all records of the model.
    #[serde(default)]
    prune: bool,
}

async fn change_records(state: Shared, body: Json<RecordsChange>) -> Answer {
    let control = control(&state);
    control.change_records(&body.connection, &body.model, &body.save, &body.delete)?;
    if body.prune {
        control.prune_records(&body.connection, &body.model)?;
    }
    Ok(done())
}

#[derive(Debug, Deserialize)]
struct Run {
    #[serde(flatten)]
    connection: ConnectionName,
    sync: String,
    #[serde(default)]
    script: Option<SyncScript>,
}

async fn run(state: Shared, body: Json<Run>) -> Answer {
    let control = control(&state);
    let body = body.into_inner();
    if let Some(script) = body.script {
        control.plan_run(&body.connection, &body.sync, script)?;
    }
    let ran = control.run_sync(&body.connection, &body.sync).await?;
    Ok(HttpResponse::Ok().json(json!({ "ran": ran })))
}

async fn plan(state: Shared, body: Json<Run>) -> Answer {
    let body = body.into_inner();
    control(&state).plan_run(&body.connection, &body.sync, body.script.unwrap_or_default())?;
    Ok(done())
}

#[derive(Debug, Deserialize)]
struct Hold {
    hold: bool,
}

async fn hold(state: Shared, body: Json<Hold>) -> HttpResponse {
    control(&state).hold_syncs(body.hold);
    done()
}

#[derive(Debug, Deserialize)]
struct Scheduler {
    down: bool,
}

async fn scheduler(state: Shared, body: Json<Scheduler>) -> HttpResponse {
    control(&state).set_scheduler_down(body.down);
    done()
}

async fn faults(state: Shared) -> HttpResponse {
    HttpResponse::Ok().json(state.faults.active())
}

async fn add_fault(state: Shared, body: Json<Fault>) -> HttpResponse {
    state.faults.add(body.into_inner());
    done()
}

async fn clear_faults(state: Shared) -> HttpResponse {
    state.faults.clear();
    done()
}

async fn provider_faults(state: Shared) -> HttpResponse {
    HttpResponse::Ok().json(state.provider.faults().active())
}

async fn add_provider_fault(state: Shared, body: Json<Fault>) -> HttpResponse {
    state.provider.faults().add(body.into_inner());
    done()
}

async fn clear_provider_faults(state: Shared) -> HttpResponse {
    state.provider.faults().clear();
    done()
}

async fn webhooks(state: Shared) -> HttpResponse {
    HttpResponse::Ok().json(control(&state).webhooks())
}

#[derive(Debug, Deserialize)]
struct Lose {
    count: u32,
}

async fn lose(state: Shared, body: Json<Lose>) -> HttpResponse {
    control(&state).lose_webhooks(body.count);
    done()
}

async fn requests(state: Shared) -> HttpResponse {
    HttpResponse::Ok().json(control(&state).requests())
}

#[derive(Debug, Deserialize)]
struct Limit {
    per_minute: u32,
}

async fn rate_limit(state: Shared, body: Json<Limit>) -> HttpResponse {
    control(&state).set_rate_limit(body.per_minute);
    done()
}

#[derive(Debug, Deserialize)]
struct Advance {
    seconds: u64,
}

async fn advance(state: Shared, body: Json<Advance>) -> HttpResponse {
    control(&state).advance(std::time::Duration::from_secs(body.seconds));
    done()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Down {
    part: Part,
    millis: u64,
}

async fn down(state: Shared, body: Json<Down>) -> HttpResponse {
    control(&state).go_down_for(body.part, std::time::Duration::from_millis(body.millis));
    done()
}

fn done() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "success": true }))
}
