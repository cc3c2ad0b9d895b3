//! `GET /connections`: filters and pages.

use actix_web::web;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};

use super::{Answer, By, Shared};
use crate::nango::error::ApiError;
use crate::nango::form::{Form, number, query_object};
use crate::nango::view;
use crate::nango::world::Connection;

const WITHOUT_LIMIT: i64 = 10_000;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.route("/connections", web::get().to(list)).route("/connection", web::get().to(list));
}

#[derive(Debug, Default)]
struct Filter {
    connection_id: Option<String>,
    integrations: Option<Vec<String>>,
    tags: Vec<(String, String)>,
    search: Option<String>,
    end_user: Option<String>,
    organization: Option<String>,
}

async fn list(state: Shared, by: By, request: HttpRequest) -> Answer {
    by.require(&["environment:connections:list", "environment:connections:read"])?;
    let (filter, page, limit) = read(query_object(request.query_string()))?;
    let world = state.world();
    let mut hits: Vec<&Connection> =
        world.of_environment(by.environment).filter(|connection| filter.fits(connection)).collect();
    hits.sort_by_key(|connection| std::cmp::Reverse(connection.number));
    let from = page.saturating_mul(limit);
    let page: Vec<Value> =
        hits.into_iter().skip(from).take(limit).map(|connection| view::listed(&world, connection)).collect();
    Ok(HttpResponse::Ok().json(json!({ "connections": page })))
}

fn read(mut fields: Map<String, Value>) -> Result<(Filter, usize, usize), ApiError> {
    let tags = take_tags(&mut fields);
    let mut form = Form::new(&fields, Vec::new());
    let text = |form: &mut Form<'_>, name| form.string(name).map(ToOwned::to_owned);
    let filter = Filter {
        connection_id: text(&mut form, "connectionId"),
        integrations: form.string("integrationId").map(|all| all.split(',').map(ToOwned::to_owned).collect()),
        search: text(&mut form, "search").map(|search| search.to_lowercase()),
        end_user: text(&mut form, "endUserId"),
        organization: text(&mut form, "endUserOrganizationId"),
        tags,
    };
    let limit = number(&mut form, "limit", 1, 2000).unwrap_or(WITHOUT_LIMIT);
    let page = number(&mut form, "page", 0, i64::MAX).unwrap_or(0);
    form.finish("invalid_query_params")?;
    Ok((filter, usize::try_from(page).unwrap_or(usize::MAX), usize::try_from(limit).unwrap_or(usize::MAX)))
}

/// Takes `tags[key]=value` out of the query; keys come back in lower case.
fn take_tags(fields: &mut Map<String, Value>) -> Vec<(String, String)> {
    let names: Vec<String> =
        fields.keys().filter(|name| name.starts_with("tags[") && name.ends_with(']')).cloned().collect();
    names
        .into_iter()
        .filter_map(|name| {
            let value = fields.remove(&name)?.as_str()?.to_owned();
            let key = name.trim_start_matches("tags[").trim_end_matches(']').to_lowercase();
            Some((key, value))
        })
        .collect()
}

impl Filter {
    fn fits(&self, connection: &Connection) -> bool {
        let end_user = connection.end_user.as_ref();
        let is =
            |wanted: &Option<String>, found: Option<&str>| wanted.as_deref().is_none_or(|wanted| found == Some(wanted));
        is(&self.connection_id, Some(&connection.connection_id))
            && self.integrations.as_ref().is_none_or(|names| names.contains(&connection.integration))
            && self.tags.iter().all(|(key, value)| connection.tags.get(key) == Some(value))
            && is(&self.end_user, end_user.map(|user| user.id.as_str()))
            && is(&self.organization, end_user.and_then(|user| Some(user.organization.as_ref()?.0.as_str())))
            && self.search.as_ref().is_none_or(|part| {
                let labels = end_user.map(|user| [user.display_name.as_deref(), user.email.as_deref()]);
                let named = labels.into_iter().flatten().flatten().any(|name| name.to_lowercase().contains(part));
                named || connection.connection_id.to_lowercase().contains(part)
            })
    }
}
