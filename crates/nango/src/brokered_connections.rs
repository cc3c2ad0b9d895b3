//! The connections that Nango holds.

use std::collections::BTreeMap;

use async_trait::async_trait;
use cortex_connections::model::{BrokerConnection, BrokerFilter, BrokerReference, ListedConnection};
use cortex_connections::ports::{BrokerError, BrokeredConnections, ListedPage};
use cortex_kernel::{BrokerConnectionId, Provider};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::Url;

use crate::answer::Answer;
use crate::budget::Urgency;
use crate::claims::{EndUser, claims_of, text};
use crate::client::NangoClient;
use crate::error::NangoError;

/// Connections that are asked for at once. Nango gives up to 2,000, and all of them where nobody says how many.
const PAGE: usize = 100;

/// Longest answer with that many, in bytes: what people write into the metadata of connections comes along.
const LONGEST_PAGE: usize = 16 * 1024 * 1024;

/// Reads and removes connections at Nango. Their credentials, which come along, are not kept.
#[derive(Clone, Debug)]
pub struct NangoConnections {
    client: NangoClient,
    integrations: BTreeMap<Provider, String>,
}

impl NangoConnections {
    /// Knows connections of the providers in `integrations`, which has Nango's unique key of each.
    #[must_use]
    pub const fn new(client: NangoClient, integrations: BTreeMap<Provider, String>) -> Self {
        Self { client, integrations }
    }

    async fn get(&self, reference: &BrokerReference) -> Result<Option<BrokerConnection>, NangoError> {
        let answer = self.call(Method::GET, reference).await?;
        let complaint = answer.complaint();
        match answer.status {
            StatusCode::OK => Ok(Some(connection_of(reference, &answer.json()?)?)),
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND if complaint.is_code("unknown_connection") => Ok(None),
            StatusCode::NOT_FOUND if complaint.is_code("not_found") => Ok(None),
            // Nango tells of the connection all the same.
            StatusCode::BAD_REQUEST | StatusCode::FAILED_DEPENDENCY if complaint.is_code("invalid_credentials") => {
                let body: Value = answer.json()?;
                let found = connection_of(reference, &body["error"]["payload"]["connection"])?;
                Ok(Some(BrokerConnection { is_authorized: false, ..found }))
            }
            _ => Err(self.refusal(answer, reference)),
        }
    }

    async fn remove(&self, reference: &BrokerReference) -> Result<(), NangoError> {
        let answer = self.call(Method::DELETE, reference).await?;
        let complaint = answer.complaint();
        match answer.status {
            StatusCode::OK => match answer.json::<Value>()?["success"].as_bool() {
                Some(true) => Ok(()),
                Some(false) | None => Err(NangoError::Member("success".to_owned())),
            },
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND
                if complaint.is_code("unknown_connection") || complaint.is_code("not_found") =>
            {
                Ok(())
            }
            _ => Err(self.refusal(answer, reference)),
        }
    }

    async fn page(&self, filter: &BrokerFilter, page: u32) -> Result<ListedPage, NangoError> {
        let keys: Vec<&str> = match filter.provider {
            Some(provider) => vec![self.integrations.get(&provider).ok_or(NangoError::SwitchedOff(provider))?],
            None => self.integrations.values().map(String::as_str).collect(),
        };
        if keys.is_empty() {
            return Ok(ListedPage { connections: Vec::new(), is_last: true });
        }
        let (keys, company, user) =
            (keys.join(","), filter.company_id.to_string(), filter.user_id.map(|user| user.to_string()));
        let (limit, page) = (PAGE.to_string(), page.to_string());
        let mut query =
            vec![("integrationId", &*keys), ("tags[organization_id]", &company), ("limit", &limit), ("page", &page)];
        query.extend(user.as_deref().map(|user| ("tags[end_user_id]", user)));
        let urgency = urgency_of(filter);
        let body: Value = self.client.get(urgency, "/connections", &query, HeaderMap::new(), LONGEST_PAGE).await?;
        let listed = body["connections"].as_array().ok_or_else(|| NangoError::Member("connections".to_owned()))?;
        let connections = listed.iter().filter_map(|one| self.listed(one).transpose()).collect::<Result<_, _>>()?;
        Ok(ListedPage { connections, is_last: listed.len() < PAGE })
    }

    /// A connection of the list; none where its integration is not one of ours.
    fn listed(&self, body: &Value) -> Result<Option<ListedConnection>, NangoError> {
        let key = body["provider_config_key"].as_str();
        let known = self.integrations.iter().find(|(_, known)| Some(known.as_str()) == key);
        let Some((provider, _)) = known else { return Ok(None) };
        let id = BrokerConnectionId::new(text(&body["connection_id"]).ok_or_else(no_id)?);
        let BrokerConnection { reference, claims, is_authorized, .. } =
            connection_of(&BrokerReference { provider: *provider, id }, body)?;
        let created = body["created"].as_str().and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
        let created_at = created.ok_or_else(|| NangoError::Member("created".to_owned()))?;
        Ok(Some(ListedConnection { reference, claims, is_authorized, created_at }))
    }

    /// Asks for, or of, one connection, and takes the answer whatever its status.
    pub(crate) async fn call(&self, method: Method, reference: &BrokerReference) -> Result<Answer, NangoError> {
        let BrokerReference { provider, id } = reference;
        let key = self.integrations.get(provider).ok_or(NangoError::SwitchedOff(*provider))?;
        let path = format!("/connections{}", segment(id.as_str()).ok_or_else(no_id)?);
        let query = [("provider_config_key", &**key)];
        self.client.call(Urgency::Person, method, &path, &query, HeaderMap::new()).await
    }

    /// That it is not what was asked for.
    pub(crate) fn refusal(&self, answer: Answer, reference: &BrokerReference) -> NangoError {
        if answer.complaint().is_code("unknown_provider_config") {
            let key = self.integrations.get(&reference.provider).cloned().unwrap_or_default();
            return NangoError::NoIntegration { provider: reference.provider, key };
        }
        answer.into_refusal()
    }
}

#[async_trait]
impl BrokeredConnections for NangoConnections {
    async fn find(&self, reference: &BrokerReference) -> Result<Option<BrokerConnection>, BrokerError> {
        Ok(self.get(reference).await?)
    }

    async fn delete(&self, reference: &BrokerReference) -> Result<(), BrokerError> {
        Ok(self.remove(reference).await?)
    }

    async fn list(&self, filter: &BrokerFilter, page: u32) -> Result<ListedPage, BrokerError> {
        Ok(self.page(filter, page).await?)
    }
}

/// One person's connections are listed because he asks; the company's are gone through every now and then.
const fn urgency_of(filter: &BrokerFilter) -> Urgency {
    if filter.user_id.is_some() { Urgency::Person } else { Urgency::Walk }
}

/// Takes whatever else is in it as it comes: of all that only the id has to be there.
fn connection_of(reference: &BrokerReference, body: &Value) -> Result<BrokerConnection, NangoError> {
    if body["connection_id"].as_str() != Some(reference.id.as_str()) {
        return Err(no_id());
    }
    let end_user = &body["end_user"];
    let end_user =
        EndUser { id: &end_user["id"], email: &end_user["email"], organization: &end_user["organization"]["id"] };
    let errors = body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(BrokerConnection {
        reference: reference.clone(),
        claims: claims_of(&body["tags"], &end_user),
        is_authorized: !errors.iter().any(|error| error["type"] == "auth"),
        realm_id: text(&body["connection_config"]["realmId"]),
    })
}

/// The id is none that Nango gives.
pub(crate) fn no_id() -> NangoError {
    NangoError::Member("connection_id".to_owned())
}

/// A text as the last part of a path, slash included; none where it is no such part.
pub(crate) fn segment(text: &str) -> Option<String> {
    let mut url = Url::parse("http://host").ok()?;
    url.path_segments_mut().ok()?.push(text);
    Some(url.path().to_owned()).filter(|path| path != "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_cannot_leave_its_place_in_the_path() {
        assert_eq!(segment("3c76c06c-845a").as_deref(), Some("/3c76c06c-845a"));
        assert_eq!(segment("a/../b?c=d#e f%2f").as_deref(), Some("/a%2F..%2Fb%3Fc=d%23e%20f%252f"));
        for text in ["", ".", ".."] {
            assert_eq!(segment(text), None, "{text:?}");
        }
    }
}
