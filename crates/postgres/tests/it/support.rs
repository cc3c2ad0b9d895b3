//! Databases as users have them: empty or lived in, at Supabase or not, migrated by an owner without special powers.

use std::str::FromStr;
use std::sync::Arc;

use cortex_kernel::{CompanyId, SystemClock};
use cortex_postgres::Address;
use cortex_postgres::doctor::{Examination, Examiner};
use cortex_postgres::migrate::Migrator;
use cortex_postgres::schema::Database;
use cortex_test_support::{Client, TestDatabase, TestRole};

/// The company of the lived-in databases.
pub(crate) const COMPANY_A: &str = "0a0a0a0a-0000-4000-8000-00000000000a";
/// Another one.
pub(crate) const COMPANY_B: &str = "0b0b0b0b-0000-4000-8000-00000000000b";
/// A member of A.
pub(crate) const USER_A1: &str = "0a0a0a0a-0000-4000-8000-0000000000a1";

const SUPABASE: &str = include_str!("lived_in/supabase.sql");
const MASTER: &str = include_str!("lived_in/master.sql");
const MASTER_BY_HAND: &str = include_str!("lived_in/master_by_hand.sql");
const COMPANY: &str = include_str!("lived_in/company.sql");
const COMPANY_BY_HAND: &str = include_str!("lived_in/company_by_hand.sql");

/// What stood in the database before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Past {
    /// Nothing.
    Empty,
    /// The tables that people made by hand.
    LivedIn,
    /// The same, and the documented migrations pasted by hand.
    ByHand,
}

/// Where the database is hosted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// A plain server.
    Plain,
    /// Supabase, with its default privileges.
    Supabase,
}

/// A database and the login that owns it and migrates it.
pub(crate) struct Owned {
    pub(crate) kind: Database,
    pub(crate) database: TestDatabase,
    pub(crate) owner: TestRole,
}

impl Owned {
    pub(crate) async fn new(kind: Database, past: Past, host: Host) -> Self {
        let database = TestDatabase::empty().await;
        let owner = TestRole::with("CREATEROLE").await;
        database.batch(&format!("alter database {} owner to {}", database.name(), owner.name())).await;
        grant_admin_where_needed(&database, &owner).await;
        let new = Self { kind, database, owner };

        // Hand-run 007 speaks of auth.uid(), so whoever pasted it had one.
        if host == Host::Supabase || past == Past::ByHand {
            new.as_owner().await.batch_execute(SUPABASE).await.unwrap();
        }
        if past == Past::ByHand && host == Host::Plain {
            let undo = SUPABASE.lines().filter(|line| line.starts_with("alter default privileges"));
            let undo: String =
                undo.map(|line| line.replace("grant", "revoke").replace(" to ", " from ") + "\n").collect();
            new.as_owner().await.batch_execute(&undo).await.unwrap();
        }
        let (lived_in, by_hand) = match kind {
            Database::Master => (MASTER, MASTER_BY_HAND),
            Database::Company => (COMPANY, COMPANY_BY_HAND),
        };
        if past != Past::Empty {
            new.as_owner().await.batch_execute(lived_in).await.unwrap();
        }
        if past == Past::ByHand {
            new.as_owner().await.batch_execute(by_hand).await.unwrap();
        }
        new
    }

    /// The same, migrated.
    pub(crate) async fn migrated(kind: Database, past: Past, host: Host) -> Self {
        let owned = Self::new(kind, past, host).await;
        owned.migrator().up(None).await.unwrap();
        owned
    }

    pub(crate) fn migrator(&self) -> Migrator {
        Migrator::new(self.kind, address(&self.database.url_as(&self.owner)), company(COMPANY_A))
    }

    /// What a login finds here, looking for company A.
    pub(crate) async fn examine(&self, login: &TestRole) -> Examination {
        self.examiner(&self.database.url_as(login)).examine().await.unwrap()
    }

    pub(crate) fn examiner(&self, url: &str) -> Examiner {
        Examiner::new(self.kind, address(url), company(COMPANY_A), Arc::new(SystemClock))
    }

    pub(crate) async fn as_owner(&self) -> Client {
        self.database.connect_as(&self.owner).await.unwrap()
    }

    /// A session that works as a role, for a company or for none.
    pub(crate) async fn as_role(&self, role: &str, company: Option<&str>) -> Client {
        let client = self.database.connect().await;
        client.batch_execute(&format!("set role {role}")).await.unwrap();
        if let Some(company) = company {
            client.batch_execute(&format!("set cortex.tenant_id = '{company}'")).await.unwrap();
        }
        client
    }
}

pub(crate) fn address(url: &str) -> Address {
    Address::parse(&url.into(), None, "cortex-test").unwrap()
}

pub(crate) fn company(id: &str) -> CompanyId {
    CompanyId::from_str(id).unwrap()
}

/// One number that a query answers.
pub(crate) async fn count(client: &Client, query: &str) -> i64 {
    client.query_one(query, &[]).await.unwrap_or_else(|error| panic!("{query}: {error:?}")).get(0)
}

/// One text that a query answers.
pub(crate) async fn text(client: &Client, query: &str) -> Option<String> {
    client.query_one(query, &[]).await.unwrap_or_else(|error| panic!("{query}: {error:?}")).get(0)
}

/// From PostgreSQL 16 on a login that may create roles may hand on those only that it made itself or was given, and the
/// roles of our walls belong to the whole server: on a server of its own a deployment's owner made them.
async fn grant_admin_where_needed(database: &TestDatabase, owner: &TestRole) {
    let client = database.connect().await;
    let version: i64 = count(&client, "select current_setting('server_version_num')::bigint").await;
    if version < 160_000 {
        return;
    }
    for role in ["cortex_app", "cortex_search"] {
        let make = format!(
            "do $$ begin create role {role} nologin; exception when duplicate_object or unique_violation then null; end $$"
        );
        client.batch_execute(&make).await.unwrap();
        client.batch_execute(&format!("grant {role} to {} with admin option", owner.name())).await.unwrap();
    }
}
