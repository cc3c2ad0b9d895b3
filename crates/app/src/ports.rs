//! Adapters in, ports out: the only place that names an adapter.

use std::num::NonZeroU16;
use std::sync::Arc;

use anyhow::Context;
use cortex_connections::ports::{ConnectSessionStore, ConnectionBroker, ConnectionStore};
use cortex_http::health::ReadinessCheck;
use cortex_identity::ports::{MembershipStore, TokenVerifier};
use cortex_ingestion::ports::PageStore;
use cortex_kernel::{Clock, IdGenerator, RandomIds, SystemClock};
use cortex_nango::{NangoClient, NangoConfig, NangoConnectionBroker};
use cortex_postgres::stores::{PgConnectSessionStore, PgConnectionStore, PgJobQueue, PgMembershipStore, PgPageStore};
use cortex_postgres::{Address, Pool, PoolConfig};
use cortex_supabase::{HttpJwks, SupabaseTokenVerifier, TokenRules};
use cortex_sync_jobs::ports::JobQueue;
use url::Url;

use crate::config::{DatabaseUrl, RuntimeConfig, ServeConfig};
use crate::readiness::DatabaseAnswers;
use crate::signing_keys::{KeysAreLoaded, SigningKeys};
use crate::tls;

/// What the use cases stand on. A test replaces what it wants: `Ports { ids: .., ..Ports::production(&config)? }`.
#[derive(Clone)]
pub struct Ports {
    /// What the process cannot do without.
    pub readiness: Vec<Arc<dyn ReadinessCheck>>,
    /// Whose tokens are ours.
    pub tokens: Arc<dyn TokenVerifier>,
    /// The keys behind that, to be kept fresh.
    pub signing_keys: Arc<dyn SigningKeys>,
    /// Who belongs to the company.
    pub members: Arc<dyn MembershipStore>,
    /// Where people connect their accounts.
    pub broker: Arc<dyn ConnectionBroker>,
    /// Who connected which account.
    pub connections: Arc<dyn ConnectionStore>,
    /// The connect sessions that we had opened.
    pub connect_sessions: Arc<dyn ConnectSessionStore>,
    /// The sync jobs.
    pub jobs: Arc<dyn JobQueue>,
    /// Documents, and how far each stream was read.
    pub pages: Arc<dyn PageStore>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where new ids come from.
    pub ids: Arc<dyn IdGenerator>,
}

/// As PostgreSQL's own views show us.
const APPLICATION_NAME: &str = "cortex";

/// Where the broker's webhooks arrive, below the deployment's own URL.
const WEBHOOK_PATH: &str = "nango/webhook";

impl Ports {
    /// The adapters that production runs with. Nothing is connected yet: what is away at the start is away like at any
    /// other time.
    pub fn production(config: &ServeConfig) -> anyhow::Result<Self> {
        let runtime = &config.runtime;
        let databases = &runtime.databases;
        let company = pool(runtime, &databases.urls.company, databases.company_pool_size).context("DATABASE_URL")?;
        let master = pool(runtime, &databases.urls.master, databases.master_pool_size).context("MASTER_DATABASE_URL")?;
        let tls = tls::client_config()?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let verifier = Arc::new(token_verifier(config, tls.clone(), Arc::clone(&clock))?);
        let signing_keys: Arc<dyn SigningKeys> = Arc::<SupabaseTokenVerifier>::clone(&verifier);
        Ok(Self {
            readiness: vec![
                Arc::new(DatabaseAnswers::new("database", company.clone())),
                Arc::new(DatabaseAnswers::new("master", master.clone())),
                Arc::new(KeysAreLoaded(Arc::clone(&signing_keys))),
            ],
            tokens: verifier,
            signing_keys,
            members: Arc::new(PgMembershipStore::new(master)),
            broker: Arc::new(broker(config, tls)?),
            connections: Arc::new(PgConnectionStore::new(company.clone())),
            connect_sessions: Arc::new(PgConnectSessionStore::new(company.clone())),
            jobs: Arc::new(PgJobQueue::new(company.clone())),
            pages: Arc::new(PgPageStore::new(company)),
            clock,
            ids: Arc::new(RandomIds),
        })
    }
}

fn pool(config: &RuntimeConfig, url: &DatabaseUrl, size: NonZeroU16) -> anyhow::Result<Pool> {
    let databases = &config.databases;
    Ok(Pool::new(PoolConfig {
        address: Address::parse(url.as_secret(), databases.urls.ca_file.as_ref(), APPLICATION_NAME)?,
        company: config.deployment.company_id,
        pooler: databases.pooler,
        size,
        acquire_timeout: databases.acquire_timeout,
        statement_timeout: databases.statement_timeout,
    }))
}

fn token_verifier(
    config: &ServeConfig,
    tls: rustls::ClientConfig,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<SupabaseTokenVerifier> {
    let identity = &config.identity;
    let rules = TokenRules {
        issuer: identity.issuer.clone(),
        audience: identity.audience.clone(),
        leeway: identity.leeway,
        allowed_client_ids: identity.allowed_client_ids.iter().cloned().collect(),
        legacy_secret: identity.legacy_secret.as_ref().map(|secret| secret.as_secret().clone()),
    };
    let keys = HttpJwks::new(&config.runtime.supabase_url, config.runtime.nango.timeout, tls)
        .context("the client for Supabase Auth cannot be set up")?;
    Ok(SupabaseTokenVerifier::new(rules, Arc::new(keys), clock))
}

fn broker(config: &ServeConfig, tls: rustls::ClientConfig) -> anyhow::Result<NangoConnectionBroker> {
    let nango = &config.runtime.nango;
    let access = NangoConfig {
        host: nango.access.host.clone(),
        secret_key: nango.access.secret_key.as_secret().clone(),
        timeout: nango.timeout,
    };
    let client = NangoClient::new(&access, tls)?;
    let webhook_url = config.http.public_url.as_ref().map(webhook_url).transpose()?;
    Ok(NangoConnectionBroker::new(client, nango.provider_keys.clone(), webhook_url))
}

fn webhook_url(public_url: &Url) -> anyhow::Result<Url> {
    let base = public_url.as_str().trim_end_matches('/');
    Url::parse(&format!("{base}/{WEBHOOK_PATH}")).context("PUBLIC_URL")
}
