//! Calls to Nango and to Supabase, by what was wanted and what came of it. Decorators over the ports: what is counted is
//! one call of a port, which may be more than one request.

use std::time::Instant;

use async_trait::async_trait;
use cortex_connections::model::{BrokerConnection, BrokerFilter, BrokerReference, ConnectLink, ProviderAccount};
use cortex_connections::ports::{
    BrokerError, BrokeredConnections, ConnectionBroker, ListedPage, OpenConnectSession, ProviderAccounts, WhoAmIError,
};
use cortex_identity::model::{Account, AccountBinding};
use cortex_identity::ports::{DirectoryError, InviteAnswer, UserDirectory};
use cortex_ingestion::content_source::{ContentError, ContentSource, Fetched, Wanted};
use cortex_ingestion::model::{Cursor, Stream};
use cortex_ingestion::record_source::{RecordPage, RecordSource, SourceError};
use cortex_kernel::{BrokerConnectionId, CompanyId, Email, Provider, UserId};
use cortex_supabase::{FetchJwksError, JwksSource};

use super::Metered;
use super::series::{Book, Counters, REMOTE, Timings};

/// What is counted of calls to others.
pub(super) struct Remote {
    calls: Counters<3>,
    took: Timings<2>,
}

/// Who is called.
#[derive(Clone, Copy)]
enum Service {
    Nango,
    Supabase,
}

/// A failure by one word of few.
trait Outcome {
    fn word(&self) -> &'static str;
}

/// The refusals of our keys that somebody is woken for.
const REFUSALS: [[&str; 3]; 8] = [
    ["nango", "open_connect_session", "unauthorised"],
    ["nango", "find_connection", "unauthorised"],
    ["nango", "list_connections", "unauthorised"],
    ["nango", "read_records", "unauthorised"],
    ["supabase", "invite", "unauthorised"],
    ["supabase", "find_account_by_email", "unauthorised"],
    ["supabase", "find_account", "unauthorised"],
    ["supabase", "write_binding", "unauthorised"],
];

impl Remote {
    pub(super) fn new(book: &mut Book) -> Self {
        Self {
            calls: book
                .counters(
                    "cortex_remote_calls_total",
                    ["service", "operation", "outcome"],
                    "Calls to nango and supabase, by what was wanted and what came of it",
                )
                // A series that begins at one has not increased: the first refusal would wake nobody.
                .beginning_with(REFUSALS),
            took: book.timings(
                "cortex_remote_call_duration_seconds",
                ["service", "operation"],
                REMOTE,
                "How long calls to nango and supabase took, whatever came of them",
            ),
        }
    }

    async fn count<T, E: Outcome>(
        &self,
        service: Service,
        operation: &'static str,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let service = match service {
            Service::Nango => "nango",
            Service::Supabase => "supabase",
        };
        let begun = Instant::now();
        let outcome = call.await;
        self.took.observe([service, operation], begun.elapsed());
        self.calls.one([service, operation, outcome.as_ref().map_or_else(Outcome::word, |_| "ok")]);
        outcome
    }
}

impl<P: ?Sized> Metered<P> {
    async fn nango<T, E: Outcome>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.metrics.remote.count(Service::Nango, operation, call).await
    }

    async fn supabase<T, E: Outcome>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.metrics.remote.count(Service::Supabase, operation, call).await
    }
}

#[async_trait]
impl ConnectionBroker for Metered<dyn ConnectionBroker> {
    async fn open_connect_session(&self, request: &OpenConnectSession) -> Result<ConnectLink, BrokerError> {
        self.nango("open_connect_session", self.inner.open_connect_session(request)).await
    }
}

#[async_trait]
impl BrokeredConnections for Metered<dyn BrokeredConnections> {
    async fn find(&self, reference: &BrokerReference) -> Result<Option<BrokerConnection>, BrokerError> {
        self.nango("find_connection", self.inner.find(reference)).await
    }

    async fn delete(&self, reference: &BrokerReference) -> Result<(), BrokerError> {
        self.nango("delete_connection", self.inner.delete(reference)).await
    }

    async fn list(&self, filter: &BrokerFilter, page: u32) -> Result<ListedPage, BrokerError> {
        self.nango("list_connections", self.inner.list(filter, page)).await
    }
}

#[async_trait]
impl ProviderAccounts for Metered<dyn ProviderAccounts> {
    async fn who_am_i(&self, connection: &BrokerConnection) -> Result<ProviderAccount, WhoAmIError> {
        self.nango("who_am_i", self.inner.who_am_i(connection)).await
    }
}

#[async_trait]
impl RecordSource for Metered<dyn RecordSource> {
    async fn request_fetch(&self, provider: Provider, broker_id: &BrokerConnectionId) -> Result<(), SourceError> {
        self.nango("request_fetch", self.inner.request_fetch(provider, broker_id)).await
    }

    async fn read_page(&self, stream: &Stream, after: Option<Cursor>, limit: u16) -> Result<RecordPage, SourceError> {
        self.nango("read_records", self.inner.read_page(stream, after, limit)).await
    }
}

#[async_trait]
impl ContentSource for Metered<dyn ContentSource> {
    async fn fetch(
        &self,
        provider: Provider,
        broker_id: &BrokerConnectionId,
        wanted: &Wanted,
        most_bytes: u64,
    ) -> Result<Fetched, ContentError> {
        self.nango("fetch_content", self.inner.fetch(provider, broker_id, wanted, most_bytes)).await
    }
}

#[async_trait]
impl UserDirectory for Metered<dyn UserDirectory> {
    async fn invite(&self, email: &Email, company_id: CompanyId) -> Result<InviteAnswer, DirectoryError> {
        self.supabase("invite", self.inner.invite(email, company_id)).await
    }

    async fn find_by_email(&self, email: &Email) -> Result<Option<UserId>, DirectoryError> {
        self.supabase("find_account_by_email", self.inner.find_by_email(email)).await
    }

    async fn find(&self, user_id: UserId) -> Result<Option<Account>, DirectoryError> {
        self.supabase("find_account", self.inner.find(user_id)).await
    }

    async fn write_binding(&self, user_id: UserId, binding: &AccountBinding) -> Result<(), DirectoryError> {
        self.supabase("write_binding", self.inner.write_binding(user_id, binding)).await
    }
}

#[async_trait]
impl JwksSource for Metered<dyn JwksSource> {
    async fn fetch(&self) -> Result<Vec<u8>, FetchJwksError> {
        self.supabase("fetch_keys", self.inner.fetch()).await
    }
}

impl Outcome for BrokerError {
    fn word(&self) -> &'static str {
        match self {
            Self::Unauthorised(_) => "unauthorised",
            Self::Throttled { .. } => "throttled",
            Self::Unavailable(_) => "unavailable",
            Self::BadAnswer(_) => "bad_answer",
        }
    }
}

impl Outcome for WhoAmIError {
    fn word(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "refused",
            Self::Broker(error) => error.word(),
        }
    }
}

impl Outcome for SourceError {
    fn word(&self) -> &'static str {
        match self {
            Self::Unauthorised(_) => "unauthorised",
            Self::NeedsReauthorization(_) => "needs_reauthorization",
            Self::Throttled { .. } => "throttled",
            Self::Unavailable(_) => "unavailable",
            Self::CursorLost => "cursor_lost",
            Self::BadAnswer(_) => "bad_answer",
        }
    }
}

impl Outcome for ContentError {
    fn word(&self) -> &'static str {
        match self {
            Self::Unauthorised(_) => "unauthorised",
            Self::NeedsReauthorization(_) => "needs_reauthorization",
            Self::Throttled { .. } => "throttled",
            Self::Unavailable(_) => "unavailable",
            Self::Refused(_) => "refused",
            Self::TooLarge => "too_large",
        }
    }
}

impl Outcome for DirectoryError {
    fn word(&self) -> &'static str {
        match self {
            Self::MailNotSent(_) => "mail_not_sent",
            Self::AddressRefused(_) => "refused",
            Self::Unauthorised(_) => "unauthorised",
            Self::Throttled { .. } => "throttled",
            Self::Unavailable(_) => "unavailable",
            Self::BadAnswer(_) => "bad_answer",
        }
    }
}

impl Outcome for FetchJwksError {
    fn word(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unavailable",
            Self::Status(_) | Self::TooLong | Self::NotAKeySet(_) => "bad_answer",
        }
    }
}
