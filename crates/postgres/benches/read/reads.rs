//! The reads, each with a bare statement over the same rows.

use std::future::Future;
use std::pin::Pin;

use cortex_ingestion::ports::MailReader as _;
use cortex_insights::model::{AlertRule, BookKind, Days, EntryQuery, Party, Period, RuleSetting, Scope, Viewer};
use cortex_insights::ports::{Alerts as _, Books as _, CompanyOverview as _, Facts as _};
use cortex_insights::testing::{COMPANY_A, USER_1};
use cortex_kernel::PageRequest;
use cortex_postgres::stores::{PgAlerts, PgBooks, PgCompanyOverview, PgFacts, PgMailReader};
use futures_util::future::try_join;
use time::{Duration, OffsetDateTime};

use crate::company::Company;

type Reading<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// A read, as its route does it.
pub(crate) struct Read {
    pub(crate) name: &'static str,
    pub(crate) ours: fn(&Stores) -> Reading<'_>,
    pub(crate) bare: &'static str,
}

/// What the routes call.
pub(crate) struct Stores {
    alerts: PgAlerts,
    facts: PgFacts,
    books: PgBooks,
    overview: PgCompanyOverview,
    mail: PgMailReader,
    now: OffsetDateTime,
}

impl Stores {
    pub(crate) fn new(company: &Company) -> Self {
        let pool = company.pool(2);
        #[expect(clippy::disallowed_methods, reason = "what is measured is as old as it says")]
        let now = OffsetDateTime::now_utc();
        Self {
            alerts: PgAlerts::new(pool.clone()),
            facts: PgFacts::new(pool.clone()),
            books: PgBooks::new(pool.clone()),
            overview: PgCompanyOverview::new(pool.clone()),
            mail: PgMailReader::new(pool),
            now,
        }
    }

    fn year(&self) -> Period {
        Period::until(self.now.date(), Days::new(365).unwrap())
    }

    /// The first page of what each rule looks at.
    async fn facts(&self) {
        let own = self.overview.list_own_addresses(COMPANY_A).await.unwrap();
        for rule in AlertRule::ALL {
            let query = RuleSetting::default_of(rule).query(&own, Scope::New, self.now);
            self.facts.list(COMPANY_A, &query, None, 500).await.unwrap();
        }
    }

    async fn entries(&self, kind: Option<BookKind>, period: Period, limit: u16) {
        let query = EntryQuery { kind, period, page: PageRequest::new(Some(limit), None) };
        self.books.list_entries(COMPANY_A, &query).await.unwrap();
    }
}

const ENTRIES: &str = "select id, title, content, metadata from documents \
                       where id in (select document_id from book_records order by day desc limit 200)";
const SUMS: &str = "select kind, count(*), sum(total), sum(balance) from book_records group by kind";

pub(crate) const READS: [Read; 8] = [
    Read {
        name: "quickbooks/overview, a year",
        ours: |stores| {
            Box::pin(async {
                let year = stores.year();
                stores.books.sum_up(COMPANY_A, year).await.unwrap();
                stores.books.count_records(COMPANY_A).await.unwrap();
                stores.books.list_parties(COMPANY_A, Party::Customers, year, 5).await.unwrap();
                stores.entries(None, year, 10).await;
            })
        },
        bare: SUMS,
    },
    Read {
        name: "quickbooks/summary, all of time",
        ours: |stores| {
            Box::pin(async {
                let all = Period::ALL;
                stores.books.sum_up(COMPANY_A, all).await.unwrap();
                stores.books.list_parties(COMPANY_A, Party::Customers, all, 10).await.unwrap();
                stores.books.list_parties(COMPANY_A, Party::Vendors, all, 10).await.unwrap();
                stores.entries(Some(BookKind::Invoice), all, 10).await;
                stores.books.count_records(COMPANY_A).await.unwrap();
            })
        },
        bare: SUMS,
    },
    Read {
        name: "quickbooks/invoices, 200 of a year",
        ours: |stores| {
            Box::pin(async {
                stores.entries(Some(BookKind::Invoice), stores.year(), 200).await;
                stores.books.sum_up(COMPANY_A, stores.year()).await.unwrap();
            })
        },
        bare: ENTRIES,
    },
    Read {
        name: "integrations",
        ours: |stores| {
            Box::pin(async {
                stores.overview.list_connections(COMPANY_A, 1_000).await.unwrap();
                stores.overview.count_documents(COMPANY_A).await.unwrap();
            })
        },
        bare: "select source, count(*) from documents where superseded_at is null group by source",
    },
    Read {
        name: "dashboard",
        ours: |stores| {
            Box::pin(async {
                let (shares, _) = try_join(
                    stores.overview.count_documents(COMPANY_A),
                    stores.overview.count_new(COMPANY_A, stores.now),
                )
                .await
                .unwrap();
                let mut users: Vec<_> = shares.into_iter().filter_map(|share| share.user_id).collect();
                users.dedup();
                stores.overview.find_addresses(COMPANY_A, &users).await.unwrap();
                stores.overview.count_syncs(COMPANY_A, stores.now - Duration::WEEK).await.unwrap();
                stores.overview.list_connections(COMPANY_A, 1_000).await.unwrap();
            })
        },
        bare: "select source, ingested_by_user_id, count(*), count(*) filter (where ingested_at > now() - interval '7 days') \
               from documents where superseded_at is null group by source, ingested_by_user_id",
    },
    Read {
        name: "emails/by-episodes, 50 threads",
        ours: |stores| {
            Box::pin(async {
                let threads: Vec<_> = (1..=50).map(|number| format!("thread-{}", number * 7)).collect();
                stores.mail.list_threads(COMPANY_A, &threads, 20).await.unwrap();
            })
        },
        bare: "select id, title, metadata, left(content, 1000) from documents where document_type = 'email' \
               order by id limit 200",
    },
    Read {
        name: "alerts/active, 200 of 5,000",
        ours: |stores| {
            Box::pin(async {
                let viewer = Viewer { company_id: COMPANY_A, user_id: USER_1, is_admin: true };
                stores.alerts.list_active(viewer, None, 200).await.unwrap();
            })
        },
        bare: "select * from cortex_alerts where resolved_at is null order by urgency desc, detected_at desc limit 200",
    },
    Read {
        name: "alerts, what the rules look at",
        ours: |stores| Box::pin(stores.facts()),
        bare: "select sender, thread, max(sent_at) from mail_records where sent_at > now() - interval '30 days' \
               group by sender, thread",
    },
];
