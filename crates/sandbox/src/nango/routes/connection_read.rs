//! `GET /connections/{id}`: the single connection with a fresh token.

use actix_web::web::{self, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::{Answer, By, Shared};
use crate::nango::error::ApiError;
use crate::nango::form::{Form, flag, query_object};
use crate::nango::state::State;
use crate::nango::tokens::{self, TokenTrouble};
use crate::nango::view::{self, Times};

const READ_CREDENTIALS: &str = "environment:connections:read_credentials";

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.route("/connections/{id}", web::get().to(read)).route("/connection/{id}", web::get().to(read));
}

async fn read(state: Shared, by: By, id: Path<String>, request: HttpRequest) -> Answer {
    by.require(&["environment:connections:read", READ_CREDENTIALS])?;
    let fields = query_object(request.query_string());
    let mut form = Form::new(&fields, Vec::new());
    let integration = form.required("provider_config_key").to_owned();
    let with_refresh_token = flag(&mut form, "refresh_token").unwrap_or(false);
    let force = flag(&mut form, "force_refresh").unwrap_or(false);
    form.finish("invalid_query_params")?;
    let may_read = by.can(READ_CREDENTIALS);
    if !may_read && (with_refresh_token || force) {
        let message = format!("Credentials and refreshing need the scope {READ_CREDENTIALS}");
        return Err(ApiError::because(403, "forbidden", message));
    }
    let number = {
        let world = state.world();
        if world.integration(by.environment, &integration).is_none() {
            return Err(ApiError::because(400, "unknown_provider_config", "There is no such integration"));
        }
        let connection = world.find(by.environment, &integration, &id);
        connection.ok_or_else(not_found)?.number
    };
    match tokens::fresh(&state, number, force).await {
        Ok(connection) => {
            let credentials =
                if may_read { view::credentials(&connection.credentials, with_refresh_token) } else { view::nothing() };
            let mut world = state.world();
            let answer = view::single(&world, &connection, credentials, Times::Offset);
            let now = state.clock.now();
            if let Some(stored) = world.connection_mut(number) {
                stored.fetched_at = now;
            }
            Ok(HttpResponse::Ok().json(answer))
        }
        Err(trouble) => Err(refused(&state, number, trouble)),
    }
}

fn refused(state: &State, number: u64, trouble: TokenTrouble) -> ApiError {
    let status = match trouble {
        TokenTrouble::NoConnection => return not_found(),
        TokenTrouble::Failed => 400,
        TokenTrouble::BackingOff | TokenTrouble::GivenUp => 424,
    };
    let world = state.world();
    let Some(connection) = world.connection(number) else { return not_found() };
    let connection = view::single(&world, connection, view::nothing(), Times::Offset);
    ApiError::because(status, "invalid_credentials", trouble.message()).payload(json!({ "connection": connection }))
}

fn not_found() -> ApiError {
    ApiError::because(404, "not_found", "There is no such connection")
}
