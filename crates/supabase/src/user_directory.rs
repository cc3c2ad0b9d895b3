//! The accounts of a Supabase project, by its administration API.

use std::time::Duration;

use async_trait::async_trait;
use cortex_identity::model::{Account, AccountBinding};
use cortex_identity::ports::{DirectoryError, InviteAnswer, UserDirectory};
use cortex_kernel::{CompanyId, Email, UserId};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, Response, StatusCode, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use thiserror::Error;
use url::Url;

/// How the accounts of a project are reached.
#[derive(Clone, Debug)]
pub struct UserDirectoryConfig {
    /// The project's address.
    pub supabase_url: Url,
    /// The key of its service role, which may do everything.
    pub service_key: SecretString,
    /// Where the link of an invitation leads; none for the project's own choice.
    pub redirect_to: Option<Url>,
    /// How long one call may take, from its first byte to the last.
    pub timeout: Duration,
}

/// The accounts of a Supabase project.
#[derive(Clone, Debug)]
pub struct SupabaseUserDirectory {
    client: Client,
    base: String,
    redirect_to: Option<String>,
}

/// The client cannot be made.
#[derive(Debug, Error)]
pub enum SetUpError {
    /// The key is no header.
    #[error("the service key holds what no request header may")]
    Key,
    /// The client itself refuses.
    #[error("the client for Supabase's user administration cannot be set up")]
    Client(#[source] reqwest::Error),
}

/// An answer that was not what was asked for. It names the status and the code: messages may hold anything.
#[derive(Debug, Error)]
enum Refused {
    #[error("no answer from the user administration")]
    Unreachable(#[source] reqwest::Error),
    #[error("the user administration answered {status} ({code})")]
    Status { status: StatusCode, code: String, is_about_mail: bool, retry_after: Option<Duration> },
    #[error("the answer of the user administration is too long")]
    TooLong,
    #[error("the answer of the user administration is not {0}")]
    Nonsense(&'static str),
}

/// `{"code": 422, "error_code": "email_exists", "msg": "…"}`.
#[derive(Default, Deserialize)]
struct ErrorBody {
    #[serde(default)]
    error_code: String,
    #[serde(default)]
    msg: String,
}

#[derive(Deserialize)]
struct UserBody {
    id: String,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    app_metadata: Option<Map<String, Value>>,
    #[serde(default)]
    user_metadata: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
struct UserList {
    users: Vec<UserBody>,
}

/// Longest answer that is read, in bytes. A page of users has a tenth of it.
const MAX_LENGTH: usize = 4 * 1024 * 1024;
/// Users in a page of a list.
const PER_PAGE: usize = 100;
/// Most pages that are read. The filter finds whatever holds the address, which is one user nearly always.
const MAX_PAGES: usize = 20;
/// Longest wait that is believed.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);
/// Longest code of an error that is told.
const MAX_CODE: usize = 64;

impl SupabaseUserDirectory {
    /// The accounts that `config` leads to; `tls` says whose certificates are trusted. Proxies of the environment and
    /// redirects are not followed: the key goes where the configuration says.
    pub fn new(config: &UserDirectoryConfig, tls: rustls::ClientConfig) -> Result<Self, SetUpError> {
        let secret = |text: String| {
            let mut value = HeaderValue::try_from(text).map_err(|_| SetUpError::Key)?;
            value.set_sensitive(true);
            Ok(value)
        };
        let key = config.service_key.expose_secret();
        let mut headers = HeaderMap::new();
        headers.insert("apikey", secret(key.to_owned())?);
        headers.insert(AUTHORIZATION, secret(format!("Bearer {key}"))?);
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .default_headers(headers)
            .timeout(config.timeout)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(SetUpError::Client)?;
        let base = format!("{}/auth/v1", config.supabase_url.as_str().trim_end_matches('/'));
        Ok(Self { client, base, redirect_to: config.redirect_to.as_ref().map(Url::to_string) })
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<T, Refused> {
        let mut url = Url::parse(&format!("{}{path}", self.base)).map_err(|_| Refused::Nonsense("at an address"))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = self.client.request(method, url);
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        // Addresses of people stand in the URL.
        let answer = request.send().await.map_err(|error| Refused::Unreachable(error.without_url()))?;
        let (status, retry_after) = (answer.status(), retry_after(&answer));
        let body = bounded(answer).await?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|_| Refused::Nonsense("what it should be"));
        }
        let ErrorBody { error_code, msg } = serde_json::from_slice(&body).unwrap_or_default();
        // One code stands for many failures of theirs, and only the words tell this one apart.
        let is_about_mail = msg.starts_with("Error sending");
        Err(Refused::Status { status, code: harmless(error_code), is_about_mail, retry_after })
    }
}

#[async_trait]
impl UserDirectory for SupabaseUserDirectory {
    async fn invite(&self, email: &Email, company_id: CompanyId) -> Result<InviteAnswer, DirectoryError> {
        let query: Vec<_> = self.redirect_to.iter().map(|place| ("redirect_to", place.as_str())).collect();
        let body = json!({ "email": email.as_str(), "data": { "company_id": company_id.to_string() } });
        match self.call::<UserBody>(Method::POST, "/invite", &query, Some(&body)).await {
            Ok(user) => Ok(InviteAnswer::Sent(user.id()?)),
            Err(Refused::Status { code, .. }) if code == "email_exists" => Ok(InviteAnswer::HasAccount),
            Err(refused) => Err(refused.of_invitation()),
        }
    }

    async fn find_by_email(&self, email: &Email) -> Result<Option<UserId>, DirectoryError> {
        let (wanted, per_page) = (email.folded(), PER_PAGE.to_string());
        for page in 1..=MAX_PAGES {
            let page = page.to_string();
            let query = [("filter", wanted.as_str()), ("page", &page), ("per_page", &per_page)];
            let UserList { users } = self.call(Method::GET, "/admin/users", &query, None).await?;
            let is_last = users.len() < PER_PAGE;
            let is_wanted = |user: &UserBody| user.email.as_ref().is_some_and(|email| email.to_lowercase() == wanted);
            if let Some(user) = users.iter().find(|user| is_wanted(user)) {
                return user.id().map(Some);
            }
            if is_last {
                return Ok(None);
            }
        }
        Err(DirectoryError::BadAnswer("too many accounts hold that address".into()))
    }

    async fn find(&self, user_id: UserId) -> Result<Option<Account>, DirectoryError> {
        match self.call::<UserBody>(Method::GET, &format!("/admin/users/{user_id}"), &[], None).await {
            Ok(user) => user.account().map(Some),
            Err(refused) if refused.is_absence() => Ok(None),
            Err(refused) => Err(refused.into()),
        }
    }

    async fn write_binding(&self, user_id: UserId, binding: &AccountBinding) -> Result<(), DirectoryError> {
        // Members that are not named stay; a list that is named is replaced.
        let mut app_metadata = json!({ "company_ids": binding.company_ids });
        if let Some(company_id) = &binding.company_id {
            app_metadata["company_id"] = json!(company_id);
        }
        let mut body = json!({ "app_metadata": app_metadata });
        if let Some(company_id) = &binding.own_company_id {
            body["user_metadata"] = json!({ "company_id": company_id });
        }
        match self.call::<UserBody>(Method::PUT, &format!("/admin/users/{user_id}"), &[], Some(&body)).await {
            Ok(_) => Ok(()),
            Err(refused) if refused.is_absence() => Ok(()),
            Err(refused) => Err(refused.into()),
        }
    }
}

impl UserBody {
    fn id(&self) -> Result<UserId, DirectoryError> {
        self.id.parse().map_err(|_| Refused::Nonsense("about a user with an id").into())
    }

    fn account(&self) -> Result<Account, DirectoryError> {
        let text = |object: &Option<Map<String, Value>>, name: &str| {
            object.as_ref().and_then(|object| object.get(name)).and_then(Value::as_str).map(ToOwned::to_owned)
        };
        let company_ids = self.app_metadata.as_ref().and_then(|object| object.get("company_ids"));
        let company_ids = match company_ids {
            Some(Value::Array(ids)) => ids.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
            Some(Value::String(id)) => vec![id.clone()],
            _ => Vec::new(),
        };
        Ok(Account {
            user_id: self.id()?,
            company_ids,
            company_id: text(&self.app_metadata, "company_id"),
            own_company_id: text(&self.user_metadata, "company_id"),
        })
    }
}

impl Refused {
    /// Whether there is no such user. A gateway's or a wrong address's 404 has no such code.
    fn is_absence(&self) -> bool {
        matches!(self, Self::Status { status: StatusCode::NOT_FOUND, code, .. } if code == "user_not_found")
    }

    /// What it means for an invitation, which has failures of its own.
    fn of_invitation(self) -> DirectoryError {
        match &self {
            Self::Status { is_about_mail: true, .. } => DirectoryError::MailNotSent(self.into()),
            Self::Status { code, .. } => match code.as_str() {
                "over_email_send_rate_limit" | "email_address_not_authorized" => {
                    DirectoryError::MailNotSent(self.into())
                }
                "validation_failed" | "email_address_invalid" => DirectoryError::AddressRefused(self.into()),
                _ => self.into(),
            },
            Self::Unreachable(_) | Self::TooLong | Self::Nonsense(_) => self.into(),
        }
    }
}

impl From<Refused> for DirectoryError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Status { status: StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, .. } => {
                Self::Unauthorised(refused.into())
            }
            Refused::Status { status: StatusCode::TOO_MANY_REQUESTS, retry_after, .. } => {
                Self::Throttled { retry_after }
            }
            Refused::Status { status, .. } if status.is_server_error() => Self::Unavailable(refused.into()),
            Refused::Unreachable(_) => Self::Unavailable(refused.into()),
            Refused::Status { .. } | Refused::TooLong | Refused::Nonsense(_) => Self::BadAnswer(refused.into()),
        }
    }
}

async fn bounded(mut answer: Response) -> Result<Vec<u8>, Refused> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| Refused::Unreachable(error.without_url()))? {
        if body.len() + chunk.len() > MAX_LENGTH {
            return Err(Refused::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn retry_after(answer: &Response) -> Option<Duration> {
    let seconds = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
}

/// The code, if it is a word like theirs.
fn harmless(code: String) -> String {
    let is_word = code.len() <= MAX_CODE && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_word && !code.is_empty() { code } else { "no code".to_owned() }
}
