//! Whose accounts stand behind connections, asked at the providers through Nango's proxy.

use std::collections::BTreeMap;

use async_trait::async_trait;
use cortex_connections::model::{BrokerConnection, ProviderAccount};
use cortex_connections::ports::{ProviderAccounts, WhoAmIError};
use cortex_kernel::{Email, Provider};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use thiserror::Error;

use crate::brokered_connections::segment;
use crate::budget::Urgency;
use crate::claims::text;
use crate::client::NangoClient;
use crate::error::NangoError;
use crate::proxy::{Proxy, Refusal};

/// Asks providers through Nango's proxy whose account a connection reaches.
///
/// A refusal that is not Nango's own says that the provider does not tell.
#[derive(Clone, Debug)]
pub struct NangoProviderAccounts {
    client: NangoClient,
    proxy: Proxy,
}

/// Why an account is not known.
#[derive(Debug, Error)]
enum Unreadable {
    #[error("{provider} answered {status} when asked whose account it is")]
    Refused { provider: Provider, status: u16 },
    #[error("{0} did not answer in time when asked whose account it is")]
    Silent(Provider),
    #[error("the answer of {0} names no account")]
    NoAccount(Provider),
    #[error("the connection names no QuickBooks company")]
    NoRealm,
}

impl NangoProviderAccounts {
    /// Asks providers in `integrations`, which has Nango's unique key of each.
    #[must_use]
    pub const fn new(client: NangoClient, integrations: BTreeMap<Provider, String>) -> Self {
        Self { client, proxy: Proxy::new(integrations) }
    }

    async fn ask(&self, connection: &BrokerConnection) -> Result<ProviderAccount, WhoAmIError> {
        let provider = connection.reference.provider;
        let (path, query) = question(connection).ok_or_else(|| WhoAmIError::Unreadable(Unreadable::NoRealm.into()))?;
        // QuickBooks answers XML otherwise.
        let headers = self.proxy.headers(provider, &connection.reference.id, "application/json").map_err(broker)?;
        // Whoever has just connected waits for it.
        let answer = match self.client.call(Urgency::Person, Method::GET, &path, query, headers).await {
            Ok(answer) => answer,
            // Nango answered a moment ago: it waits for the provider.
            Err(NangoError::Unreachable(error)) if error.is_timeout() && !error.is_connect() => {
                return Err(WhoAmIError::Unreadable(Unreadable::Silent(provider).into()));
            }
            Err(error) => return Err(broker(error)),
        };
        if answer.status != StatusCode::OK {
            return Err(match self.proxy.refused(provider, answer) {
                Refusal::Nango(error) => broker(error),
                Refusal::Provider(answer) => {
                    WhoAmIError::Unreadable(Unreadable::Refused { provider, status: answer.status.as_u16() }.into())
                }
            });
        }
        let body: Value = answer.json().map_err(|error| WhoAmIError::Unreadable(error.into()))?;
        let account = account_of(connection, &body);
        account.ok_or_else(|| WhoAmIError::Unreadable(Unreadable::NoAccount(provider).into()))
    }
}

#[async_trait]
impl ProviderAccounts for NangoProviderAccounts {
    async fn who_am_i(&self, connection: &BrokerConnection) -> Result<ProviderAccount, WhoAmIError> {
        self.ask(connection).await
    }
}

fn broker(error: NangoError) -> WhoAmIError {
    WhoAmIError::Broker(error.into())
}

/// Path and query of the question; none where the connection lacks what it needs.
fn question(connection: &BrokerConnection) -> Option<(String, &'static [(&'static str, &'static str)])> {
    match connection.reference.provider {
        Provider::Gmail => Some(("/proxy/gmail/v1/users/me/profile".to_owned(), &[])),
        Provider::Outlook => Some(("/proxy/v1.0/me".to_owned(), &[])),
        // There is no default: which fields are wanted has to be said.
        Provider::GoogleDrive => Some(("/proxy/drive/v3/about".to_owned(), &[("fields", "user")])),
        Provider::QuickBooks => {
            let realm = segment(connection.realm_id.as_deref()?)?;
            Some((format!("/proxy/v3/company{realm}/companyinfo{realm}"), &[]))
        }
    }
}

/// The account that an answer names, by at least one of id and address.
fn account_of(connection: &BrokerConnection, body: &Value) -> Option<ProviderAccount> {
    let email = |value: &Value| -> Option<Email> { text(value)?.parse().ok() };
    let (id, email) = match connection.reference.provider {
        Provider::Gmail => (None, email(&body["emailAddress"])),
        Provider::Outlook => (text(&body["id"]), email(&body["mail"]).or_else(|| email(&body["userPrincipalName"]))),
        Provider::GoogleDrive => (text(&body["user"]["permissionId"]), email(&body["user"]["emailAddress"])),
        Provider::QuickBooks => {
            let company = body["CompanyInfo"].as_object()?;
            let address = company.get("Email").map_or(&Value::Null, |address| &address["Address"]);
            (connection.realm_id.clone(), email(address))
        }
    };
    (id.is_some() || email.is_some()).then_some(ProviderAccount { id, email })
}
