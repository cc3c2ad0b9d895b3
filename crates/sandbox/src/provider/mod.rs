//! The providers behind Nango: one small server that plays Google, Microsoft and Intuit.
//!
//! It has an authorize page on which a person chooses an account and allows or denies, a token endpoint that verifies
//! PKCE, refresh tokens, and those parts of the Gmail, Drive, Graph and `QuickBooks` APIs that a reader of mail, files
//! and books meets. Paths of the vendors do not collide, so all APIs live on one address.
//!
//! Not here: sign-up, passwords, consent per scope, sending or changing anything.

mod account;
mod api;
mod authorize;
mod books;
mod drive;
mod drive_api;
mod gmail_api;
mod grants;
mod graph_api;
mod quickbooks_api;
mod token;
mod vendor;
mod workbench;

use std::fmt;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};

pub use account::{Account, AccountConfig};
pub(crate) use api::broken;
pub use books::{Books, Generation};
pub use drive::DriveFile;
pub use vendor::Vendor;

use crate::clock::Clock;
use crate::faults::Faults;
use crate::tasks::Tasks;
use grants::Grants;

/// Everything the providers know. Clones share it.
#[derive(Debug, Clone)]
pub struct Provider {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Clock,
    faults: Faults,
    accounts: Mutex<Vec<Account>>,
    grants: Mutex<Grants>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Provider {
    /// Providers without accounts; access tokens live for `token_lifetime`.
    pub(crate) fn new(clock: Clock, token_lifetime: Duration) -> Self {
        let grants = Mutex::new(Grants::new(token_lifetime));
        let (faults, accounts) = (Faults::default(), Mutex::new(Vec::new()));
        Self { shared: Arc::new(Shared { clock, faults, accounts, grants }) }
    }

    /// Serves on `listener`, as one of `tasks`.
    pub(crate) fn serve(&self, listener: TcpListener, tasks: &Tasks) -> std::io::Result<ServerHandle> {
        let provider = self.clone();
        let server = HttpServer::new(move || App::new().app_data(web::Data::new(provider.clone())).configure(routes))
            .workers(1)
            .disable_signals()
            .shutdown_timeout(1)
            .listen(listener)?
            .run();
        let handle = server.handle();
        tasks.serve(server);
        Ok(handle)
    }

    /// Adds an account, or replaces the one with the same address.
    pub fn put_account(&self, account: Account) {
        let mut accounts = self.accounts();
        match accounts.iter_mut().find(|known| known.email.eq_ignore_ascii_case(&account.email)) {
            Some(known) => *known = account,
            None => accounts.push(account),
        }
    }

    /// Changes an account in place; false when there is none with that address.
    pub fn change_account(&self, email: &str, change: impl FnOnce(&mut Account)) -> bool {
        let mut accounts = self.accounts();
        let found = accounts.iter_mut().find(|known| known.email.eq_ignore_ascii_case(email));
        found.map(change).is_some()
    }

    /// The account with that address; capitals do not matter.
    #[must_use]
    pub fn find_account(&self, email: &str) -> Option<Account> {
        self.accounts().iter().find(|known| known.email.eq_ignore_ascii_case(email)).cloned()
    }

    /// Address and name of every account.
    #[must_use]
    pub fn list_accounts(&self) -> Vec<(String, String)> {
        self.accounts().iter().map(|account| (account.email.clone(), account.name.clone())).collect()
    }

    /// The account no longer trusts anyone: its access and refresh tokens are worthless. `None` = of all vendors.
    pub fn revoke(&self, email: &str, vendor: Option<Vendor>) {
        self.grants().revoke(email, vendor);
    }

    /// Trouble of the providers' server.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.shared.faults.clone()
    }

    /// Whose data an access token opens, and at which vendor; `None` when it is unknown, expired or revoked.
    pub(crate) fn account_of_token(&self, access_token: &str) -> Option<(Account, Vendor, String)> {
        let (email, vendor, scope) = self.grants().holder(access_token, self.shared.clock.now())?;
        Some((self.find_account(&email)?, vendor, scope))
    }

    fn accounts(&self) -> MutexGuard<'_, Vec<Account>> {
        self.shared.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn grants(&self) -> MutexGuard<'_, Grants> {
        self.shared.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn routes(config: &mut web::ServiceConfig) {
    let root = web::scope("")
        .wrap(actix_web::middleware::from_fn(api::faults))
        .configure(authorize::routes)
        .configure(token::routes)
        .configure(gmail_api::routes)
        .configure(graph_api::routes)
        .configure(drive_api::routes)
        .configure(quickbooks_api::routes)
        .configure(workbench::routes);
    config.service(root);
}
