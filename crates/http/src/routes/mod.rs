//! All addresses of the API.

mod admin;
mod alerts;
mod analytics;
mod books;
mod chats;
mod connect;
mod connection_status;
mod connections;
mod daily_reports;
mod dashboard;
mod deletions;
mod docs;
mod document_file;
mod documents;
mod emails;
mod episodes;
mod export;
mod filters;
mod health;
mod insights;
mod integrations;
mod intelligence;
mod job_events;
mod me;
mod metrics;
mod money;
mod new_document;
mod once;
mod openapi;
mod provider;
mod received;
mod removal;
mod report;
mod saved_reports;
mod search;
mod set_aside;
mod sources;
mod sync;
mod sync_jobs;
mod table;
mod team;
mod uploads;
mod usage;
mod webhooks;

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::{Data, ServiceConfig};

use crate::admin_gate::AdminGate;
use crate::gate::Gate;
use crate::health::Health;
use crate::problem::{Problem, ProblemKind};
use crate::watch::Metrics;
use crate::{LibraryServices, Services, Settings};

pub use openapi::document as openapi;
pub(crate) use table::table;

/// Registers every route. `Services` is taken apart by name, so that none is forgotten.
pub(crate) fn register(services: Services, settings: &Settings) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let Services {
        health,
        opening: _,
        watch: _,
        metrics,
        rate_limiter,
        clock,
        ids: _,
        tokens,
        enter_company,
        log_in_admin,
        enter_admin_panel,
        admin_sessions,
        audit_log,
        admin,
        profiles,
        team,
        change_member,
        invite_member,
        providers,
        start_connect,
        connections,
        connection_views,
        decide_deletions,
        disconnect,
        held_deletions,
        reconcile,
        receive_webhook,
        start_sync,
        jobs,
        documents,
        blobs,
        library,
        search,
        intake,
        chat,
        insights,
        reports,
        alerts,
    } = services;
    let LibraryServices { mail, removal, exports, erase } = library;
    let expose_docs = settings.expose_docs;
    let backfill = sync::BackfillDays(settings.backfill_days);
    move |config| {
        config
            .app_data(Data::new(Gate { tokens, enter_company }))
            .app_data(Data::from(rate_limiter))
            .app_data(Data::new(AdminGate { enter: enter_admin_panel, sessions: Arc::clone(&admin_sessions) }))
            .app_data(Data::from(log_in_admin))
            .app_data(Data::from(admin_sessions))
            .app_data(Data::new(admin))
            .app_data(Data::from(audit_log))
            .app_data(Data::from(health))
            .app_data(Data::from(clock))
            .app_data(Data::from(profiles))
            .app_data(Data::from(team))
            .app_data(Data::from(change_member))
            .app_data(Data::new(team::Inviting(invite_member)))
            .app_data(Data::from(providers))
            .app_data(Data::from(start_connect))
            .app_data(Data::from(connections))
            .app_data(Data::from(connection_views))
            .app_data(Data::from(decide_deletions))
            .app_data(Data::from(disconnect))
            .app_data(Data::from(held_deletions))
            .app_data(Data::from(reconcile))
            .app_data(Data::from(receive_webhook))
            .app_data(Data::from(start_sync))
            .app_data(Data::new(jobs))
            .app_data(Data::from(documents))
            .app_data(Data::from(mail))
            .app_data(Data::from(removal))
            .app_data(Data::from(exports))
            .app_data(Data::from(erase))
            .app_data(Data::from(blobs))
            .app_data(Data::from(search))
            .app_data(Data::new(intake))
            .app_data(Data::new(chat))
            .app_data(Data::new(insights))
            .app_data(Data::new(reports))
            .app_data(Data::new(alerts))
            .app_data(Data::new(backfill));
        let docs = if expose_docs { docs::endpoints() } else { Vec::new() };
        for endpoint in table().into_iter().chain(docs) {
            endpoint.register(config);
        }
        register_metrics(metrics, config);
    }
}

/// Registers what is told of a process on a listener of its own.
pub(crate) fn register_probes(
    health: Option<Arc<Health>>,
    metrics: Option<Metrics>,
) -> impl FnOnce(&mut ServiceConfig) + use<> {
    move |config| {
        if let Some(health) = health {
            config.app_data(Data::from(health));
            for endpoint in table::probes() {
                endpoint.register(config);
            }
        }
        register_metrics(metrics, config);
    }
}

/// Without metrics there is nothing at their address.
fn register_metrics(metrics: Option<Metrics>, config: &mut ServiceConfig) {
    if let Some(metrics) = metrics {
        config.app_data(Data::new(metrics));
        metrics::endpoint().register(config);
    }
}

/// Answers for every address that is none.
pub(crate) async fn nothing_here() -> Result<HttpResponse, Problem> {
    Err(Problem::new(ProblemKind::NotFound).detail("There is nothing at this address."))
}
