//! A plain HTTP client of the deployments and of Supabase Auth.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::people::PASSWORD;

/// Somebody at some server: an address and the token that goes with every request.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

const TIME_LIMIT: Duration = Duration::from_mins(1);

/// The one client of the process. It follows no redirect: where one leads is something to look at.
pub(crate) fn http() -> Result<reqwest::Client> {
    let builder = reqwest::Client::builder().redirect(Policy::none()).no_proxy().timeout(TIME_LIMIT);
    builder.build().context("the HTTP client cannot be set up")
}

impl Client {
    pub(crate) fn new(http: &reqwest::Client, base: &str, token: Option<&str>) -> Self {
        Self { http: http.clone(), base: base.to_owned(), token: token.map(str::to_owned) }
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Answer> {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Option<&Value>) -> Result<Answer> {
        let request = self.request(Method::POST, path);
        self.send(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    /// A request to which headers can be added.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Answer> {
        let response = request.send().await.with_context(|| format!("{} does not answer", self.base))?;
        let status = response.status().as_u16();
        let text = response.text().await.context("the answer broke off")?;
        Ok(Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) })
    }
}

impl Answer {
    /// The body of a request that has to succeed for the journey to go on.
    pub(crate) fn expected(self, status: u16) -> Result<Value> {
        if self.status == status {
            return Ok(self.body);
        }
        bail!("the answer is {} and not {status}: {}", self.status, self.told());
    }

    /// A member by its JSON pointer, as text; empty where there is none.
    pub(crate) fn text(&self, pointer: &str) -> String {
        text(&self.body, pointer)
    }

    /// What a problem tells of itself.
    fn told(&self) -> String {
        let (code, detail) = (self.text("/code"), self.text("/detail"));
        if code.is_empty() { self.body.to_string().chars().take(300).collect() } else { format!("{code}: {detail}") }
    }
}

/// The access token of a sign-in by password at Supabase Auth.
pub(crate) async fn sign_in(http: &reqwest::Client, supabase: &str, anon_key: &str, email: &str) -> Result<String> {
    let client = Client::new(http, supabase, None);
    let request = client
        .request(Method::POST, "/auth/v1/token?grant_type=password")
        .header("apikey", anon_key)
        .json(&json!({ "email": email, "password": PASSWORD }));
    let session = client.send(request).await?.expected(200).with_context(|| format!("signing in as {email}"))?;
    Ok(text(&session, "/access_token"))
}

/// A member by its JSON pointer, as text; empty where there is none or nothing in it.
pub(crate) fn text(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_texts_whatever_they_are() {
        let value = json!({ "a": { "b": 7, "c": null, "d": "x", "e": true } });
        let texts = ["/a/b", "/a/c", "/a/d", "/a/e", "/f"].map(|pointer| text(&value, pointer));
        assert_eq!(texts, ["7", "", "x", "true", ""]);
    }

    #[test]
    fn an_answer_of_another_status_is_told_by_its_problem() {
        let answer = Answer { status: 409, body: json!({ "code": "not_connected", "detail": "Connect it first." }) };
        let error = answer.expected(202).unwrap_err().to_string();
        assert_eq!(error, "the answer is 409 and not 202: not_connected: Connect it first.");
    }
}
