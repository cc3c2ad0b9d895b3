//! The authorize page: which account, and allow or deny.
//!
//! `GET /{vendor}/authorize?…` shows it. The page posts `account` and `decision` (`allow` or `deny`) to the same
//! address with the same query, and so can a program. The answer is a redirect to the client with a code or an error.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use url::Url;

use super::grants::{Agreement, Code, Grants};
use super::{Account, Provider, Vendor};
use crate::html;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.service(web::resource("/{vendor}/authorize").route(web::get().to(show)).route(web::post().to(decide)));
}

#[derive(Debug, Deserialize)]
struct Request {
    response_type: String,
    client_id: String,
    redirect_uri: String,
    #[serde(default)]
    scope: String,
    state: String,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
    login_hint: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Decision {
    #[serde(default)]
    account: String,
    decision: String,
}

async fn show(
    provider: web::Data<Provider>,
    vendor: web::Path<String>,
    query: Result<web::Query<Request>, actix_web::Error>,
) -> HttpResponse {
    match checked(&vendor, query) {
        Ok((vendor, request, _)) => consent_page(vendor, &request, &provider.list_accounts()),
        Err(reason) => refused(reason),
    }
}

async fn decide(
    provider: web::Data<Provider>,
    vendor: web::Path<String>,
    query: Result<web::Query<Request>, actix_web::Error>,
    form: Result<web::Form<Decision>, actix_web::Error>,
) -> HttpResponse {
    let (vendor, request, mut back) = match checked(&vendor, query) {
        Ok(request) => request,
        Err(reason) => return refused(reason),
    };
    let Ok(form) = form else { return refused("The form needs a decision: allow or deny.") };
    back.query_pairs_mut().append_pair("state", &request.state);
    match form.decision.as_str() {
        "deny" => {
            back.query_pairs_mut().append_pair("error", "access_denied");
        }
        "allow" => {
            let Some(account) = provider.find_account(&form.account) else {
                return refused("There is no such account here. Choose one of the list.");
            };
            let code = give_code(&provider, vendor, &request, &account);
            let mut pairs = back.query_pairs_mut();
            pairs.append_pair("code", &code);
            match vendor {
                Vendor::Google => pairs.append_pair("scope", &request.scope),
                Vendor::Intuit => pairs.append_pair("realmId", &account.realm_id),
                Vendor::Microsoft => &mut pairs,
            };
        }
        _ => return refused("The decision is allow or deny."),
    }
    HttpResponse::Found().insert_header(("Location", back.as_str())).finish()
}

fn checked(
    segment: &str,
    query: Result<web::Query<Request>, actix_web::Error>,
) -> Result<(Vendor, Request, Url), &'static str> {
    let vendor = Vendor::of_segment(segment).ok_or("There is no such provider here.")?;
    let request =
        query.map_err(|_| "The request misses response_type, client_id, redirect_uri or state.")?.into_inner();
    if request.response_type != "code" {
        return Err("Only response_type=code is known here.");
    }
    if request.code_challenge.is_some() && request.code_challenge_method.as_deref() != Some("S256") {
        return Err("Only code_challenge_method=S256 is known here.");
    }
    let back = Url::parse(&request.redirect_uri).map_err(|_| "The redirect_uri is not a URL.")?;
    if !matches!(back.scheme(), "http" | "https") {
        return Err("The redirect_uri has to be an http or https URL.");
    }
    Ok((vendor, request, back))
}

fn give_code(provider: &Provider, vendor: Vendor, request: &Request, account: &Account) -> String {
    let agreement = Agreement {
        vendor,
        email: account.email.clone(),
        client_id: request.client_id.clone(),
        scope: request.scope.clone(),
    };
    let code = Code {
        agreement,
        redirect_uri: request.redirect_uri.clone(),
        challenge: request.code_challenge.clone(),
        ends: Grants::code_end(provider.shared.clock.now()),
    };
    provider.grants().issue_code(code)
}

fn consent_page(vendor: Vendor, request: &Request, accounts: &[(String, String)]) -> HttpResponse {
    let hint = request.login_hint.as_deref().unwrap_or_default();
    let chosen = accounts.iter().position(|(email, _)| email.eq_ignore_ascii_case(hint)).unwrap_or(0);
    let choices: Vec<String> = accounts
        .iter()
        .enumerate()
        .map(|(place, (email, name))| {
            let (email, name) = (html::escape(email), html::escape(name));
            let checked = if place == chosen { " checked" } else { "" };
            format!(
                "<label><input type=\"radio\" name=\"account\" value=\"{email}\" required{checked}> {name}\
                 <small>{email}</small></label>\n"
            )
        })
        .collect();
    let client = html::escape(&request.client_id);
    let scope = html::escape(&request.scope);
    let main = format!(
        "<p>The application <strong>{client}</strong> asks for access to your account at {vendor}.</p>\n\
         <p>It asks for: <code>{scope}</code></p>\n\
         <form method=\"post\">\n<fieldset><legend>Choose an account</legend>\n{choices}</fieldset>\n\
         <button name=\"decision\" value=\"allow\">Allow</button>\n\
         <button class=\"quiet\" name=\"decision\" value=\"deny\" formnovalidate>Deny</button>\n</form>",
        choices = choices.concat(),
        vendor = vendor.label(),
    );
    let page = html::page(&format!("Sign in with {}", vendor.label()), &main);
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page)
}

fn refused(reason: &str) -> HttpResponse {
    let page = html::page("This request cannot be served", &format!("<p>{}</p>", html::escape(reason)));
    HttpResponse::BadRequest().content_type("text/html; charset=utf-8").body(page)
}
