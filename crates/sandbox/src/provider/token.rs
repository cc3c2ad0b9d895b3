//! The token endpoint: a code with its PKCE verifier, or a refresh token, for tokens.

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::grants::{Agreement, Tokens};
use super::{Provider, Vendor};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.route("/{vendor}/token", web::post().to(exchange));
}

#[derive(Debug, Deserialize)]
struct Exchange {
    grant_type: String,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    refresh_token: Option<String>,
    client_id: Option<String>,
}

async fn exchange(
    provider: web::Data<Provider>,
    vendor: web::Path<String>,
    request: HttpRequest,
    form: web::Form<Exchange>,
) -> HttpResponse {
    let Some(vendor) = Vendor::of_segment(&vendor) else {
        return HttpResponse::NotFound().finish();
    };
    let form = form.into_inner();
    let Some(client_id) = client_of(&request).or_else(|| form.client_id.clone()) else {
        return refused("invalid_client", "The client is not named.");
    };
    let now = provider.shared.clock.now();
    match form.grant_type.as_str() {
        "authorization_code" => {
            let code = form.code.as_deref().and_then(|code| provider.grants().take_code(code, now));
            let Some(code) = code.filter(|code| code.agreement.vendor == vendor) else {
                return refused("invalid_grant", "The code is unknown, used or too old.");
            };
            if code.agreement.client_id != client_id || form.redirect_uri.as_ref() != Some(&code.redirect_uri) {
                return refused("invalid_grant", "The code belongs to another client.");
            }
            if code.challenge.is_some() && form.code_verifier.as_deref().map(challenge_of) != code.challenge {
                return refused("invalid_grant", "The code verifier does not fit.");
            }
            let tokens = provider.grants().issue_tokens(code.agreement.clone(), now);
            HttpResponse::Ok().json(answer(&code.agreement, &tokens, true))
        }
        "refresh_token" => {
            let refresh = form.refresh_token.unwrap_or_default();
            let renewed = provider.grants().renew(&refresh, &client_id, now);
            match renewed.filter(|(agreement, _)| agreement.vendor == vendor) {
                Some((agreement, tokens)) => {
                    // Google keeps its refresh token to itself the second time.
                    HttpResponse::Ok().json(answer(&agreement, &tokens, vendor != Vendor::Google))
                }
                None => refused("invalid_grant", "The refresh token has expired or was revoked."),
            }
        }
        _ => refused("unsupported_grant_type", "Only authorization_code and refresh_token are known."),
    }
}

fn answer(agreement: &Agreement, tokens: &Tokens, with_refresh: bool) -> Value {
    let mut answer = json!({
        "access_token": tokens.access,
        "expires_in": tokens.lifetime.as_secs(),
        "token_type": "Bearer",
    });
    if with_refresh {
        answer["refresh_token"] = json!(tokens.refresh);
    }
    match agreement.vendor {
        Vendor::Google => answer["scope"] = json!(agreement.scope),
        Vendor::Microsoft => {
            answer["scope"] = json!(agreement.scope);
            answer["ext_expires_in"] = json!(tokens.lifetime.as_secs());
        }
        Vendor::Intuit => answer["x_refresh_token_expires_in"] = json!(8_726_400),
    }
    answer
}

fn client_of(request: &HttpRequest) -> Option<String> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let pair = BASE64_STANDARD.decode(value.strip_prefix("Basic ")?).ok()?;
    let pair = String::from_utf8(pair).ok()?;
    let id = pair.split(':').next().unwrap_or_default();
    url::form_urlencoded::parse(id.as_bytes()).next().map(|(id, _)| id.into_owned())
}

fn challenge_of(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

fn refused(error: &str, description: &str) -> HttpResponse {
    HttpResponse::BadRequest().json(json!({ "error": error, "error_description": description }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_the_hash_of_the_verifier() {
        // The example of RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge_of(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
