//! `POST /connect/sessions`, `POST /connect/sessions/reconnect`, `GET` and `DELETE /connect/session`.

use actix_web::web::{self, ReqData};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use uuid::Uuid;

use super::session_body::{self, Wish};
use super::{Answer, Body, By, Shared};
use crate::clock::millis_z;
use crate::nango::error::ApiError;
use crate::nango::form::no_query;
use crate::nango::gate::{SessionCaller, TOKEN_PREFIX};
use crate::nango::state::State;
use crate::nango::view;
use crate::nango::world::{SESSION_LIFETIME, Session};
use crate::random;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/connect/sessions", web::post().to(create))
        .route("/connect/sessions/reconnect", web::post().to(reconnect))
        .service(web::resource("/connect/session").route(web::get().to(show)).route(web::delete().to(delete)));
}

async fn create(state: Shared, by: By, body: Body, request: HttpRequest) -> Answer {
    by.require(&["environment:connect_sessions:write"])?;
    no_query(request.query_string())?;
    let wish = {
        let world = state.world();
        let environment = world.environment(by.environment).ok_or_else(gone)?;
        session_body::create(body.0.as_ref(), environment)?
    };
    Ok(opened(&state, by.environment, wish, None))
}

async fn reconnect(state: Shared, by: By, body: Body, request: HttpRequest) -> Answer {
    by.require(&["environment:connect_sessions:write"])?;
    no_query(request.query_string())?;
    let (wish, number) = {
        let world = state.world();
        let environment = world.environment(by.environment).ok_or_else(gone)?;
        let (integration, connection_id, wish) = session_body::reconnect(body.0.as_ref(), environment)?;
        let connection = world
            .find(by.environment, &integration, &connection_id)
            .ok_or_else(|| ApiError::because(400, "invalid_body", "There is no such connection of this integration"))?;
        (wish, connection.number)
    };
    Ok(opened(&state, by.environment, wish, Some(number)))
}

async fn show(state: Shared, by: ReqData<SessionCaller>) -> Answer {
    let world = state.world();
    let session = world.session(&by.token, state.clock.now()).ok_or_else(gone)?;
    let mut data = json!({
        "endUser": view::end_user(session.end_user.as_ref()),
        "connectUISettings": {
            "showWatermark": false,
            "defaultTheme": "system",
            "theme": { "light": { "primary": "#0b57b0" }, "dark": { "primary": "#8ab8f5" } },
        },
        "websocketsPath": "/",
    });
    if let Some(allowed) = &session.allowed {
        data["allowed_integrations"] = json!(allowed);
    }
    if !session.defaults.is_empty() {
        data["integrations_config_defaults"] = json!(session.defaults);
    }
    if session.reconnects.is_some() {
        data["isReconnecting"] = json!(true);
    }
    Ok(HttpResponse::Ok().json(json!({ "data": data })))
}

async fn delete(state: Shared, by: ReqData<SessionCaller>) -> Answer {
    state.world().sessions.retain(|session| session.token != by.token);
    Ok(HttpResponse::NoContent().finish())
}

fn opened(state: &State, environment: Uuid, wish: Wish, reconnects: Option<u64>) -> HttpResponse {
    let token = format!("{TOKEN_PREFIX}{}", random::hex(32));
    let ends = state.clock.now() + SESSION_LIFETIME;
    let answer: Value = json!({
        "data": {
            "token": token,
            "connect_link": format!("{}/connect/?session_token={token}", state.base_url),
            "expires_at": millis_z(ends),
        }
    });
    state.world().keep_session(Session {
        token,
        environment,
        ends,
        tags: wish.tags,
        end_user: wish.end_user,
        allowed: wish.allowed,
        defaults: wish.defaults,
        webhook_url: wish.webhook_url,
        reconnects,
    });
    HttpResponse::Created().json(answer)
}

fn gone() -> ApiError {
    ApiError::because(401, "unknown_account", "The environment is gone").empty_payload()
}
