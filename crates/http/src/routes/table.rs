//! Every address, its methods, and who may call them.

use cortex_identity::model::Role;

use super::admin::{jobs, login, overview, session, stuck};
use super::{connect, connection_status, documents, health, me, search, sync, sync_jobs, webhooks};
use crate::endpoint::{Access, Endpoint};

const OPEN: Access = Access::Open;
const VIEWER: Access = Access::Member(Role::Viewer);
const USER: Access = Access::Member(Role::User);
const ADMIN: Access = Access::Admin;

/// All of them. Of two addresses that fit a request the first one answers.
pub(crate) fn table() -> Vec<Endpoint> {
    vec![
        // For load balancers, orchestrators and people.
        Endpoint::at("/health/live").get(OPEN, health::live),
        Endpoint::at("/health/ready").get(OPEN, health::ready),
        Endpoint::at("/health").get(OPEN, health::summary),
        // Who am I.
        Endpoint::at("/api/v1/me").get(VIEWER, me::me),
        Endpoint::at("/api/v1/me/companies").get(VIEWER, me::companies),
        // Accounts.
        Endpoint::at("/api/v1/oauth/connect/start")
            .also_at("/connect/start")
            .get(USER, connect::start)
            .post(USER, connect::start),
        Endpoint::at("/api/v1/oauth/connect/reconnect").also_at("/connect/reconnect").post(USER, connect::reconnect),
        Endpoint::at("/api/v1/oauth/status").also_at("/status").get(VIEWER, connection_status::status),
        // The broker. It signs what it sends, and the use case checks that.
        Endpoint::at("/nango/webhook").also_at("/api/v1/webhooks/nango").post(OPEN, webhooks::receive),
        Endpoint::at("/nango/oauth/callback").post(OPEN, webhooks::callback),
        // Reading accounts.
        Endpoint::at("/api/v1/sync/initial/{provider}").also_at("/sync/initial/{provider}").post(USER, sync::initial),
        Endpoint::at("/api/v1/sync/jobs/{id}").also_at("/sync/jobs/{id}").get(VIEWER, sync_jobs::job),
        Endpoint::at("/api/v1/sync/{provider}").post(USER, sync::incremental),
        Endpoint::at("/sync/once").get(USER, sync::once_outlook).post(USER, sync::once_outlook),
        Endpoint::at("/sync/once/{provider}").get(USER, sync::once).post(USER, sync::once),
        // Documents.
        Endpoint::at("/api/v1/documents").get(VIEWER, documents::list),
        Endpoint::at("/api/v1/documents/{id}").get(VIEWER, documents::one),
        Endpoint::at("/api/v1/documents/{id}/provenance").get(VIEWER, documents::provenance),
        Endpoint::at("/api/v1/search").get(VIEWER, search::by_query).post(VIEWER, search::by_body),
        // The admin panel. Its login has a limit of its own.
        Endpoint::at("/admin/auth").post(OPEN, login::log_in),
        Endpoint::at("/admin/verify-session").get(ADMIN, session::verify),
        Endpoint::at("/admin/logout").post(ADMIN, session::log_out),
        Endpoint::at("/admin/connectors/sync").post(ADMIN, jobs::sync),
        Endpoint::at("/admin/connectors/users").get(ADMIN, jobs::users),
        Endpoint::at("/admin/jobs/all").also_at("/admin/connectors/history").get(ADMIN, jobs::list),
        Endpoint::at("/admin/jobs/{id}/retry").post(ADMIN, jobs::retry),
        Endpoint::at("/admin/sync-permissions").put(ADMIN, jobs::permit),
        Endpoint::at("/admin/inbox").get(ADMIN, stuck::webhooks),
        Endpoint::at("/admin/inbox/{id}/replay").post(ADMIN, stuck::replay),
        Endpoint::at("/admin/connections").get(ADMIN, stuck::quarantined),
        Endpoint::at("/admin/health/full").get(ADMIN, overview::health),
        Endpoint::at("/admin/metrics/overview").get(ADMIN, overview::metrics),
    ]
}
