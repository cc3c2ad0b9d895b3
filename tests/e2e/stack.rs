//! One deployment of company A with everything around it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use cortex_app::commands::migrate::{self, Database};
use cortex_app::config::{MigrateConfig, ServeConfig};
use cortex_app::ports::ApiPorts;
use cortex_kernel::CompanyId;
use cortex_sandbox::nango::{EnvironmentConfig, IntegrationConfig, Nango, NangoConfig, RunningNango, SyncConfig};
use cortex_sandbox::provider::AccountConfig;
use cortex_sandbox::supabase::{RunningSupabase, SeedUser, Supabase, SupabaseConfig};
use cortex_test_support::{Template, TestDatabase, TestPooler, TestRole};

use crate::built_cortex::BuiltCortex;
use crate::people::{ADA, BRAMBLEWICK, JONAS, KESTREL, MARTA, OLIVE, Person, STRANGER, VERA};

/// Gone, with its databases and servers, when it is stopped or dropped.
pub(crate) struct Stack {
    pub(crate) config: ServeConfig,
    pub(crate) nango: RunningNango,
    pub(crate) supabase: RunningSupabase,
    /// What stands before both databases, where something does.
    pub(crate) pooler: Option<TestPooler>,
    pub(crate) master: TestDatabase,
    pub(crate) company: TestDatabase,
    variables: HashMap<&'static str, String>,
    _service: TestRole,
}

const EVERYBODY: [&Person; 6] = [&MARTA, &JONAS, &ADA, &VERA, &OLIVE, &STRANGER];
/// Of the service's login.
const RIGHTS: &str = "in role cortex_app";
const PASSWORD: &str = "correct horse";
const MIGRATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");

/// Both databases, migrated, and the service's login.
struct Databases {
    master: TestDatabase,
    company: TestDatabase,
    service: TestRole,
}

impl Databases {
    /// The login comes last: what it is a member of is made by the first migration of a server.
    async fn make() -> Self {
        let master = migrated(Database::Master).await;
        let company = migrated(Database::Company).await;
        Self { master, company, service: TestRole::with(RIGHTS).await }
    }
}

impl Stack {
    /// Migrated databases with the people in them, the stand-ins, and the configuration of the deployment. The service's
    /// login owns nothing.
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// The same, with these variables besides.
    pub(crate) async fn with(further: &[(&'static str, &str)]) -> Self {
        Self::make(Databases::make().await, None, EnvironmentConfig::default(), further).await
    }

    /// The same, where Nango syncs Gmail in the current models, which leave out texts.
    pub(crate) async fn of_current_models() -> Self {
        let syncs = Some(vec![SyncConfig::new("emails", &["Message"])]);
        let gmail = IntegrationConfig { syncs, ..IntegrationConfig::new("google-mail", "google-mail") };
        let environment = EnvironmentConfig { integrations: vec![gmail], ..EnvironmentConfig::default() };
        Self::make(Databases::make().await, None, environment, &[]).await
    }

    /// The same behind a pooler in transaction mode, which has so many connections to each database; `None`, which is
    /// told, where there is no pooler on this machine.
    pub(crate) async fn pooled(connections: u16, further: &[(&'static str, &str)]) -> Option<Self> {
        let databases = Databases::make().await;
        let pooler = TestPooler::start(&databases.service, connections).await?;
        let further = [&[("DATABASE_POOLER", "transaction")], further].concat();
        Some(Self::make(databases, Some(pooler), EnvironmentConfig::default(), &further).await)
    }

    async fn make(
        databases: Databases,
        pooler: Option<TestPooler>,
        environment: EnvironmentConfig,
        further: &[(&'static str, &str)],
    ) -> Self {
        let Databases { master, company, service } = databases;
        master
            .batch(&format!(
                "insert into companies (id, slug, name) values ('{KESTREL}', 'kestrel', 'Kestrel Pumps'), \
                 ('{BRAMBLEWICK}', 'bramblewick', 'Bramblewick Foods')"
            ))
            .await;
        for person in EVERYBODY {
            if let Some(role) = person.role {
                let Person { id, email, company, .. } = person;
                let insert = "insert into company_users (user_id, company_id, email, role)";
                master.batch(&format!("{insert} values ('{id}', '{company}', '{email}', '{role}')")).await;
            }
        }
        let url = |database: &TestDatabase| match &pooler {
            Some(pooler) => pooler.url(database),
            None => database.url_as(&service),
        };

        let supabase = Supabase::start(SupabaseConfig::with_users(EVERYBODY.map(sign_in))).unwrap();
        let (api_key, signing_key) = (environment.api_key.to_string(), environment.webhook_signing_key.clone());
        let nango = Nango::start(NangoConfig {
            environments: vec![environment],
            accounts: [MARTA.email, JONAS.email].map(AccountConfig::new).into(),
            ..NangoConfig::quick()
        })
        .unwrap();

        let mut variables = HashMap::from([
            ("COMPANY_ID", KESTREL.to_string()),
            ("DATABASE_URL", url(&company)),
            ("MASTER_DATABASE_URL", url(&master)),
            ("MASTER_SUPABASE_URL", supabase.base_url().to_owned()),
            ("MASTER_SUPABASE_SERVICE_KEY", supabase.service_key().to_owned()),
            ("FRONTEND_URL", "https://app.kestrelpumps.example/welcome".to_owned()),
            ("NANGO_HOST", nango.base_url().to_owned()),
            ("NANGO_SECRET_KEY", api_key),
            ("NANGO_WEBHOOK_SIGNING_KEY", signing_key),
            ("SYNC_POLL_MS", "20".to_owned()),
            // Nothing is read by itself but where a test wants it.
            ("SYNC_INTERVAL_SECONDS", "0".to_owned()),
            ("ALERT_INTERVAL_MINUTES", "0".to_owned()),
            // Tests look again and again.
            ("RATE_LIMIT_READ", "0".to_owned()),
            ("RATE_LIMIT_WRITE", "0".to_owned()),
            ("EXPOSE_DOCS", "true".to_owned()),
            ("HOST", "127.0.0.1".to_owned()),
            ("PORT", "0".to_owned()),
        ]);
        variables.extend(further.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let config = configuration(&variables);
        Self { config, nango, supabase, pooler, master, company, variables, _service: service }
    }

    /// Of another company's deployment, with the same databases and everything else.
    pub(crate) fn config_of(&self, company: CompanyId) -> ServeConfig {
        let mut variables = self.variables.clone();
        variables.insert("COMPANY_ID", company.to_string());
        configuration(&variables)
    }

    /// What the deployment is configured by, with these variables besides.
    pub(crate) fn variables(&self, further: &[(&'static str, &str)]) -> HashMap<&'static str, String> {
        let mut variables = self.variables.clone();
        variables.extend(further.iter().map(|(name, value)| (*name, (*value).to_owned())));
        variables
    }

    /// With which the service logs in.
    pub(crate) fn database_password(&self) -> String {
        let login = self.variables["DATABASE_URL"].split_once("://").unwrap().1.split_once('@').unwrap().0;
        login.split_once(':').unwrap().1.to_owned()
    }

    /// The adapters of production. Files are read by the product's binary, which this test is not.
    pub(crate) fn ports(&self) -> ApiPorts {
        let mut ports = ApiPorts::production(&self.config).unwrap();
        ports.shared.extractor = Arc::new(BuiltCortex::beside_this_test());
        ports
    }

    /// The access token of a sign-in by password.
    pub(crate) async fn sign_in(&self, person: &Person) -> String {
        let answer = http()
            .post(format!("{}/auth/v1/token?grant_type=password", self.supabase.base_url()))
            .header("apikey", self.supabase.anon_key())
            .json(&serde_json::json!({ "email": person.email, "password": PASSWORD }))
            .send()
            .await
            .unwrap();
        let session: serde_json::Value = answer.json().await.unwrap();
        session["access_token"].as_str().unwrap().to_owned()
    }
}

/// A client of the loopback servers, without TLS. It gives up connections before the service does, which tells whoever opened
/// one and asks nothing for five seconds that this took too long.
pub(crate) fn http() -> reqwest::Client {
    // Another test of the process may have been quicker.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().pool_idle_timeout(Duration::from_secs(2)).build().unwrap()
}

fn configuration(variables: &HashMap<&'static str, String>) -> ServeConfig {
    ServeConfig::from_env(&|name| variables.get(name).cloned()).unwrap()
}

/// A fresh database at the newest migration.
async fn migrated(database: Database) -> TestDatabase {
    let folder = format!("{MIGRATIONS}/{database}");
    let template = Template::new(database.name()).folder(&folder).unwrap();
    TestDatabase::create(&template, async |url| {
        // The configuration names both databases; only one of them is migrated here.
        let elsewhere = "postgres://nobody@127.0.0.1:1/elsewhere".to_owned();
        let (master, company) = match database {
            Database::Master => (url, elsewhere),
            Database::Company => (elsewhere, url),
        };
        let variables = HashMap::from([
            ("COMPANY_ID", KESTREL.to_string()),
            ("MASTER_DATABASE_URL", master),
            ("DATABASE_URL", company),
        ]);
        let config = MigrateConfig::from_env(&|name| variables.get(name).cloned()).unwrap();
        migrate::up(database, &config).await.unwrap();
    })
    .await
}

fn sign_in(person: &Person) -> SeedUser {
    SeedUser::new(person.email, PASSWORD)
        .with_id(person.id.as_uuid())
        .with_user_metadata("company_id", person.company.to_string())
}
