//! Whether all that is set for Nango is so there, for whoever has to find out what is wrong.

use std::collections::BTreeMap;

use cortex_connections::model::BrokerReference;
use cortex_connections::ports::BrokerError;
use cortex_kernel::{BrokerConnectionId, Provider};
use futures_util::future::join_all;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use time::OffsetDateTime;

use crate::brokered_connections::NangoConnections;
use crate::budget::Urgency;
use crate::client::NangoClient;
use crate::error::NangoError;

/// Looks at one environment of Nango.
pub struct NangoExaminer {
    client: NangoClient,
    integrations: BTreeMap<Provider, String>,
}

/// What was found, of a Nango that takes our key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NangoFacts {
    /// The providers whose integration it does not have, with the keys that it was asked for.
    pub missing: Vec<(Provider, String)>,
    /// Its clock, to the second; none where it does not say.
    pub date: Option<OffsetDateTime>,
}

/// The id of no connection: asked for it, a Nango that has the integration says that there is none.
const NO_CONNECTION: &str = "cortex-doctor";

impl NangoExaminer {
    /// Will look whether it has these integrations.
    #[must_use]
    pub const fn new(client: NangoClient, integrations: BTreeMap<Provider, String>) -> Self {
        Self { client, integrations }
    }

    /// Looks.
    pub async fn examine(&self) -> Result<NangoFacts, BrokerError> {
        if self.integrations.is_empty() {
            return Ok(NangoFacts { missing: Vec::new(), date: self.ask_for_nothing().await? });
        }
        let answers = join_all(self.integrations.keys().map(|provider| self.ask(*provider))).await;
        let mut facts = NangoFacts { missing: Vec::new(), date: None };
        for answer in answers {
            match answer {
                Ok(date) => facts.date = facts.date.or(date),
                Err(NangoError::NoIntegration { provider, key }) => facts.missing.push((provider, key)),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(facts)
    }

    /// What time it is there, if it has the integration of the provider.
    async fn ask(&self, provider: Provider) -> Result<Option<OffsetDateTime>, NangoError> {
        let connections = NangoConnections::new(self.client.clone(), self.integrations.clone());
        let reference = BrokerReference { provider, id: BrokerConnectionId::new(NO_CONNECTION) };
        let answer = connections.call(Method::GET, &reference).await?;
        let (date, complaint) = (answer.date, answer.complaint());
        let is_unknown = complaint.is_code("unknown_connection")
            || (answer.status == StatusCode::NOT_FOUND && complaint.is_code("not_found"));
        if is_unknown {
            return Ok(date);
        }
        if answer.status == StatusCode::OK {
            // Nobody gives a connection that name; what is not JSON is not Nango's API.
            return answer.json::<serde_json::Value>().map(|_| date);
        }
        Err(connections.refusal(answer, &reference))
    }

    /// The same where no provider is switched on.
    async fn ask_for_nothing(&self) -> Result<Option<OffsetDateTime>, NangoError> {
        let query = [("limit", "1")];
        let answer = self.client.call(Urgency::Person, Method::GET, "/connections", &query, HeaderMap::new()).await?;
        if answer.status == StatusCode::OK {
            return answer.json::<serde_json::Value>().map(|_| answer.date);
        }
        Err(answer.into_refusal())
    }
}
