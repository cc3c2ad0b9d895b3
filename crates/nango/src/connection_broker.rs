//! Connect sessions at Nango.

use std::collections::BTreeMap;

use async_trait::async_trait;
use cortex_connections::model::{ConnectLink, Owner};
use cortex_connections::ports::{BrokerError, ConnectionBroker, OpenConnectSession};
use cortex_kernel::Provider;
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use url::Url;

use crate::budget::Urgency;
use crate::client::NangoClient;
use crate::error::NangoError;

/// The host of Nango's own cloud, which its page for connecting talks to unless told otherwise.
const CLOUD_HOST: &str = "api.nango.dev";

/// Opens connect sessions at Nango.
///
/// The person is the end user and the company the organization, as tags and in the older properties: Nango takes both
/// together, and webhooks then carry both. Nango's sessions for reconnects are not used: they overwrite the credentials
/// of the connection before anyone can look whose they are.
#[derive(Clone, Debug)]
pub struct NangoConnectionBroker {
    client: NangoClient,
    integrations: BTreeMap<Provider, String>,
    webhook_url: Option<Url>,
}

/// The body of `POST /connect/sessions`.
#[derive(Serialize)]
struct SessionRequest<'a> {
    tags: Tags<'a>,
    end_user: EndUser<'a>,
    organization: Organization<'a>,
    allowed_integrations: [&'a str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_url_override: Option<&'a Url>,
}

/// Values have 1 to 255 characters. Ours do: ids are UUIDs, and no [`Email`](cortex_kernel::Email) is longer.
#[derive(Serialize)]
struct Tags<'a> {
    end_user_id: &'a str,
    end_user_email: &'a str,
    organization_id: &'a str,
}

#[derive(Serialize)]
struct EndUser<'a> {
    id: &'a str,
    email: &'a str,
}

#[derive(Serialize)]
struct Organization<'a> {
    id: &'a str,
}

#[derive(Deserialize)]
struct Envelope {
    data: Session,
}

#[derive(Deserialize)]
struct Session {
    token: String,
    connect_link: Url,
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

impl NangoConnectionBroker {
    /// Opens sessions for the providers in `integrations`, which has Nango's unique key of each. With a `webhook_url`
    /// the webhooks of the connections go there, and not to the addresses of the Nango environment.
    #[must_use]
    pub const fn new(client: NangoClient, integrations: BTreeMap<Provider, String>, webhook_url: Option<Url>) -> Self {
        Self { client, integrations, webhook_url }
    }

    async fn open(&self, owner: &Owner, provider: Provider) -> Result<ConnectLink, NangoError> {
        let integration = self.integrations.get(&provider).ok_or(NangoError::SwitchedOff(provider))?;
        let (user, company) = (owner.user_id.to_string(), owner.company_id.to_string());
        let email = owner.email.as_str();
        let request = SessionRequest {
            tags: Tags { end_user_id: &user, end_user_email: email, organization_id: &company },
            end_user: EndUser { id: &user, email },
            organization: Organization { id: &company },
            allowed_integrations: [integration],
            webhook_url_override: self.webhook_url.as_ref(),
        };
        let Envelope { data: session } =
            self.client.post(Urgency::Person, "/connect/sessions", &request, StatusCode::CREATED).await.map_err(
                |error| match error {
                    NangoError::Unexpected { complaint, .. } if complaint.is_about("allowed_integrations") => {
                        NangoError::NoIntegration { provider, key: integration.clone() }
                    }
                    error => error,
                },
            )?;
        if session.token.is_empty() {
            return Err(NangoError::Member("data.token".to_owned()));
        }
        let url = with_server(session.connect_link, self.client.base())?;
        Ok(ConnectLink { token: session.token, url: url.into(), expires_at: session.expires_at })
    }
}

#[async_trait]
impl ConnectionBroker for NangoConnectionBroker {
    async fn open_connect_session(&self, request: &OpenConnectSession) -> Result<ConnectLink, BrokerError> {
        Ok(self.open(&request.owner, request.provider).await?)
    }
}

/// Tells the page for connecting which server it belongs to, where that is not Nango's cloud.
fn with_server(mut link: Url, server: &str) -> Result<Url, NangoError> {
    if !matches!(link.scheme(), "http" | "https") {
        return Err(NangoError::Member("data.connect_link".to_owned()));
    }
    let is_cloud = Url::parse(server).is_ok_and(|server| server.host_str() == Some(CLOUD_HOST));
    if !is_cloud && !link.query_pairs().any(|(name, _)| name == "apiURL") {
        link.query_pairs_mut().append_pair("apiURL", server);
    }
    Ok(link)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(text: &str, server: &str) -> Option<String> {
        with_server(text.parse().unwrap(), server).ok().map(String::from)
    }

    #[test]
    fn the_page_of_a_self_hosted_nango_is_told_its_server() {
        assert_eq!(
            link("https://connect.example.com/?session_token=t", "http://nango.example.com:3003/api").as_deref(),
            Some("https://connect.example.com/?session_token=t&apiURL=http%3A%2F%2Fnango.example.com%3A3003%2Fapi")
        );
    }

    #[test]
    fn the_page_of_the_cloud_knows_its_server() {
        let untouched = "https://connect.nango.dev/?session_token=t";

        assert_eq!(link(untouched, "https://api.nango.dev").as_deref(), Some(untouched));
    }

    #[test]
    fn a_link_that_names_its_server_already_stays() {
        let untouched = "https://connect.example.com/?apiURL=https%3A%2F%2Fx&session_token=t";

        assert_eq!(link(untouched, "https://nango.example.com").as_deref(), Some(untouched));
    }

    #[test]
    fn a_link_that_is_no_page_is_refused() {
        assert_eq!(link("javascript:alert(1)", "https://nango.example.com"), None);
    }
}
