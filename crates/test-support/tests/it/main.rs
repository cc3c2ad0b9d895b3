//! Databases and roles on a real server: what they hold, and that nothing of them stays.

mod databases;
mod leftovers;
mod pooler;
mod roles;
mod templates;

use cortex_test_support::{Client, TestServer, connect};

/// A session in the maintenance database, beside those of the crate.
async fn observer() -> Client {
    connect(&TestServer::from_env().url("postgres")).await.expect("the server of the run is there")
}

async fn exists(observer: &Client, catalogue: &str, column: &str, name: &str) -> bool {
    let sql = format!("SELECT EXISTS (SELECT FROM {catalogue} WHERE {column} = $1)");
    observer.query_one(&sql, &[&name]).await.expect("a catalogue can be read").get(0)
}

async fn database_exists(observer: &Client, name: &str) -> bool {
    exists(observer, "pg_database", "datname", name).await
}

async fn role_exists(observer: &Client, name: &str) -> bool {
    exists(observer, "pg_roles", "rolname", name).await
}
