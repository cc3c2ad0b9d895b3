//! The pools of connections to the databases.

use std::sync::Arc;
use std::time::Duration;

use cortex_postgres::{Pool, PoolStanding, PoolWatch};

use super::series::{Book, Counters, FAST, Gauges, Timings};

/// What is counted of pools.
#[derive(Clone)]
pub(super) struct Pools {
    connections: Gauges<2>,
    most: Gauges<1>,
    waiting: Gauges<1>,
    waited: Timings<1>,
    not_had: Counters<2>,
}

/// One pool under its name.
struct Watched {
    database: &'static str,
    pools: Pools,
}

impl Pools {
    pub(super) fn new(book: &mut Book) -> Self {
        Self {
            connections: book.gauges(
                "cortex_database_connections",
                ["database", "state"],
                "Connections of this process, in_use or idle, to the database of the company or master",
            ),
            most: book.gauges("cortex_database_connections_max", ["database"], "Most connections that there may be"),
            waiting: book.gauges("cortex_database_waiting", ["database"], "Pieces of work that wait for a connection"),
            waited: book.timings(
                "cortex_database_acquire_duration_seconds",
                ["database"],
                FAST,
                "How long work waited for its connection, being made or in use elsewhere",
            ),
            not_had: book
                .counters(
                    "cortex_database_acquire_failures_total",
                    ["database", "reason"],
                    "Work that got no connection: all_in_use for too long, or the database is unreachable",
                )
                .beginning_with([
                    ["company", "all_in_use"],
                    ["company", "unreachable"],
                    ["master", "all_in_use"],
                    ["master", "unreachable"],
                ]),
        }
    }

    pub(super) fn watch(&self, database: &'static str) -> Arc<dyn PoolWatch> {
        Arc::new(Watched { database, pools: self.clone() })
    }

    /// Takes note of how a pool stands now.
    pub(super) fn look(&self, database: &'static str, pool: &Pool) {
        let PoolStanding { most, open, idle, waiting } = pool.standing();
        let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        self.connections.set([database, "in_use"], number(open.saturating_sub(idle)));
        self.connections.set([database, "idle"], number(idle));
        self.most.set([database], number(most));
        self.waiting.set([database], number(waiting));
    }
}

impl PoolWatch for Watched {
    fn had(&self, waited: Duration) {
        self.pools.waited.observe([self.database], waited);
    }

    fn not_had(&self, all_in_use: bool) {
        let reason = if all_in_use { "all_in_use" } else { "unreachable" };
        self.pools.not_had.one([self.database, reason]);
    }
}
