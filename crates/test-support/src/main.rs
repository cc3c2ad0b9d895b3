//! `cortex-test-sweep [TEMPLATES]`: removes from a server what tests left there, and the templates whose names begin
//! like the argument; without one, all.
//!
//! For servers that outlive a test run. Databases of living processes stay.

use cortex_test_support::TestServer;

fn main() {
    TestServer::from_env().sweep(&std::env::args().nth(1).unwrap_or_default());
}
