//! Adapters in, ports out: the only place that names an adapter.

use std::num::NonZeroU16;
use std::sync::Arc;

use anyhow::Context;
use cortex_http::health::ReadinessCheck;
use cortex_kernel::{IdGenerator, RandomIds};
use cortex_postgres::{Address, Pool, PoolConfig};

use crate::config::{DatabaseUrl, RuntimeConfig};
use crate::readiness::DatabaseAnswers;

/// What the use cases stand on. A test replaces what it wants: `Ports { ids: .., ..Ports::production(&config)? }`.
#[derive(Clone)]
pub struct Ports {
    /// What the process cannot do without.
    pub readiness: Vec<Arc<dyn ReadinessCheck>>,
    /// Where new ids come from.
    pub ids: Arc<dyn IdGenerator>,
}

/// As PostgreSQL's own views show us.
const APPLICATION_NAME: &str = "cortex";

impl Ports {
    /// The adapters that production runs with. Nothing is connected yet: a database that is away at the start is away
    /// like at any other time.
    pub fn production(config: &RuntimeConfig) -> anyhow::Result<Self> {
        let databases = &config.databases;
        let company = pool(config, &databases.urls.company, databases.company_pool_size).context("DATABASE_URL")?;
        let master = pool(config, &databases.urls.master, databases.master_pool_size).context("MASTER_DATABASE_URL")?;
        Ok(Self {
            readiness: vec![
                Arc::new(DatabaseAnswers::new("database", company)),
                Arc::new(DatabaseAnswers::new("master", master)),
            ],
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
