//! Who still calls Nango when its rate limit is being used up.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder, rt};
use cortex_connections::model::{BrokerConnection, BrokerFilter, BrokerReference, ProviderAccount};
use cortex_connections::ports::{BrokerError, BrokeredConnections, ProviderAccounts, WhoAmIError};
use cortex_connections::testing::{COMPANY_A, USER_1, a_broker_connection};
use cortex_ingestion::record_source::{RecordSource, SourceError};
use cortex_ingestion::testing::a_stream;
use cortex_kernel::{BrokerConnectionId, Provider, UserId};
use cortex_nango::{
    NangoClient, NangoConfig, NangoConnectionBroker, NangoConnections, NangoProviderAccounts, NangoRecordSource,
};
use rstest::rstest;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::stand_in::{Asked, PATIENCE, StandIn, config, open, tls};

/// What time it is for the client. The window of every test begins here, unless the test says otherwise.
const NOON: OffsetDateTime = datetime!(2026-03-02 12:00:00 UTC);

/// What there is at Nango for everybody, as one window has it.
struct Limit {
    calls: u32,
    used: u32,
    /// Its end in seconds since 1970.
    reset: i64,
}

/// A Nango of a limit, and everything that calls it with clones of one client.
struct Stage {
    nango: StandIn,
    limit: Arc<Mutex<Limit>>,
    source: NangoRecordSource,
    accounts: NangoProviderAccounts,
    connections: NangoConnections,
    broker: NangoConnectionBroker,
}

impl Limit {
    /// Of so many calls, of which others have used some already.
    const fn new(calls: u32, used: u32) -> Self {
        Self { calls, used, reset: NOON.unix_timestamp() + 30 }
    }

    /// Counts a call as Nango does, and answers it.
    fn answer(&mut self, asked: &Asked) -> HttpResponse {
        self.used += 1;
        let (status, body) =
            if self.used > self.calls { complaint(429, "too_many_request") } else { what_was_asked_for(asked) };
        answer(status)
            .insert_header(("x-ratelimit-limit", self.calls.to_string()))
            .insert_header(("x-ratelimit-remaining", self.calls.saturating_sub(self.used).to_string()))
            .insert_header(("x-ratelimit-reset", self.reset.to_string()))
            .json(body)
    }
}

impl Stage {
    fn new(limit: Limit, share: f64) -> Self {
        Self::at(NOON, Duration::ZERO, limit, share)
    }

    /// Where it is `now` for the client, and each answer takes its time.
    fn at(now: OffsetDateTime, pause: Duration, limit: Limit, share: f64) -> Self {
        let limit = Arc::new(Mutex::new(limit));
        let counting = Arc::clone(&limit);
        let nango = StandIn::deciding(pause, move |asked| counting.lock().unwrap().answer(asked));
        Self::with(nango, limit, now, share)
    }

    /// A Nango that says nothing of a limit.
    fn answering(answer: fn(&Asked) -> HttpResponse) -> Self {
        Self::with(StandIn::deciding(Duration::ZERO, answer), Arc::new(Mutex::new(Limit::new(0, 0))), NOON, 0.8)
    }

    fn with(nango: StandIn, limit: Arc<Mutex<Limit>>, now: OffsetDateTime, share: f64) -> Self {
        let config = NangoConfig { rate_share: share, ..config(&nango.url, PATIENCE) };
        let client = NangoClient::new(&config, tls(), Arc::new(move || now)).unwrap();
        let keys = || [(Provider::Gmail, "mail-of-google".to_owned())].into();
        Self {
            nango,
            limit,
            source: NangoRecordSource::new(client.clone(), keys()),
            accounts: NangoProviderAccounts::new(client.clone(), keys()),
            connections: NangoConnections::new(client.clone(), keys()),
            broker: NangoConnectionBroker::new(client, keys(), None),
        }
    }

    /// Reads records, for nobody who waits.
    async fn read(&self) -> Result<(), SourceError> {
        self.source.read_page(&a_stream(), None, 100).await.map(drop)
    }

    /// Asks for a fetch, for nobody who waits.
    async fn fetch(&self) -> Result<(), SourceError> {
        self.source.request_fetch(Provider::Gmail, &BrokerConnectionId::new("broker-1")).await
    }

    /// Asks a provider through the proxy, for somebody who has just connected.
    async fn who_am_i(&self) -> Result<ProviderAccount, WhoAmIError> {
        self.accounts.who_am_i(&a_broker_connection()).await
    }

    /// Begins to go through the connections of the whole company, or of one person who asks.
    async fn list(&self, user_id: Option<UserId>) -> Result<(), BrokerError> {
        let filter = BrokerFilter { company_id: COMPANY_A, user_id, provider: None };
        self.connections.list(&filter, 0).await.map(drop)
    }

    /// Everything that people wait for.
    async fn serve_a_person(&self) {
        let BrokerConnection { reference, .. } = a_broker_connection();
        open(&self.broker).await.unwrap();
        assert_eq!(self.connections.find(&reference).await.unwrap(), None);
        self.connections.delete(&reference).await.unwrap();
        self.list(Some(USER_1)).await.unwrap();
    }

    /// How many calls arrived.
    fn calls(&self) -> usize {
        self.nango.asked().len()
    }
}

/// Status and body of what goes well; there is no connection of any id.
fn what_was_asked_for(asked: &Asked) -> (u16, Value) {
    match asked.target.split('?').next().unwrap_or_default() {
        "/records" => (200, json!({ "records": [], "next_cursor": null })),
        "/sync/trigger" => (200, json!({ "success": true })),
        "/connections" => (200, json!({ "connections": [] })),
        "/proxy/gmail/v1/users/me/profile" => (200, json!({ "emailAddress": "me@example.com" })),
        "/connect/sessions" => {
            let link = "https://connect.example.com/?session_token=t";
            (201, json!({ "data": { "token": "t", "connect_link": link, "expires_at": "2026-03-02T12:30:00Z" } }))
        }
        _ => complaint(404, "not_found"),
    }
}

fn complaint(status: u16, code: &str) -> (u16, Value) {
    (status, json!({ "error": { "code": code, "message": "in so many words" } }))
}

/// As Nango refuses what is one call too many.
fn refused(_: &Asked) -> HttpResponse {
    let (status, body) = complaint(429, "too_many_request");
    answer(status).insert_header(("retry-after", "17")).json(body)
}

fn answer(status: u16) -> HttpResponseBuilder {
    HttpResponse::build(StatusCode::from_u16(status).unwrap())
}

/// How long a read was told to wait.
fn wait_of(read: Result<(), SourceError>) -> Duration {
    match read {
        Err(SourceError::Throttled { retry_after: Some(wait) }) => wait,
        other => panic!("{other:?}"),
    }
}

/// Whether it was told to wait until the end of the window, which was 31 seconds away when the test began.
fn is_until_the_end(wait: Duration) -> bool {
    (Duration::from_secs(1)..=Duration::from_secs(31)).contains(&wait)
}

#[actix_web::test]
async fn background_work_stops_at_the_share_and_people_go_on() {
    let stage = Stage::new(Limit::new(25, 0), 0.8);

    for _ in 0..20 {
        stage.read().await.unwrap();
    }

    let wait = wait_of(stage.read().await);
    assert!(is_until_the_end(wait), "{wait:?}");
    assert!(is_until_the_end(wait_of(stage.fetch().await)));
    assert_eq!(stage.calls(), 20, "what is held back does not reach Nango");
    stage.who_am_i().await.unwrap();
    stage.serve_a_person().await;
    assert_eq!(stage.calls(), 25);
    stage.nango.stop().await;
}

#[actix_web::test]
async fn what_others_use_up_counts_and_every_kind_of_answer_tells_it() {
    let nothing_left_but_the_rest = || Stage::new(Limit::new(20, 15), 0.8);

    let stage = nothing_left_but_the_rest();
    stage.read().await.unwrap();
    wait_of(stage.read().await);
    stage.nango.stop().await;

    let stage = nothing_left_but_the_rest();
    stage.fetch().await.unwrap();
    wait_of(stage.read().await);
    stage.nango.stop().await;

    let stage = nothing_left_but_the_rest();
    stage.who_am_i().await.unwrap();
    wait_of(stage.read().await);
    stage.nango.stop().await;

    let stage = nothing_left_but_the_rest();
    let nobodys = BrokerReference { provider: Provider::Gmail, id: BrokerConnectionId::new("c-1") };
    assert_eq!(stage.connections.find(&nobodys).await.unwrap(), None, "an error answer tells it too");
    wait_of(stage.read().await);
    stage.nango.stop().await;
}

#[actix_web::test]
async fn the_comparison_of_all_connections_stops_first() {
    let stage = Stage::new(Limit::new(20, 0), 0.8);

    for _ in 0..8 {
        stage.list(None).await.unwrap();
    }

    let listed = stage.list(None).await;
    let Err(BrokerError::Throttled { retry_after: Some(wait) }) = listed else { panic!("{listed:?}") };
    assert!(is_until_the_end(wait), "{wait:?}");
    assert_eq!(stage.calls(), 8);
    stage.read().await.unwrap();
    stage.list(Some(USER_1)).await.unwrap();
    stage.nango.stop().await;
}

#[actix_web::test]
async fn a_new_window_lets_all_go_on() {
    // The window ends three seconds from now: a second after the one that Nango rounds down to.
    let now = NOON - Duration::from_secs(2);
    let limit = Limit { reset: NOON.unix_timestamp(), ..Limit::new(20, 19) };
    let stage = Stage::at(now, Duration::ZERO, limit, 0.8);
    stage.read().await.unwrap();
    assert!(wait_of(stage.read().await) <= Duration::from_secs(3));
    *stage.limit.lock().unwrap() = Limit { reset: NOON.unix_timestamp() + 60, ..Limit::new(20, 0) };

    rt::time::sleep(Duration::from_secs(3)).await;

    stage.list(None).await.unwrap();
    stage.read().await.unwrap();
    assert_eq!(stage.calls(), 3);
    stage.nango.stop().await;
}

#[actix_web::test]
async fn calls_on_their_way_count() {
    let stage = Stage::at(NOON, Duration::from_millis(100), Limit::new(20, 0), 0.5);
    stage.read().await.unwrap();

    let (answered, held_back) = read_at_once(&stage, 30).await;

    assert_eq!((answered, held_back), (9, 21));
    assert_eq!(stage.calls(), 10);
    stage.nango.stop().await;
}

/// Until the first answer nothing is known of the limit, so that all who begin at once go.
#[rstest]
#[case::a_share_of_many_calls(0.5, 20)]
#[case::a_share_of_fewer_than_call_at_once(0.05, CALLERS)]
#[actix_web::test]
async fn from_a_cold_start_the_share_is_overshot_by_nobody_but_the_first(#[case] share: f64, #[case] most: usize) {
    let stage = Stage::at(NOON, Duration::from_millis(20), Limit::new(40, 0), share);
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let source = stage.source.clone();
            rt::spawn(async move { while source.read_page(&a_stream(), None, 100).await.is_ok() {} })
        })
        .collect();

    for caller in callers {
        caller.await.unwrap();
    }

    assert!((CALLERS..=most).contains(&stage.calls()), "{}", stage.calls());
    stage.nango.stop().await;
}

/// Who call over and over, side by side, until they are held back.
const CALLERS: usize = 8;

/// How many of so many reads that begin at once were answered, and how many were held back.
async fn read_at_once(stage: &Stage, reads: usize) -> (usize, usize) {
    let reads: Vec<_> = (0..reads)
        .map(|_| {
            let source = stage.source.clone();
            rt::spawn(async move { source.read_page(&a_stream(), None, 100).await })
        })
        .collect();
    let (mut answered, mut held_back) = (0, 0);
    for read in reads {
        match read.await.unwrap() {
            Ok(_) => answered += 1,
            Err(SourceError::Throttled { retry_after: Some(_) }) => held_back += 1,
            Err(error) => panic!("{error:?}"),
        }
    }
    (answered, held_back)
}

#[actix_web::test]
async fn a_refusal_by_nango_holds_back_the_other_clones() {
    let stage = Stage::answering(refused);
    assert_eq!(wait_of(stage.fetch().await), Duration::from_secs(17));

    let wait = wait_of(stage.read().await);

    assert!((Duration::from_secs(1)..=Duration::from_secs(17)).contains(&wait), "{wait:?}");
    let listed = stage.list(None).await;
    assert!(matches!(listed, Err(BrokerError::Throttled { retry_after: Some(_) })), "{listed:?}");
    assert_eq!(stage.calls(), 1);
    open(&stage.broker).await.unwrap_err();
    assert_eq!(stage.calls(), 2, "a person's call goes, and may be refused");
    stage.nango.stop().await;
}

#[actix_web::test]
async fn a_refusal_by_nango_of_what_was_asked_of_a_provider_holds_back_too() {
    let stage = Stage::answering(refused);
    let asked = stage.who_am_i().await;
    assert!(matches!(asked, Err(WhoAmIError::Broker(BrokerError::Throttled { .. }))), "{asked:?}");

    wait_of(stage.read().await);

    assert_eq!(stage.calls(), 1);
    stage.nango.stop().await;
}

/// It is about one person's account there.
#[actix_web::test]
async fn a_refusal_by_a_provider_holds_back_nobody_else() {
    let stage = Stage::answering(|asked| {
        let (status, body) = if asked.target.starts_with("/proxy/") {
            (429, json!({ "error": { "code": 429, "status": "RESOURCE_EXHAUSTED" } }))
        } else {
            what_was_asked_for(asked)
        };
        answer(status).insert_header(("retry-after", "17")).json(body)
    });
    let asked = stage.who_am_i().await;
    assert!(matches!(asked, Err(WhoAmIError::Unreadable(_))), "{asked:?}");

    stage.read().await.unwrap();

    stage.nango.stop().await;
}

#[actix_web::test]
async fn a_nango_without_a_limit_holds_back_nobody() {
    let stage = Stage::answering(|asked| answer(200).json(what_was_asked_for(asked).1));

    for _ in 0..50 {
        stage.read().await.unwrap();
    }

    stage.nango.stop().await;
}
