//! The two databases: the way to them, the servers, who we are there, and how their schemas stand.

use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::{CompanyId, SystemClock};
use cortex_postgres::doctor::{ExamineError, Examiner, Login, Server};
use cortex_postgres::migrate::{Inspection, Inspector};
use cortex_postgres::schema::Database;
use cortex_postgres::{Address, ConnectError, ConnectFailure};
use futures_util::future::join;
use serde_json::json;
use tokio::time::timeout;
use uuid::Uuid;

use super::check::{Check, Finding, Notes, Outcome, list};
use super::{rows, walls};
use crate::config::{DatabaseUrl, DoctorConfig};

static REACHABLE: Check = Check::error(
    "database_reachable",
    "the database cannot be connected to: its name is not known, nothing listens, TLS or the login is refused",
    "as the finding says: correct the URL, the network, the server's certificate or the password",
);
static ENCRYPTED: Check = Check::warning(
    "database_encrypted",
    "what goes to and from a database on another machine is not encrypted",
    "`sslmode=verify-full` in the URL, and `DATABASE_CA_FILE` where the authority is not a public one",
);
static VERSION: Check =
    Check::warning("database_version", "the server is older than PostgreSQL 15", "upgrade the server to 15 or newer");
static CLOCK: Check = Check::warning(
    "database_clock",
    "the clocks of the database and of this machine differ by more than 5 seconds",
    "let both follow NTP (`timedatectl set-ntp true`)",
);
static WRITABLE: Check = Check::error(
    "database_writable",
    "nothing can be written: the server follows another one, or was told to be read-only",
    "lead the URL to the primary, or `alter database … reset default_transaction_read_only`",
);
static LOGIN_RIGHTS: Check = Check::error(
    "login_rights",
    "the service's login cannot work as `cortex_app`, as which alone the service works",
    "`grant cortex_app to LOGIN`, as the owner of that role; before the first `cortex migrate up` there is none",
);
static LOGIN_POWERFUL: Check = Check::note(
    "login_powerful",
    "the service's login owns the tables, is superuser or is above row level security; the service lays that down, and \
     whoever learns the password does not",
    "`create role LOGIN login in role cortex_app`, and put it into the URL; keep the owner for `MIGRATION_DATABASE_URL`",
);
static PENDING: Check =
    Check::error("migrations_pending", "migrations of this version have not run", "`cortex migrate up`");
static UNKNOWN: Check = Check::note(
    "migrations_unknown",
    "a newer version has migrated the database; this one works with it",
    "finish the upgrade, or the way back, before long",
);
static SHARED: Check = Check::error(
    "database_shared",
    "the URLs of the company and of Master lead to the same database",
    "give Master a database of its own: correct `DATABASE_URL` or `MASTER_DATABASE_URL`",
);

/// What is asked of each database.
pub(super) static CHECKS: &[&Check] =
    &[&REACHABLE, &ENCRYPTED, &VERSION, &CLOCK, &WRITABLE, &LOGIN_RIGHTS, &LOGIN_POWERFUL, &PENDING, &UNKNOWN];
/// What is asked of both together.
pub(super) static OF_BOTH: &[&Check] = &[&SHARED];

/// How long a database may take for everything together, the way to it included.
const PATIENCE: Duration = Duration::from_secs(7);
/// The same for the look at whose rows are there, which comes after.
const PATIENCE_WITH_ROWS: Duration = Duration::from_secs(6);

/// The oldest that the migrations run on.
const OLDEST: u32 = 150_000;

/// So many seconds the clocks may differ. Tokens have more leeway; what leases and logs say should agree.
const CLOCKS_DIFFER: i64 = 5;

/// As PostgreSQL's own views show us.
const APPLICATION_NAME: &str = "cortex doctor";

/// Where a database is, by which variable, and for whom.
struct Target<'a> {
    database: Database,
    variable: &'static str,
    url: Option<&'a DatabaseUrl>,
    owner: Option<&'a DatabaseUrl>,
    config: &'a DoctorConfig,
}

/// Looks at both, and judges.
pub(super) async fn examine(config: &DoctorConfig) -> Vec<Outcome> {
    let databases = &config.databases;
    let master = Target {
        database: Database::Master,
        variable: "MASTER_DATABASE_URL",
        url: databases.master.as_ref(),
        owner: databases.master_owner.as_ref(),
        config,
    };
    let company = Target {
        database: Database::Company,
        variable: "DATABASE_URL",
        url: databases.company.as_ref(),
        owner: databases.company_owner.as_ref(),
        config,
    };
    let ((master, of_master), (company, of_company)) =
        join(Box::pin(master.examine()), Box::pin(company.examine())).await;
    let mut notes = Notes::new(None);
    shared(of_master.as_ref(), of_company.as_ref(), &mut notes);
    [master, company, notes.outcomes()].concat()
}

/// By what the servers say of themselves; what the URLs say is a matter of the configuration.
fn shared(master: Option<&Server>, company: Option<&Server>, notes: &mut Notes) {
    match (master.map(|server| &server.identity), company.map(|server| &server.identity)) {
        (Some(Some(master)), Some(Some(company))) => {
            let found = (master == company).then(|| {
                Finding::new(
                    "DATABASE_URL and MASTER_DATABASE_URL lead to the same database, by what the server says",
                    SHARED.remedy,
                )
            });
            notes.made(&SHARED, found);
        }
        (Some(_), Some(_)) => notes.not_made(&SHARED, "a server does not say which one it is"),
        _ => notes.not_made(&SHARED, "not both databases can be reached"),
    }
}

impl Target<'_> {
    /// What came of all checks of it, and the server where it was reached.
    async fn examine(&self) -> (Vec<Outcome>, Option<Server>) {
        let mut notes = Notes::new(Some(self.database));
        let (address, company) = match self.prepared() {
            Ok(prepared) => prepared,
            Err(found) => return (self.closed(notes, found), None),
        };
        let examiner = Examiner::new(self.database, address.clone(), company, Arc::new(SystemClock));
        let inspector = Inspector::new(self.database, address.clone());
        let (of_server, of_schema) =
            join(timeout(PATIENCE, examiner.examine()), timeout(PATIENCE, inspector.look())).await;
        let examination = match of_server {
            Ok(Ok(examination)) => examination,
            Ok(Err(error)) => return (self.closed(notes, Some(self.unreachable(&error))), None),
            Err(_) => return (self.closed(notes, Some(self.silent(&address))), None),
        };
        notes.made(&REACHABLE, None);
        notes.made(&ENCRYPTED, self.plain(&address, examination.is_encrypted));
        self.judge_server(&examination.server, &mut notes);
        notes.made(&LOGIN_POWERFUL, self.powerful(&examination.login));
        match of_schema {
            Ok(Ok(inspection)) => self.judge_schema(&address, &inspection, &mut notes),
            Ok(Err(error)) => notes.none_made(&[&LOGIN_RIGHTS, &PENDING, &UNKNOWN], &causes(&error)),
            Err(_) => notes.none_made(&[&LOGIN_RIGHTS, &PENDING, &UNKNOWN], "the server took too long"),
        }
        walls::judge(self.database, &examination, &mut notes);
        rows::judge(self.database, &examination, self.config.company_id, &mut notes);
        if self.database == Database::Company {
            let others = self.other_companies(&examiner, &examination.login, company).await;
            rows::judge_others(others, company, &mut notes);
        }
        (notes.outcomes(), Some(examination.server))
    }

    /// The address, and whose rows to look at: without a company at nobody's.
    fn prepared(&self) -> Result<(Address, CompanyId), Option<Finding>> {
        let company = self.config.company_id.unwrap_or(CompanyId::new(Uuid::nil()));
        self.address(self.url.ok_or(None)?).map(|address| (address, company)).map_err(|error| {
            Some(Finding::new(error.to_string(), format!("correct {} or DATABASE_CA_FILE", self.variable)))
        })
    }

    fn address(&self, url: &DatabaseUrl) -> Result<Address, ConnectError> {
        Address::parse(url.as_secret(), self.config.databases.ca_file.as_ref(), APPLICATION_NAME)
    }

    /// Nothing can be asked, because of this or because nobody says where the database is.
    fn closed(&self, mut notes: Notes, found: Option<Finding>) -> Vec<Outcome> {
        let reason = if let Some(found) = found {
            notes.made(&REACHABLE, [found]);
            "the database cannot be reached".to_owned()
        } else {
            let reason = format!("{} is not set or cannot be read", self.variable);
            notes.not_made(&REACHABLE, &*reason);
            reason
        };
        notes.none_made(&CHECKS[1..], &reason);
        notes.none_made(walls::CHECKS, &reason);
        notes.none_made(rows::of(self.database), &reason);
        notes.outcomes()
    }

    fn unreachable(&self, error: &ExamineError) -> Finding {
        let variable = self.variable;
        let remedy = match error {
            ExamineError::Broken { .. } => "look at the server's log, and run `cortex doctor` again".to_owned(),
            ExamineError::Connect(error) => match error.failure() {
                ConnectFailure::Url => format!("correct {variable}: postgres://user:password@host:5432/name"),
                ConnectFailure::UnknownHost => {
                    format!("correct the host in {variable}, or the name service of this machine")
                }
                ConnectFailure::NothingListens => {
                    format!("start the server, or correct host and port in {variable}")
                }
                ConnectFailure::Silence => {
                    format!("open the way to the server (firewall, allowed addresses), or correct {variable}")
                }
                ConnectFailure::Tls => format!(
                    "correct sslmode in {variable}, or set DATABASE_CA_FILE to the authority that signed the server's \
                     certificate"
                ),
                ConnectFailure::Login => format!("correct user and password in {variable}, or `alter role … password`"),
                ConnectFailure::NoDatabase => {
                    format!("correct the name of the database in {variable}, or `create database` it")
                }
                ConnectFailure::Full => {
                    "wait, or raise max_connections, or lower DATABASE_POOL_SIZE of the processes".to_owned()
                }
                ConnectFailure::Other => format!("look at the server's log, and correct {variable}"),
            },
        };
        Finding::new(format!("{variable}: {error}"), remedy).with(json!({ "variable": variable }))
    }

    fn silent(&self, address: &Address) -> Finding {
        let what = format!("{}: the database at {} gave no answer within {PATIENCE:?}", self.variable, address.place());
        let remedy = "open the way to the server (firewall, allowed addresses), or look why it hangs";
        Finding::new(what, remedy).with(json!({ "variable": self.variable }))
    }

    fn plain(&self, address: &Address, is_encrypted: bool) -> Option<Finding> {
        (!is_encrypted && !address.is_local()).then(|| {
            let what = format!("the connection to {} is not encrypted: whoever is between reads it", address.place());
            let remedy = format!("`sslmode=verify-full` in {}; the server needs `ssl = on`", self.variable);
            Finding::new(what, remedy).with(json!({ "variable": self.variable }))
        })
    }

    fn judge_server(&self, server: &Server, notes: &mut Notes) {
        let old = (server.version_number < OLDEST)
            .then(|| Finding::new(format!("the server is PostgreSQL {}", server.version), VERSION.remedy));
        notes.made(&VERSION, old);
        let seconds = server.ahead.whole_seconds();
        let is_off = server.ahead.abs() > time::Duration::seconds(CLOCKS_DIFFER) + server.doubt;
        let word = if server.ahead.is_negative() { "behind" } else { "ahead of" };
        let off = is_off.then(|| {
            let what = format!("the clock of the database is {} seconds {word} this machine's", seconds.abs());
            Finding::new(what, CLOCK.remedy).with(json!({ "seconds_ahead": seconds }))
        });
        notes.made(&CLOCK, off);
        let read_only = server.is_read_only.then(|| {
            Finding::new(format!("nothing can be written to the database of {}", self.variable), WRITABLE.remedy)
        });
        notes.made(&WRITABLE, read_only);
    }

    fn powerful(&self, login: &Login) -> Option<Finding> {
        (!login.above_the_walls.is_empty()).then(|| {
            let name = &login.name;
            let what = format!("the login {name} in {} is {}", self.variable, list(&login.above_the_walls));
            Finding::new(what, LOGIN_POWERFUL.remedy).with(json!({ "login": name, "is": login.above_the_walls }))
        })
    }

    fn judge_schema(&self, address: &Address, inspection: &Inspection, notes: &mut Notes) {
        match inspection {
            Inspection::LoginKeepsItsRights { login, reason, .. } => {
                let what = format!("the login {login} cannot work as cortex_app: {reason}");
                let remedy = format!(
                    "`grant cortex_app to {login}` as the owner of that role; `cortex migrate up` first if that was never \
                     done"
                );
                notes.made(&LOGIN_RIGHTS, [Finding::new(what, remedy).with(json!({ "login": login }))]);
                notes.none_made(&[&PENDING, &UNKNOWN], "the login cannot work as cortex_app");
            }
            Inspection::Schema { pending, unknown } => {
                notes.made(&LOGIN_RIGHTS, None);
                let database = self.database;
                let pending = (!pending.is_empty()).then(|| {
                    let what = format!(
                        "{} of the {database} database at {} have not run: {}",
                        count(pending.len(), "migration"),
                        address.place(),
                        shortened(pending)
                    );
                    Finding::new(what, format!("`cortex migrate up --database {database}`"))
                        .with(json!({ "names": pending }))
                });
                notes.made(&PENDING, pending);
                let unknown = (!unknown.is_empty()).then(|| {
                    let what = format!("migrations that this version does not know have run: {}", list(unknown));
                    Finding::new(what, UNKNOWN.remedy).with(json!({ "names": unknown }))
                });
                notes.made(&UNKNOWN, unknown);
            }
        }
    }

    /// Whose rows are here: the service sees its own only, so it is asked by whoever sees all.
    async fn other_companies(
        &self,
        examiner: &Examiner,
        login: &Login,
        company: CompanyId,
    ) -> Result<Vec<String>, String> {
        if self.config.company_id.is_none() {
            return Err("COMPANY_ID is not set or cannot be read".to_owned());
        }
        let by_owner;
        let examiner = match self.owner {
            Some(owner) => {
                let address = self.address(owner).map_err(|error| format!("MIGRATION_DATABASE_URL: {error}"))?;
                by_owner = Examiner::new(self.database, address, company, Arc::new(SystemClock));
                &by_owner
            }
            None if !login.above_the_walls.is_empty() => examiner,
            None => {
                let reason = "the service's login sees the rows of its own company only: set MIGRATION_DATABASE_URL to the \
                              owner's login";
                return Err(reason.to_owned());
            }
        };
        match timeout(PATIENCE_WITH_ROWS, examiner.other_companies()).await {
            Ok(others) => others.map_err(|error| error.to_string()),
            Err(_) => Err(format!("no answer within {PATIENCE_WITH_ROWS:?}")),
        }
    }
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// The first and the last of many.
fn shortened(names: &[String]) -> String {
    match names {
        [first, _, _, .., last] => format!("{first} to {last}"),
        few => list(few),
    }
}

/// An error with its causes in one line.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text.replace(['\r', '\n'], " ")
}

#[cfg(test)]
mod tests {
    use time::Duration as Span;

    use super::super::check::Verdict;
    use super::*;

    fn target(config: &DoctorConfig) -> Target<'_> {
        Target { database: Database::Company, variable: "DATABASE_URL", url: None, owner: None, config }
    }

    fn server() -> Server {
        Server {
            version: "15.4".to_owned(),
            version_number: 150_004,
            identity: None,
            is_read_only: false,
            ahead: Span::milliseconds(-20),
            doubt: Span::milliseconds(5),
        }
    }

    /// The names of what is found of a server.
    fn found(server: &Server) -> Vec<&'static str> {
        let (config, _) = DoctorConfig::from_env(&|_| None);
        let mut notes = Notes::new(None);
        target(&config).judge_server(server, &mut notes);
        let found = notes.outcomes().into_iter().filter(|outcome| outcome.verdict != Verdict::Fine);
        found.map(|outcome| outcome.check.name).collect()
    }

    #[test]
    fn a_server_is_to_be_new_enough_and_to_keep_the_time_and_to_take_writes() {
        assert!(found(&server()).is_empty());
        assert_eq!(found(&Server { version_number: 140_011, ..server() }), ["database_version"]);
        assert_eq!(found(&Server { ahead: Span::seconds(-7), ..server() }), ["database_clock"]);
        assert_eq!(found(&Server { is_read_only: true, ..server() }), ["database_writable"]);
        let slow = Server { ahead: Span::seconds(7), doubt: Span::seconds(3), ..server() };
        assert!(found(&slow).is_empty(), "the question took so long that nobody knows");
    }

    #[test]
    fn what_is_not_encrypted_is_told_of_other_machines_only() {
        let (config, _) = DoctorConfig::from_env(&|_| None);
        let plain = |host: &str, is_encrypted: bool| {
            let address = Address::parse(&format!("postgres://a:b@{host}/acme").into(), None, "test").unwrap();
            target(&config).plain(&address, is_encrypted).is_some()
        };

        assert!(plain("db.example.com", false) && plain("10.0.0.5", false));
        assert!(!plain("db.example.com", true) && !plain("127.0.0.1", false) && !plain("localhost", false));
    }

    #[test]
    fn one_database_under_two_names_is_known_by_what_the_servers_say() {
        let verdict = |master: Option<&str>, company: Option<&str>| {
            let says = |identity: Option<&str>| Server { identity: identity.map(ToOwned::to_owned), ..server() };
            let mut notes = Notes::new(None);
            shared(Some(&says(master)), Some(&says(company)), &mut notes);
            notes.outcomes().remove(0).verdict
        };

        assert_eq!(verdict(Some("1/2"), Some("1/3")), Verdict::Fine);
        assert!(matches!(verdict(Some("1/2"), Some("1/2")), Verdict::Found(_)));
        assert!(matches!(verdict(None, None), Verdict::NotMade(_)));
    }
}
