//! Values that a test starts from and changes where it matters.

use cortex_kernel::{BrokerConnectionId, CompanyId, ConnectionId, Origin, Provider, UserId};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::uuid;

use crate::model::{
    BrokerConnection, BrokerReference, ConnectLink, ConnectPurpose, ConnectSession, ConnectSessionId, ConnectedAccount,
    Connection, ConnectionStatus, NewWebhook, Owner, OwnerClaims, ProviderAccount, QuarantineReason,
    QuarantinedConnection, Refusal, RefusalReason, SaveConnection, TokenHash, UnclaimedConnection,
};

/// The company of the deployment under test.
pub const COMPANY_A: CompanyId = CompanyId::new(uuid!("0a000000-0000-4000-8000-00000000000a"));
/// Some other company.
pub const COMPANY_B: CompanyId = CompanyId::new(uuid!("0b000000-0000-4000-8000-00000000000b"));
/// A person.
pub const USER_1: UserId = UserId::new(uuid!("01000000-0000-4000-8000-000000000001"));
/// A colleague.
pub const USER_2: UserId = UserId::new(uuid!("02000000-0000-4000-8000-000000000002"));
/// The moment at which tests take place.
pub const NOON: OffsetDateTime = datetime!(2026-03-02 12:00 UTC);

/// [`USER_1`] in [`COMPANY_A`].
#[must_use]
pub fn an_owner() -> Owner {
    let email = "one@example.com".parse().expect("an address");
    Owner { company_id: COMPANY_A, user_id: USER_1, email }
}

/// [`USER_1`]'s active Gmail connection `broker-1`.
#[must_use]
pub fn a_connection() -> Connection {
    Connection {
        id: ConnectionId::new(1),
        owner: an_owner(),
        provider: Provider::Gmail,
        broker_id: BrokerConnectionId::new("broker-1"),
        account: Some(an_account()),
        status: ConnectionStatus::Active,
        reason: None,
        connected_at: NOON,
        status_changed_at: NOON,
    }
}

/// [`USER_1`]'s first Gmail connection, `broker-1`, about to be saved.
#[must_use]
pub fn a_save() -> SaveConnection {
    SaveConnection {
        owner: an_owner(),
        provider: Provider::Gmail,
        broker_id: BrokerConnectionId::new("broker-1"),
        decided_on: None,
        claims: None,
        account: Some(an_account()),
        reason: None,
        heard_at: NOON,
        at: NOON,
        origin: an_origin(),
    }
}

/// A Gmail session that [`USER_1`] opened at [`NOON`], for half an hour.
#[must_use]
pub fn a_connect_session() -> ConnectSession {
    ConnectSession {
        id: ConnectSessionId(uuid!("0c000000-0000-4000-8000-000000000001")),
        owner: an_owner(),
        provider: Provider::Gmail,
        purpose: ConnectPurpose::Connect,
        token_hash: TokenHash::of("session-token"),
        opened_at: NOON,
        expires_at: NOON + Duration::minutes(30),
    }
}

/// What a broker answers.
#[must_use]
pub fn a_link() -> ConnectLink {
    ConnectLink {
        token: "session-token".to_owned(),
        url: "https://connect.example.com/?session_token=session-token".to_owned(),
        expires_at: NOON + Duration::minutes(30),
    }
}

/// The account behind [`a_connection`].
#[must_use]
pub fn an_account() -> ProviderAccount {
    ProviderAccount { id: None, email: Some("mailbox@example.com".parse().expect("an address")) }
}

/// What [`an_owner`]'s connections claim at the broker.
#[must_use]
pub fn a_claim() -> OwnerClaims {
    let Owner { company_id, user_id, email } = an_owner();
    OwnerClaims {
        user_id: Some(user_id.to_string()),
        email: Some(email.to_string()),
        company_id: Some(company_id.to_string()),
    }
}

/// [`a_connection`] as the broker knows it.
#[must_use]
pub fn a_broker_connection() -> BrokerConnection {
    let reference = BrokerReference { provider: Provider::Gmail, id: BrokerConnectionId::new("broker-1") };
    BrokerConnection { reference, claims: a_claim(), is_authorized: true, realm_id: None }
}

/// The account of [`a_connection`], connected at [`NOON`].
#[must_use]
pub fn a_connected_account() -> ConnectedAccount {
    ConnectedAccount {
        owner: an_owner(),
        provider: Provider::Gmail,
        account: an_account(),
        broker_id: BrokerConnectionId::new("broker-1"),
        at: NOON,
    }
}

/// `broker-2`, which [`USER_1`] brought at [`NOON`] and which is not taken.
#[must_use]
pub fn a_refusal() -> Refusal {
    Refusal {
        owner: an_owner(),
        reference: BrokerReference { provider: Provider::Gmail, id: BrokerConnectionId::new("broker-2") },
        reason: RefusalReason::AccountMismatch,
        is_to_be_removed: true,
        at: NOON,
        origin: an_origin(),
    }
}

/// The company's Gmail connection `old-1`, from before connections had owners.
#[must_use]
pub fn an_unclaimed_connection() -> UnclaimedConnection {
    UnclaimedConnection {
        id: ConnectionId::new(7),
        provider: Provider::Gmail,
        broker_id: BrokerConnectionId::new("old-1"),
        account: None,
    }
}

/// `broker-9`, which names [`USER_2`], who is no member.
#[must_use]
pub fn a_quarantined_connection() -> QuarantinedConnection {
    QuarantinedConnection {
        company_id: COMPANY_A,
        reference: BrokerReference { provider: Provider::Gmail, id: BrokerConnectionId::new("broker-9") },
        claimed_user_id: USER_2.to_string(),
        reason: QuarantineReason::NotAMember,
        origin: an_origin(),
    }
}

/// A webhook of [`COMPANY_A`], about to be stored.
#[must_use]
pub fn a_webhook() -> NewWebhook {
    NewWebhook {
        company_id: COMPANY_A,
        body: br#"{"connectionId":"broker-1","type":"auth"}"#.to_vec(),
        request_id: Some("request-1".to_owned()),
    }
}

/// The request with which things come.
#[must_use]
pub fn an_origin() -> Origin {
    Origin { request_id: Some("request-1".to_owned()), ..Origin::default() }
}
