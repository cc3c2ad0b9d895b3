//! Fresh Postgres databases and roles for tests, gone when the test is over.
//!
//! - [`TestServer`]: the server that `cargo xtask test` provides.
//! - [`TestDatabase`]: a database of one test, empty or a clone of a [`Template`].
//! - [`TestRole`]: a login without a superuser's power, for tests of who may see what.
//! - [`TestPooler`]: a PgBouncer in transaction mode between a login and the server.
//!
//! Nothing here knows the tables of Cortex: what is in a template, its caller prepares.
//!
//! # How nothing stays behind
//!
//! Everything that a process makes carries the process's token in its name, `cortex_test_<token>_<number>`, and a
//! session of that process carries the same token as its `application_name` as long as the process lives. So a name
//! whose token no session has belongs to a process that was killed; the next one removes it. That holds on a server
//! shared by many machines too, where process ids would tell nothing.
//!
//! Templates outlive processes: they are named by the digest of what is in them, and making a newer one removes the
//! older ones of the same name.
//!
//! A pooler ends, and its files go, when the process lets go of a pipe, however it ends.

mod database;
mod environment;
mod janitor;
mod names;
mod pooler;
mod role;
mod server;
mod session;
mod template;

pub use database::TestDatabase;
pub use pooler::{Connections, POOLER_REQUIRED_VARIABLE, TestPooler};
pub use role::TestRole;
pub use server::{SERVER_CA_VARIABLE, SERVER_VARIABLE, TestServer};
pub use session::connect;
pub use template::Template;
pub use tokio_postgres::Client;
