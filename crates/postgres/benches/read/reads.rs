//! The reads, each with a bare statement over the same rows.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use cortex_ingestion::ports::MailReader as _;
use cortex_insights::model::{
    AlertRule, Among, BookKind, DayOf, Days, EntryQuery, MentionQuery, MostCorrespondents, OwnAddresses, Owner, Party,
    Period, ReportQuery, RuleSetting, Scope, SpanKind, Stretch, TopicKind, Viewer, WordGroup,
};
use cortex_insights::ports::{
    Alerts as _, Books as _, CompanyOverview as _, Correspondence as _, DailyReports as _, DayReader as _, Facts as _,
    Figures as _, MailSignals as _, SavedReports as _,
};
use cortex_insights::testing::{COMPANY_A, USER_1};
use cortex_insights::{Numbers, SumUp};
use cortex_kernel::PageRequest;
use cortex_postgres::stores::{
    PgAlerts, PgBooks, PgCompanyOverview, PgCorrespondence, PgDailyReports, PgDayReader, PgFacts, PgFigures,
    PgMailReader, PgMailSignals, PgSavedReports, PgSummaries,
};
use futures_util::future::{try_join, try_join_all};
use time::{Duration, OffsetDateTime};

use crate::company::Company;

type Reading<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// A read, as its route does it.
pub(crate) struct Read {
    pub(crate) name: &'static str,
    /// Nobody waits for it.
    pub(crate) is_by_a_job: bool,
    pub(crate) ours: fn(&Stores) -> Reading<'_>,
    pub(crate) bare: &'static str,
}

/// What the routes call.
pub(crate) struct Stores {
    alerts: PgAlerts,
    facts: PgFacts,
    books: Arc<PgBooks>,
    overview: Arc<PgCompanyOverview>,
    mail: PgMailReader,
    correspondence: Arc<PgCorrespondence>,
    figures: Arc<PgFigures>,
    sum_up: SumUp,
    days: PgDayReader,
    daily: PgDailyReports,
    saved: PgSavedReports,
    signals: PgMailSignals,
    now: OffsetDateTime,
}

impl Stores {
    pub(crate) fn new(company: &Company) -> Self {
        let pool = company.pool(2);
        #[expect(clippy::disallowed_methods, reason = "what is measured is as old as it says")]
        let now = OffsetDateTime::now_utc();
        let (books, overview) = (Arc::new(PgBooks::new(pool.clone())), Arc::new(PgCompanyOverview::new(pool.clone())));
        let (correspondence, figures) =
            (Arc::new(PgCorrespondence::new(pool.clone())), Arc::new(PgFigures::new(pool.clone())));
        let numbers = Numbers {
            books: Arc::<PgBooks>::clone(&books),
            overview: Arc::<PgCompanyOverview>::clone(&overview),
            correspondence: Arc::<PgCorrespondence>::clone(&correspondence),
            figures: Arc::<PgFigures>::clone(&figures),
        };
        let summaries = Arc::new(PgSummaries::new(pool.clone()));
        let sum_up = SumUp::new(numbers, summaries, Arc::new(move || now));
        Self {
            alerts: PgAlerts::new(pool.clone()),
            facts: PgFacts::new(pool.clone()),
            books,
            overview,
            mail: PgMailReader::new(pool.clone()),
            correspondence,
            figures,
            sum_up,
            days: PgDayReader::new(pool.clone()),
            daily: PgDailyReports::new(pool.clone()),
            saved: PgSavedReports::new(pool.clone()),
            signals: PgMailSignals::new(pool),
            now,
        }
    }

    fn last(&self, days: u16) -> Stretch {
        Stretch::until(self.now.date(), Days::new(days).unwrap())
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
                       where tenant_id = $1 and id in (select document_id from book_records \
                       order by day desc limit 200)";
const SUMS: &str =
    "select kind, count(*), sum(total), sum(balance) from book_records where tenant_id = $1 group by kind";

pub(crate) const READS: [Read; 21] = [
    Read {
        name: "quickbooks/overview, a year",
        is_by_a_job: false,
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
        is_by_a_job: false,
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
        is_by_a_job: false,
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
        is_by_a_job: false,
        ours: |stores| {
            Box::pin(async {
                stores.overview.list_connections(COMPANY_A, 1_000).await.unwrap();
                stores.overview.count_documents(COMPANY_A).await.unwrap();
            })
        },
        bare: "select source, count(*) from documents where tenant_id = $1 and superseded_at is null group by source",
    },
    Read {
        name: "dashboard",
        is_by_a_job: false,
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
        bare: "select source, ingested_by_user_id, count(*), \
               count(*) filter (where ingested_at > now() - interval '7 days') \
               from documents where tenant_id = $1 and superseded_at is null group by source, ingested_by_user_id",
    },
    Read {
        name: "emails/by-episodes, 50 threads",
        is_by_a_job: false,
        ours: |stores| {
            Box::pin(async {
                let threads: Vec<_> = (1..=50).map(|number| format!("thread-0-{}", number * 7)).collect();
                stores.mail.list_threads(COMPANY_A, &threads, 20).await.unwrap();
            })
        },
        bare: "select id, title, metadata, left(content, 1000) from documents where tenant_id = $1 \
               and document_type = 'email' \
               order by id limit 200",
    },
    Read {
        name: "communication/patterns, 30 days",
        is_by_a_job: false,
        ours: |stores| {
            Box::pin(async {
                let (mails, days) = (&stores.correspondence, stores.last(30));
                let most = MostCorrespondents { people: 10, ties: 50 };
                let times = async {
                    mails.count_by_hour(COMPANY_A, days).await?;
                    mails.find_median_reply(COMPANY_A, days).await
                };
                try_join(mails.list_correspondents(COMPANY_A, days, most), times).await.unwrap();
            })
        },
        bare: "select sender, count(*) from mail_records where tenant_id = $1 \
               and sent_at > now() - interval '30 days' group by sender",
    },
    Read {
        name: "relationships/network, 90 days",
        is_by_a_job: false,
        ours: |stores| {
            Box::pin(async {
                stores.correspondence.map_network(COMPANY_A, stores.last(90), 100).await.unwrap();
            })
        },
        bare: "select sender, receiver, count(*) from mail_records cross join unnest(receivers) receiver \
               where tenant_id = $1 and sent_at > now() - interval '90 days' group by sender, receiver \
               order by 3 desc limit 100",
    },
    Read {
        name: "relationships/network, a year",
        is_by_a_job: false,
        ours: |stores| {
            Box::pin(async {
                stores.correspondence.map_network(COMPANY_A, stores.last(365), 100).await.unwrap();
            })
        },
        bare: "select sender, receiver, count(*) from mail_records cross join unnest(receivers) receiver \
               where tenant_id = $1 and sent_at > now() - interval '365 days' group by sender, receiver \
               order by 3 desc limit 100",
    },
    Read {
        name: "entities/trending, 7 days",
        is_by_a_job: false,
        ours: |stores| {
            Box::pin(async {
                let compare = |kind| stores.correspondence.compare(COMPANY_A, stores.last(7), kind, 1_000);
                try_join_all(TopicKind::ALL.map(compare)).await.unwrap();
                stores.overview.list_own_addresses(COMPANY_A).await.unwrap();
            })
        },
        bare: "select sender, count(*) from mail_records where tenant_id = $1 \
               and sent_at > now() - interval '14 days' group by sender",
    },
    Read {
        name: "sentiment/analysis, 30 days",
        is_by_a_job: false,
        ours: |stores| {
            Box::pin(async {
                let month = Period::until(stores.now.date(), Days::new(30).unwrap());
                stores.signals.count(COMPANY_A, month).await.unwrap();
            })
        },
        bare: "select keyword, count(*) from mail_signals where tenant_id = $1 \
               and sent_at > now() - interval '30 days' group by keyword",
    },
    Read {
        name: "deals/momentum, 14 days",
        is_by_a_job: false,
        ours: |stores| {
            Box::pin(async {
                stores.correspondence.list_threads(COMPANY_A, stores.last(14), 50).await.unwrap();
            })
        },
        bare: "select thread, count(*) from mail_records where tenant_id = $1 \
               and sent_at > now() - interval '28 days' group by thread",
    },
    Read {
        name: "intelligence/daily, kept",
        is_by_a_job: false,
        ours: |stores| {
            Box::pin(async {
                stores.sum_up.find(COMPANY_A, stores.sum_up.latest(SpanKind::Day)).await.unwrap();
            })
        },
        bare: "select * from summaries where tenant_id = $1",
    },
    Read {
        name: "intelligence/trends/daily, 30 days",
        is_by_a_job: false,
        ours: |stores| {
            Box::pin(async {
                stores.figures.list_days(COMPANY_A, stores.last(30)).await.unwrap();
            })
        },
        bare: "select sent_at::date, count(*) from mail_records where tenant_id = $1 \
               and sent_at > now() - interval '30 days' group by 1",
    },
    Read {
        name: "intelligence/trends/monthly, 12 months",
        is_by_a_job: false,
        ours: |stores| {
            Box::pin(async {
                stores.figures.list_days(COMPANY_A, stores.last(365)).await.unwrap();
            })
        },
        bare: "select sent_at::date, count(*) from mail_records where tenant_id = $1 \
               and sent_at > now() - interval '365 days' group by 1",
    },
    Read {
        name: "a month is summed up",
        is_by_a_job: true,
        ours: |stores| {
            Box::pin(async {
                stores.sum_up.compute(COMPANY_A, stores.sum_up.latest(SpanKind::Month)).await.unwrap();
            })
        },
        bare: "select sender, count(*) from mail_records where tenant_id = $1 \
               and sent_at > now() - interval '60 days' group by sender",
    },
    Read {
        name: "reports/daily/latest, 50",
        is_by_a_job: false,
        ours: |stores| {
            Box::pin(async {
                stores.daily.list_latest(COMPANY_A, 50).await.unwrap();
            })
        },
        bare: "select * from cortex_daily_reports where tenant_id = $1 order by report_date desc limit 50",
    },
    Read {
        name: "reports/search, 500 kept",
        is_by_a_job: false,
        ours: |stores| {
            Box::pin(async {
                let owner = Owner { company_id: COMPANY_A, user_id: USER_1 };
                let text = Some("of pumps".to_owned());
                let query = ReportQuery { report_type: None, starred_only: false, text, limit: 200, offset: 0 };
                stores.saved.list(owner, &query).await.unwrap();
            })
        },
        bare: "select title, description, summary, tags from cortex_saved_reports where tenant_id = $1 \
               order by created_at desc limit 200",
    },
    Read {
        name: "what a report of a day is made of",
        is_by_a_job: true,
        ours: |stores| {
            Box::pin(async {
                let own = OwnAddresses::new((0..20).map(|number| format!("p{number}@d{number}.example")));
                let day = DayOf { day: stores.now.date().previous_day().unwrap(), own };
                stores.days.count(COMPANY_A, &day).await.unwrap();
                stores.days.list_exchanges(COMPANY_A, &day, 15).await.unwrap();
                stores.days.list_unanswered(COMPANY_A, &day, 15).await.unwrap();
                for group in [WordGroup::Issues, WordGroup::Updates] {
                    let query = MentionQuery { group, among: Among::MailsWithOutside, most: 15 };
                    stores.days.find_mentions(COMPANY_A, &day, query).await.unwrap();
                }
            })
        },
        bare: "select sender, count(*) from mail_records where tenant_id = $1 \
               and sent_at > now() - interval '15 days' group by sender",
    },
    Read {
        name: "alerts/active, 200 of 5,000",
        is_by_a_job: false,
        ours: |stores| {
            Box::pin(async {
                let viewer = Viewer { company_id: COMPANY_A, user_id: USER_1, is_admin: true };
                stores.alerts.list_active(viewer, None, 200).await.unwrap();
            })
        },
        bare: "select * from cortex_alerts where tenant_id = $1 and resolved_at is null \
               order by urgency desc, detected_at desc limit 200",
    },
    Read {
        name: "alerts, what the rules look at",
        is_by_a_job: true,
        ours: |stores| Box::pin(stores.facts()),
        bare: "select sender, thread, max(sent_at) from mail_records where tenant_id = $1 \
               and sent_at > now() - interval '30 days' \
               group by sender, thread",
    },
];
