//! What the rows of a database tell: the company, what got stuck, and what the database needs done for its own sake.

use cortex_identity::model::CompanyStatus;
use cortex_kernel::CompanyId;
use cortex_postgres::doctor::{CompanyRows, Examination, MasterRows, Rows, Several, Vitals};
use cortex_postgres::schema::Database;
use serde_json::json;

use super::check::{Check, Finding, Notes, list};

static COMPANY: Check = Check::error(
    "company_active",
    "Master does not know the company of `COMPANY_ID`, or its status is not `active`: production does not start",
    "correct `COMPANY_ID` or `MASTER_DATABASE_URL`, or insert or activate the company in `companies`",
);
static OTHERS: Check = Check::error(
    "other_companies",
    "the company's database holds rows of another company: it is the wrong database, or a wrong restore",
    "correct `DATABASE_URL` or `COMPANY_ID`; never change `tenant_id` of rows by hand before you know whose they are",
);
static ABANDONED: Check = Check::warning(
    "jobs_abandoned",
    "jobs run by their row, and their worker gave no sign for over 5 minutes: nobody takes them over",
    "start `cortex work`, or `cortex serve` with its worker",
);
static WAITING_JOBS: Check = Check::warning(
    "jobs_waiting",
    "jobs have been due for over 15 minutes",
    "start `cortex work`, or more of it, or raise `SYNC_WORKERS`",
);
static DEAD_WEBHOOKS: Check = Check::warning(
    "webhooks_dead",
    "webhooks could not be worked off and were given up",
    "`GET /admin/inbox?state=dead` says why; `POST /admin/inbox/{id}/replay` tries again",
);
static WAITING_WEBHOOKS: Check = Check::warning(
    "webhooks_waiting",
    "webhooks have been due for over 15 minutes",
    "start `cortex work`, or `cortex serve` with its worker",
);
static UNSEALED: Check = Check::warning(
    "audit_unsealed",
    "audit rows have waited for their seal for over 5 minutes; it takes 5 seconds",
    "start `cortex serve` or `cortex work`, which seal; if they run, their log says what is in the way",
);
static BLOBS: Check = Check::warning(
    "blobs_not_removed",
    "original files have been due for removal for over a day",
    "start a worker; if one runs, look at `blob_store` and its log",
);
static QUARANTINED: Check = Check::note(
    "connections_quarantined",
    "connections at Nango that fit nobody here are kept apart",
    "`GET /admin/connections` tells them; remove them in Nango if nobody knows them",
);
static WITHOUT_OWNER: Check = Check::note(
    "connections_without_owner",
    "connections from before connections had owners are not read",
    "their people connect the same account again, by which it becomes theirs",
);
static TO_AUTHORIZE: Check = Check::note(
    "connections_to_authorize",
    "connections are not read until their people authorize them again",
    "tell them: reconnect in the application",
);
static HELD: Check = Check::note(
    "deletions_held",
    "a provider lost so much of an account that the deletions wait for an admin's word",
    "`GET /api/v1/oauth/deletions` tells them; an admin confirms or rejects each (`POST /api/v1/oauth/deletions/{id}/…`)",
);
static AGE: Check = Check::note(
    "transaction_age",
    "the oldest row that was not frozen is over 800 million transactions old; at 2 billion the server stops",
    "`vacuum (freeze)` the database, and see why autovacuum does not get there (long transactions, prepared ones)",
);
static LONG: Check = Check::note(
    "long_transactions",
    "transactions have been open for over an hour: what was deleted since cannot be cleaned up",
    "`select pg_terminate_backend(PID)` if nobody needs it",
);
static NEVER_VACUUMED: Check = Check::note(
    "never_vacuumed",
    "a table of ours has thousands of rows and was never vacuumed or analysed",
    "`vacuum (analyze) TABLE`, and see that `autovacuum` is on",
);

static OF_MASTER: &[&Check] = &[&COMPANY, &AGE, &LONG, &NEVER_VACUUMED];
static OF_COMPANY: &[&Check] = &[
    &OTHERS,
    &ABANDONED,
    &WAITING_JOBS,
    &DEAD_WEBHOOKS,
    &WAITING_WEBHOOKS,
    &UNSEALED,
    &BLOBS,
    &QUARANTINED,
    &WITHOUT_OWNER,
    &TO_AUTHORIZE,
    &HELD,
    &AGE,
    &LONG,
    &NEVER_VACUUMED,
];
/// How many of them are about the database for its own sake; they stand last.
const VITAL: usize = 3;

/// So many transactions ago is long ago. Autovacuum freezes at 200 million.
const OLD: u64 = 800_000_000;

/// What is asked of a database.
pub(super) fn of(database: Database) -> &'static [&'static Check] {
    match database {
        Database::Master => OF_MASTER,
        Database::Company => OF_COMPANY,
    }
}

pub(super) fn judge(database: Database, examination: &Examination, company: Option<CompanyId>, notes: &mut Notes) {
    let of_rows = &of(database)[..of(database).len() - VITAL];
    // Whose rows there are is asked for by itself.
    let of_rows = if database == Database::Company { &of_rows[1..] } else { of_rows };
    match (&examination.rows, company) {
        (_, None) => notes.none_made(of_rows, "COMPANY_ID is not set or cannot be read"),
        (Err(reason), _) => notes.none_made(of_rows, reason),
        (Ok(Rows::Master(rows)), Some(company)) => judge_master(rows, company, notes),
        (Ok(Rows::Company(rows)), Some(_)) => judge_company(rows, notes),
    }
    match &examination.vitals {
        Ok(vitals) => judge_vitals(vitals, notes),
        Err(reason) => notes.none_made(&[&AGE, &LONG, &NEVER_VACUUMED], reason),
    }
}

pub(super) fn judge_others(others: Result<Vec<String>, String>, company: CompanyId, notes: &mut Notes) {
    match others {
        Ok(others) => {
            let found = (!others.is_empty()).then(|| {
                let what = format!("the database holds rows of companies other than {company}: {}", list(&others));
                Finding::new(what, OTHERS.remedy).with(json!({ "names": others }))
            });
            notes.made(&OTHERS, found);
        }
        Err(reason) => notes.not_made(&OTHERS, reason),
    }
}

fn judge_master(rows: &MasterRows, company: CompanyId, notes: &mut Notes) {
    let found = match rows.status.as_deref() {
        None => Some(Finding::new(
            format!("Master does not know the company {company}"),
            format!(
                "correct COMPANY_ID or MASTER_DATABASE_URL, or `insert into companies (id, slug, name) values \
                 ('{company}', …, …)`"
            ),
        )),
        Some(status) if status.parse().is_ok_and(CompanyStatus::may_be_entered) => None,
        Some(status) => Some(Finding::new(
            format!("the company {company} is {status} in Master: only an active one is served"),
            format!("`update companies set status = 'active' where id = '{company}'`, or correct COMPANY_ID"),
        )),
    };
    notes.made(&COMPANY, found.map(|found| found.with(json!({ "company_id": company.to_string() }))));
}

fn judge_company(rows: &CompanyRows, notes: &mut Notes) {
    notes.made(
        &ABANDONED,
        some(&ABANDONED, &rows.abandoned_jobs, "jobs whose worker is gone and that nobody takes over"),
    );
    let workers = match rows.live_workers {
        0 => "and no worker is alive".to_owned(),
        workers => format!("while {workers} are alive"),
    };
    let what = format!("jobs due for over 15 minutes, {workers}");
    notes.made(&WAITING_JOBS, some(&WAITING_JOBS, &rows.waiting_jobs, &what));
    notes.made(&DEAD_WEBHOOKS, some(&DEAD_WEBHOOKS, &rows.dead_webhooks, "webhooks that were given up"));
    let what = "webhooks due for over 15 minutes";
    notes.made(&WAITING_WEBHOOKS, some(&WAITING_WEBHOOKS, &rows.waiting_webhooks, what));
    notes.made(&UNSEALED, some(&UNSEALED, &rows.unsealed, "audit rows without seal for over 5 minutes"));
    notes.made(&BLOBS, some(&BLOBS, &rows.blobs_to_remove, "original files due for removal for over a day"));
    notes.made(&QUARANTINED, some(&QUARANTINED, &rows.quarantined, "connections in quarantine"));
    notes.made(&WITHOUT_OWNER, some(&WITHOUT_OWNER, &rows.without_owner, "old connections without owner"));
    let what = "connections that need re-authorization";
    notes.made(&TO_AUTHORIZE, some(&TO_AUTHORIZE, &rows.to_be_authorized, what));
    notes.made(&HELD, some(&HELD, &rows.held_deletions, "deletions that wait for an admin's word"));
}

fn judge_vitals(vitals: &Vitals, notes: &mut Notes) {
    let age = vitals.transaction_age;
    let old = (age > OLD).then(|| {
        let what = format!("the oldest row that was not frozen is {age} transactions old");
        Finding::new(what, AGE.remedy).with(json!({ "transactions": age }))
    });
    notes.made(&AGE, old);
    let long = vitals.long_transactions.iter().map(|long| {
        let what =
            format!("a transaction of {} (pid {}) has been open for {} minutes", long.who, long.pid, long.minutes);
        Finding::new(what, format!("`select pg_terminate_backend({})` if nobody needs it", long.pid))
            .with(json!({ "pid": long.pid, "minutes": long.minutes }))
    });
    notes.made(&LONG, long);
    let never = super::check::about(
        &vitals.never_vacuumed,
        "tables that were never vacuumed or analysed",
        NEVER_VACUUMED.remedy,
    );
    notes.made(&NEVER_VACUUMED, never);
}

fn some(check: &Check, several: &Several, what: &str) -> Option<Finding> {
    let Several { count, named } = several;
    let more = usize::try_from(*count).unwrap_or(usize::MAX).saturating_sub(named.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (*count > 0).then(|| {
        Finding::new(format!("{count} {what}: {}{more}", list(named)), check.remedy)
            .with(json!({ "count": count, "names": named }))
    })
}
