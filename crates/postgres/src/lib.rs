//! PostgreSQL: every store port of the domains, on diesel-async, and the migrations of both databases.
//!
//! - [`Pool`]: connections that work as the role `cortex_app` for one company, with TLS.
//! - [`doctor`]: what a database looks like to whoever has to find out what is wrong with it.
//! - [`migrate`]: brings the schema of Master or of a company's database up or down.
//! - [`schema`]: which tables are ours.
//! - [`Backlog`]: how much waits.
//! - `tables`: one file a table, rows and SQL as free functions over a connection. `stores`: one file a port; a store
//!   owns its transactions.
//!
//! Not here: decisions. A store makes a value durable, or finds one; what the value ought to be is the domains' business.

mod backlog;
mod connect;
pub mod doctor;
mod look;
pub mod migrate;
mod pool;
pub mod schema;
pub mod stores;
mod tables;
mod tls;
mod together;
mod upkeep;

pub use backlog::{Backlog, Figures, LiveJobs};
pub use connect::{Address, ConnectError, ConnectFailure};
pub use pool::{Abort, Pool, PoolConfig, PoolStanding, PoolWatch, Pooler};
pub use upkeep::Upkeep;
