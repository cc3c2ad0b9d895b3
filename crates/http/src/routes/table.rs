//! Every address, its methods, and who may call them.

use cortex_identity::model::Role;

use super::admin::{audit_log, jobs, login, overview, session, stuck, workers};
use super::{
    alerts, analytics, books, chats, connect, connection_status, connections, daily_reports, dashboard, deletions,
    document_file, documents, emails, episodes, export, health, insights, integrations, intelligence, job_events, me,
    new_document, removal, saved_reports, search, set_aside, sources, sync, sync_jobs, team, uploads, usage, webhooks,
};
use crate::endpoint::{Access, Endpoint};

const OPEN: Access = Access::Open;
const VIEWER: Access = Access::Member(Role::Viewer);
const USER: Access = Access::Member(Role::User);
const ADMIN: Access = Access::Member(Role::Admin);
const OWNER: Access = Access::Member(Role::Owner);
/// No member, but who holds a session of the admin panel.
const PANEL: Access = Access::Admin;

/// All of them. Of two addresses that fit a request the first one answers.
pub(crate) fn table() -> Vec<Endpoint> {
    let mut table = probes();
    table.extend(members());
    table.extend(knowledge());
    table.extend(reports());
    table.extend(panel());
    table
}

/// Who one is, accounts, and documents.
fn members() -> Vec<Endpoint> {
    vec![
        // Who am I.
        Endpoint::at("/api/v1/me").get(VIEWER, me::me),
        Endpoint::at("/api/v1/me/companies").get(VIEWER, me::companies),
        // The team. What an admin may do to whom is the use cases' business.
        Endpoint::at("/api/v1/users").get(VIEWER, team::list),
        Endpoint::at("/api/v1/users/invite").post(ADMIN, team::invite).telling_message(),
        Endpoint::at("/api/v1/users/{user_id}").patch(ADMIN, team::change).delete(ADMIN, team::deactivate),
        Endpoint::at("/api/v1/users/{user_id}/erase").post(OWNER, removal::person),
        // Accounts.
        Endpoint::at("/api/v1/oauth/connect/start")
            .also_at("/connect/start")
            .begins_connects()
            .get(USER, connect::start)
            .post(USER, connect::start),
        Endpoint::at("/api/v1/oauth/connect/reconnect")
            .also_at("/connect/reconnect")
            .begins_connects()
            .post(USER, connect::reconnect),
        Endpoint::at("/api/v1/oauth/connect/sync-from-nango")
            .also_at("/connect/sync-from-nango")
            .post(USER, connect::sync_from_nango),
        // Those of others are the use cases' business.
        Endpoint::at("/api/v1/oauth/connections").get(VIEWER, connections::list),
        Endpoint::at("/api/v1/oauth/connections/{id}").delete(USER, connections::disconnect),
        Endpoint::at("/api/v1/oauth/status").also_at("/status").get(VIEWER, connection_status::status),
        Endpoint::at("/api/v1/oauth/deletions").get(ADMIN, deletions::list),
        Endpoint::at("/api/v1/oauth/deletions/{id}/confirm").post(ADMIN, deletions::confirm),
        Endpoint::at("/api/v1/oauth/deletions/{id}/reject").post(ADMIN, deletions::reject),
        // The broker. It signs what it sends, and the use case checks that.
        Endpoint::at("/nango/webhook").also_at("/api/v1/webhooks/nango").post(OPEN, webhooks::receive),
        Endpoint::at("/nango/oauth/callback").post(OPEN, webhooks::callback),
        // Reading accounts.
        Endpoint::at("/api/v1/sync/initial/{provider}").also_at("/sync/initial/{provider}").post(USER, sync::initial),
        Endpoint::at("/api/v1/sync/jobs").get(USER, sync_jobs::list),
        Endpoint::at("/api/v1/sync/jobs/{id}").also_at("/sync/jobs/{id}").get(VIEWER, sync_jobs::job),
        Endpoint::at("/api/v1/sync/jobs/{id}/events").get(VIEWER, job_events::events),
        Endpoint::at("/api/v1/sync/jobs/{id}/cancel").post(USER, sync_jobs::cancel),
        Endpoint::at("/api/v1/sync/jobs/{id}/retry").post(USER, sync_jobs::retry),
        Endpoint::at("/api/v1/sync/set-aside").get(USER, set_aside::list),
        Endpoint::at("/api/v1/sync/{provider}").post(USER, sync::incremental),
        Endpoint::at("/sync/once").get(USER, sync::once_outlook).post(USER, sync::once_outlook),
        Endpoint::at("/sync/once/{provider}").get(USER, sync::once).post(USER, sync::once),
        // Documents.
        Endpoint::at("/api/v1/sources/{id}").get(VIEWER, sources::one),
        Endpoint::at("/api/v1/emails").get(VIEWER, emails::list),
        Endpoint::at("/api/v1/emails/threads/{thread_id}").get(VIEWER, emails::thread),
        Endpoint::at("/api/v1/emails/by-episodes").post(VIEWER, episodes::many),
        Endpoint::at("/api/v1/emails/by-episode/{id}").get(VIEWER, episodes::one),
        Endpoint::at("/api/v1/emails/{id}").get(VIEWER, emails::one),
        Endpoint::at("/api/v1/export").get(OWNER, export::export),
        Endpoint::at("/api/v1/documents").get(VIEWER, documents::list).post(USER, new_document::add),
        Endpoint::at("/api/v1/documents/{id}").get(VIEWER, documents::one).delete(ADMIN, removal::document),
        Endpoint::at("/api/v1/documents/{id}/file").get(VIEWER, document_file::file),
        Endpoint::at("/api/v1/documents/{id}/provenance").get(VIEWER, documents::provenance),
        Endpoint::at("/api/v1/upload/file").post(USER, uploads::one),
        Endpoint::at("/api/v1/upload/files").post(USER, uploads::many),
        Endpoint::at("/api/v1/usage").get(VIEWER, usage::usage),
        Endpoint::at("/api/v1/search").get(VIEWER, search::by_query).post(VIEWER, search::by_body),
        // Asking what the company knows.
        Endpoint::at("/api/v1/chats").also_at("/chats").get(VIEWER, chats::list).post(VIEWER, chats::begin),
        Endpoint::at("/api/v1/chats/{id}").also_at("/chats/{id}").delete(VIEWER, chats::delete),
        Endpoint::at("/api/v1/chats/{id}/messages").also_at("/chats/{id}/messages").get(VIEWER, chats::messages),
        Endpoint::at("/api/v1/chat").post(VIEWER, chats::ask),
    ]
}

/// What the company sees of its knowledge.
fn knowledge() -> Vec<Endpoint> {
    vec![
        Endpoint::at("/api/v1/dashboard").get(VIEWER, dashboard::dashboard),
        Endpoint::at("/api/v1/dashboard/quickbooks/overview")
            .also_at("/quickbooks/overview")
            .get(VIEWER, books::overview),
        Endpoint::at("/api/v1/dashboard/quickbooks/invoices").get(VIEWER, books::invoices),
        Endpoint::at("/api/v1/dashboard/quickbooks/bills").get(VIEWER, books::bills),
        Endpoint::at("/api/v1/dashboard/quickbooks/payments").get(VIEWER, books::payments),
        Endpoint::at("/api/v1/integrations").get(VIEWER, integrations::list),
        Endpoint::at("/api/v1/integrations/quickbooks/summary")
            .also_at("/integrations/quickbooks/summary")
            .get(VIEWER, books::summary),
        Endpoint::at("/api/v1/intelligence/daily").get(VIEWER, intelligence::daily),
        Endpoint::at("/api/v1/intelligence/daily/latest").get(VIEWER, intelligence::latest_day),
        Endpoint::at("/api/v1/intelligence/weekly").get(VIEWER, intelligence::weekly),
        Endpoint::at("/api/v1/intelligence/weekly/latest").get(VIEWER, intelligence::latest_week),
        Endpoint::at("/api/v1/intelligence/monthly").get(VIEWER, intelligence::monthly),
        Endpoint::at("/api/v1/intelligence/monthly/latest").get(VIEWER, intelligence::latest_month),
        Endpoint::at("/api/v1/intelligence/trends/daily").get(VIEWER, intelligence::daily_trend),
        Endpoint::at("/api/v1/intelligence/trends/weekly").get(VIEWER, intelligence::weekly_trend),
        Endpoint::at("/api/v1/intelligence/trends/monthly").get(VIEWER, intelligence::monthly_trend),
        Endpoint::at("/api/v1/intelligence/health").get(VIEWER, intelligence::health),
        Endpoint::at("/api/v1/insights/daily").get(VIEWER, insights::daily),
        Endpoint::at("/api/v1/insights/weekly").get(VIEWER, insights::weekly),
        Endpoint::at("/api/v1/insights/monthly").get(VIEWER, insights::monthly),
        Endpoint::at("/api/v1/insights/latest").get(VIEWER, insights::latest),
        Endpoint::at("/api/v1/insights/categories").get(VIEWER, insights::categories),
        Endpoint::at("/api/v1/insights/drill-down").post(VIEWER, insights::drill_down),
        Endpoint::at("/api/v1/insights/generate").post(USER, insights::generate),
        Endpoint::at("/api/v1/insights/regenerate").post(USER, insights::regenerate),
        Endpoint::at("/api/v1/analytics/communication/patterns").get(VIEWER, analytics::patterns),
        Endpoint::at("/api/v1/analytics/relationships/network").get(VIEWER, analytics::network),
        Endpoint::at("/api/v1/analytics/entities/trending").get(VIEWER, analytics::trending),
        Endpoint::at("/api/v1/analytics/deals/momentum").get(VIEWER, analytics::momentum),
        Endpoint::at("/api/v1/analytics/sentiment/analysis").get(VIEWER, analytics::sentiment),
        Endpoint::at("/api/v1/alerts/active").get(VIEWER, alerts::active),
        Endpoint::at("/api/v1/alerts/stats").get(VIEWER, alerts::stats),
        Endpoint::at("/api/v1/alerts/history").get(VIEWER, alerts::history),
        Endpoint::at("/api/v1/alerts/backfill").post(ADMIN, alerts::backfill),
        Endpoint::at("/api/v1/alerts/{id}").get(VIEWER, alerts::one),
        Endpoint::at("/api/v1/alerts/{id}/dismiss").post(USER, alerts::dismiss),
        Endpoint::at("/api/v1/alerts/{id}/investigate").post(USER, alerts::investigate),
    ]
}

/// Reports. Whose they are is the stores' business.
fn reports() -> Vec<Endpoint> {
    vec![
        Endpoint::at("/api/v1/reports/daily/generate").post(USER, daily_reports::generate),
        Endpoint::at("/api/v1/reports/daily/latest").get(VIEWER, daily_reports::latest),
        Endpoint::at("/api/v1/reports/daily/{date}").get(VIEWER, daily_reports::of_day),
        Endpoint::at("/api/v1/reports/daily/{date}/all").get(VIEWER, daily_reports::all_of_day),
        Endpoint::at("/api/v1/reports/daily/{date}/download").get(VIEWER, daily_reports::download),
        Endpoint::at("/api/v1/reports/save").post(VIEWER, saved_reports::save),
        Endpoint::at("/api/v1/reports/list").get(VIEWER, saved_reports::list),
        Endpoint::at("/api/v1/reports/search").get(VIEWER, saved_reports::search),
        Endpoint::at("/api/v1/reports/stats").get(VIEWER, saved_reports::stats),
        Endpoint::at("/api/v1/reports/{id}")
            .get(VIEWER, saved_reports::one)
            .patch(VIEWER, saved_reports::change)
            .delete(VIEWER, saved_reports::delete),
        Endpoint::at("/api/v1/reports/{id}/star").post(VIEWER, saved_reports::star),
    ]
}

/// The admin panel. Its login has a limit of its own.
fn panel() -> Vec<Endpoint> {
    vec![
        Endpoint::at("/admin/auth").post(OPEN, login::log_in),
        Endpoint::at("/admin/verify-session").get(PANEL, session::verify),
        Endpoint::at("/admin/logout").post(PANEL, session::log_out),
        Endpoint::at("/admin/connectors/sync").post(PANEL, jobs::sync),
        Endpoint::at("/admin/connectors/users").get(PANEL, jobs::users),
        Endpoint::at("/admin/jobs/all").also_at("/admin/connectors/history").get(PANEL, jobs::list),
        Endpoint::at("/admin/jobs/{id}/retry").post(PANEL, jobs::retry),
        Endpoint::at("/admin/jobs/{id}/cancel").post(PANEL, jobs::cancel),
        Endpoint::at("/admin/sync-permissions").put(PANEL, jobs::permit),
        Endpoint::at("/admin/inbox").get(PANEL, stuck::webhooks),
        Endpoint::at("/admin/inbox/{id}/replay").post(PANEL, stuck::replay),
        Endpoint::at("/admin/connections").get(PANEL, stuck::connections),
        Endpoint::at("/admin/health/full").get(PANEL, overview::health),
        Endpoint::at("/admin/metrics/overview").get(PANEL, overview::metrics),
        Endpoint::at("/admin/workers/status").get(PANEL, workers::status),
        Endpoint::at("/admin/audit-log").get(PANEL, audit_log::list),
        Endpoint::at("/admin/audit-log/export").get(PANEL, audit_log::export),
    ]
}

/// Those for load balancers, orchestrators and people.
pub(crate) fn probes() -> Vec<Endpoint> {
    vec![
        Endpoint::at("/health/live").get(OPEN, health::live),
        Endpoint::at("/health/ready").get(OPEN, health::ready),
        Endpoint::at("/health").get(OPEN, health::summary),
    ]
}
