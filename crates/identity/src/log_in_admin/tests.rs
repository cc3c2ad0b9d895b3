//! Who is let in by his PIN, and who is held off.

use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use rstest::rstest;
use uuid::{Uuid, uuid};

use super::*;
use crate::ports::{MockAdminSessions, MockAttemptCounters, MockPinVerifier};
use crate::testing::{COMPANY_A, InMemoryAdminSessions, InMemoryAttemptCounters, NOON, an_admin_origin};

const ID: Uuid = uuid!("0e000000-0000-4000-8000-000000000001");
const LIMITS: LoginLimits =
    LoginLimits { per_address: 5, in_all: 8, window: Duration::from_mins(15), session: Duration::from_hours(1) };

/// One PIN is right; counts how many were looked at.
#[derive(Default)]
struct Pin(AtomicU32);

struct One;

#[async_trait]
impl PinVerifier for Pin {
    async fn is_right(&self, pin: &SecretString) -> Result<bool, VerifyPinError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(pin.expose_secret() == "right")
    }
}

impl AdminTokens for One {
    fn new_token(&self) -> SecretString {
        "token".into()
    }
}

impl IdGenerator for One {
    fn new_uuid(&self) -> Uuid {
        ID
    }
}

#[derive(Default)]
struct Scene {
    pin: Arc<Pin>,
    attempts: Arc<InMemoryAttemptCounters>,
    sessions: Arc<InMemoryAdminSessions>,
}

impl Scene {
    fn use_case(&self, networks: &[&str], pin: Option<Arc<dyn PinVerifier>>) -> LogInAdmin {
        let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
        let door = AdminDoor::new(COMPANY_A, networks, self.sessions.clone(), self.attempts.clone(), Arc::new(|| NOON));
        let ports = LogInPorts {
            attempts: self.attempts.clone(),
            sessions: self.sessions.clone(),
            tokens: Arc::new(One),
            ids: Arc::new(One),
            clock: Arc::new(|| NOON),
        };
        LogInAdmin::new(COMPANY_A, LIMITS, Arc::new(door), pin, ports)
    }

    async fn try_from(&self, address: &str, pin: &str) -> Result<LoggedInAdmin, LogInAdminError> {
        let origin = Origin { address: Some(address.parse().unwrap()), ..an_admin_origin() };
        self.use_case(&[], Some(self.pin.clone())).log_in(&pin.into(), &origin).await
    }

    async fn fail_from(&self, address: &str) {
        let tried = self.try_from(address, "wrong").await;
        assert!(matches!(tried, Err(LogInAdminError::WrongPin)), "{tried:?}");
    }

    async fn is_held_off(&self, address: &str, pin: &str) -> bool {
        match self.try_from(address, pin).await {
            Err(LogInAdminError::TooManyAttempts { retry_after }) => {
                assert!(retry_after > Duration::ZERO && retry_after <= LIMITS.window);
                true
            }
            _ => false,
        }
    }
}

const HERE: &str = "203.0.113.7";

#[tokio::test]
async fn who_knows_the_pin_gets_a_session_that_the_token_opens() {
    let scene = Scene::default();

    let admin = scene.try_from(HERE, "right").await.unwrap();

    assert_eq!((admin.token.expose_secret(), admin.lasts), ("token", LIMITS.session));
    let found = scene.sessions.find_open(COMPANY_A, &AdminTokenHash::of("token")).await.unwrap();
    assert_eq!(found, Some(admin.session));
    assert_eq!(admin.session.id, AdminSessionId::new(ID));
    assert_eq!(scene.sessions.audited(COMPANY_A), ["admin_login"]);
}

#[tokio::test]
async fn after_five_wrong_pins_the_right_one_is_not_looked_at_either_until_the_window_ends() {
    let scene = Scene::default();
    for _ in 0..5 {
        scene.fail_from(HERE).await;
    }

    assert!(scene.is_held_off(HERE, "wrong").await);
    assert!(scene.is_held_off(HERE, "right").await);
    assert_eq!(scene.pin.0.load(Ordering::Relaxed), 5);
    assert_eq!(scene.sessions.audited(COMPANY_A), ["admin_login_failed"; 6], "the first that was held off is told");

    assert!(scene.try_from("203.0.113.8", "right").await.is_ok(), "from elsewhere it is");
    scene.attempts.end_windows();
    assert!(scene.try_from(HERE, "right").await.is_ok());
}

#[tokio::test]
async fn a_right_pin_is_no_failure() {
    let scene = Scene::default();
    for _ in 0..20 {
        assert!(scene.try_from(HERE, "right").await.is_ok());
    }
    for _ in 0..4 {
        scene.fail_from(HERE).await;
    }

    assert!(scene.try_from(HERE, "right").await.is_ok());
    scene.fail_from(HERE).await;
    assert!(scene.is_held_off(HERE, "right").await);
}

#[tokio::test]
async fn wrong_pins_from_everywhere_hold_everybody_off() {
    let scene = Scene::default();
    for n in 0..8 {
        scene.fail_from(&format!("203.0.113.{n}")).await;
    }

    for _ in 0..6 {
        assert!(scene.is_held_off("198.51.100.1", "right").await);
    }

    assert_eq!(scene.pin.0.load(Ordering::Relaxed), 8);
    assert_eq!(scene.sessions.audited(COMPANY_A).len(), 9);
    assert_eq!(
        scene.attempts.count(COMPANY_A, "admin_login:198.51.100.1", LIMITS.window).await.unwrap().count,
        1,
        "what was not looked at was not wrong from there"
    );
}

#[tokio::test]
async fn an_address_that_is_held_off_uses_up_nothing_of_the_others() {
    let scene = Scene::default();
    for _ in 0..5 {
        scene.fail_from(HERE).await;
    }
    for _ in 0..20 {
        assert!(scene.is_held_off(HERE, "wrong").await);
    }

    assert!(scene.try_from("198.51.100.1", "right").await.is_ok());
}

#[rstest]
#[case::mapped("::ffff:203.0.113.7", "203.0.113.7", true)]
#[case::one_network_of_version_six("2001:db8::1", "2001:db8:0:0:ffff::7", true)]
#[case::two_networks_of_version_six("2001:db8::1", "2001:db8:0:1::1", false)]
#[tokio::test]
async fn an_address_counts_with_its_neighbours_of_one_owner(
    #[case] one: &str,
    #[case] other: &str,
    #[case] is_one_owner: bool,
) {
    let scene = Scene::default();
    for _ in 0..5 {
        scene.fail_from(one).await;
    }

    assert_eq!(scene.is_held_off(other, "right").await, is_one_owner);
}

/// `MockPinVerifier` without expectations panics when it is asked anything.
#[tokio::test]
async fn from_elsewhere_no_pin_is_looked_at() {
    let scene = Scene::default();
    let log_in = scene.use_case(&["192.0.2.0/24"], Some(Arc::new(MockPinVerifier::new())));

    let tried = log_in.log_in(&"right".into(), &an_admin_origin()).await;

    assert!(matches!(tried, Err(LogInAdminError::AddressNotAllowed(_))), "{tried:?}");
    assert_eq!(scene.sessions.audited(COMPANY_A), ["admin_login_failed"]);
}

#[tokio::test]
async fn without_a_pin_nobody_is_let_in() {
    let tried = Scene::default().use_case(&[], None).log_in(&"".into(), &an_admin_origin()).await;

    assert!(matches!(tried, Err(LogInAdminError::NoPin)), "{tried:?}");
}

#[tokio::test]
async fn what_cannot_be_compared_lets_nobody_in_and_counts() {
    let scene = Scene::default();
    let mut pin = MockPinVerifier::new();
    pin.expect_is_right().times(5).returning(|_| Err(VerifyPinError("no memory".into())));
    let log_in = scene.use_case(&[], Some(Arc::new(pin)));
    for _ in 0..5 {
        let tried = log_in.log_in(&"right".into(), &an_admin_origin()).await;
        assert!(matches!(tried, Err(LogInAdminError::Verify(_))), "{tried:?}");
    }

    let tried = log_in.log_in(&"right".into(), &an_admin_origin()).await;

    assert!(matches!(tried, Err(LogInAdminError::TooManyAttempts { .. })), "{tried:?}");
}

#[tokio::test]
async fn a_session_that_cannot_be_opened_is_none() {
    let scene = Scene::default();
    let mut sessions = MockAdminSessions::new();
    sessions.expect_open().returning(|_| Err(StoreError::Unavailable("gone".into())));
    let ports = LogInPorts { sessions: Arc::new(sessions), ..scene.use_case(&[], None).ports };
    let door = AdminDoor::new(COMPANY_A, Vec::new(), ports.sessions.clone(), ports.attempts.clone(), Arc::new(|| NOON));
    let log_in = LogInAdmin::new(COMPANY_A, LIMITS, Arc::new(door), Some(scene.pin), ports);

    let tried = log_in.log_in(&"right".into(), &an_admin_origin()).await;

    assert!(matches!(tried, Err(LogInAdminError::Store(StoreError::Unavailable(_)))), "{tried:?}");
}

/// However often somebody knocks who is held off anyway, the row that all of his attempts share is left alone.
#[tokio::test]
async fn who_was_held_off_a_moment_ago_is_held_off_without_a_count() {
    let mut attempts = MockAttemptCounters::new();
    let window_ends_in = Duration::from_mins(10);
    attempts.expect_count().once().returning(move |_, _, _| Ok(Attempts { count: 7, window_ends_in }));
    attempts.expect_give_back().once().returning(|_, _| Ok(()));
    let scene = Scene::default();
    let use_case = scene.use_case(&[], Some(scene.pin.clone()));
    let ports = LogInPorts { attempts: Arc::new(attempts), ..use_case.ports.clone() };
    let use_case = LogInAdmin { ports, ..use_case };

    for _ in 0..50 {
        let tried = use_case.log_in(&"wrong".into(), &an_admin_origin()).await;
        let Err(LogInAdminError::TooManyAttempts { retry_after }) = tried else { panic!("{tried:?}") };
        assert_eq!(retry_after, window_ends_in);
    }
}

/// More right ones at once than may be wrong: those that were looked at are given back, and of the others all but one.
#[tokio::test]
async fn right_pins_that_come_too_many_at_once_do_not_lock_anybody_out() {
    let scene = Scene::default();
    let key = key_of(Some(HERE.parse().unwrap()));
    for _ in 0..5 {
        scene.attempts.count(COMPANY_A, &key, LIMITS.window).await.unwrap();
    }
    for _ in 0..7 {
        assert!(scene.is_held_off(HERE, "right").await);
    }
    for _ in 0..5 {
        scene.attempts.give_back(COMPANY_A, &key).await.unwrap();
    }

    for _ in 0..4 {
        scene.fail_from(HERE).await;
    }
    assert!(scene.is_held_off(HERE, "right").await);
}

#[tokio::test]
async fn a_right_pin_whose_session_cannot_be_kept_is_no_failure() {
    let scene = Scene::default();
    let mut sessions = MockAdminSessions::new();
    sessions.expect_open().times(9).returning(|_| Err(StoreError::Unavailable("gone".into())));
    let use_case = scene.use_case(&[], Some(scene.pin.clone()));
    let ports = LogInPorts { sessions: Arc::new(sessions), ..use_case.ports.clone() };
    let use_case = LogInAdmin { ports, ..use_case };

    for _ in 0..9 {
        let tried = use_case.log_in(&"right".into(), &an_admin_origin()).await;
        assert!(matches!(tried, Err(LogInAdminError::Store(_))), "{tried:?}");
    }
}
