//! The API describes itself, and says what the table says.

use std::collections::BTreeSet;

use actix_web::test::{self, TestRequest};
use serde_json::Value;

use super::stage::{answer, call, services};
use super::{header, problem_of, settings};
use crate::endpoint::Access;
use crate::problem::ProblemKind;
use crate::routes::table;
use crate::{Settings, app, openapi};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

fn document() -> Value {
    serde_json::to_value(openapi()).unwrap()
}

/// Every operation of the document: its method and path, and what is said of it.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &'_ Value)| {
        let name = |method: &str| format!("{} {path}", method.to_uppercase());
        METHODS.map(|method| (name(method), item[method].is_object().then_some(method)))
    };
    let mut found = Vec::new();
    for (path, item) in paths {
        for (name, method) in of_path((path, item)) {
            found.extend(method.map(|method| (name, &item[method])));
        }
    }
    found
}

/// Method and path of every line of the table, and who may call it.
fn lines() -> Vec<(String, Access)> {
    let mut lines = Vec::new();
    for endpoint in table() {
        let (paths, accesses) = endpoint.declared();
        for (method, access) in accesses {
            lines.extend(paths.iter().map(|path| (format!("{method} {path}"), *access)));
        }
    }
    lines
}

#[test]
fn the_document_and_the_table_know_the_same_operations() {
    let document = document();
    let described: BTreeSet<_> = operations(&document).into_iter().map(|(name, _)| name).collect();
    let declared: BTreeSet<_> = lines().into_iter().map(|(name, _)| name).collect();

    assert_eq!(described, declared);
}

#[test]
fn every_operation_says_who_may_call_it() {
    let document = document();
    let operations = operations(&document);
    for (name, access) in lines() {
        let (_, operation) = operations.iter().find(|(described, _)| *described == name).unwrap();
        match access {
            Access::Open => {
                assert_eq!(operation["x-least-role"], Value::Null, "{name}");
                assert_eq!(operation["security"], Value::Array(Vec::new()), "{name}");
            }
            Access::Admin => {
                assert_eq!(operation["x-least-role"], Value::Null, "{name}");
                assert!(operation["security"][0]["admin_session"].is_array(), "{name}");
            }
            Access::Member(role) => {
                assert_eq!(operation["x-least-role"], role.name(), "{name}");
                assert!(operation["security"][0]["access_token"].is_array(), "{name}");
                assert!(operation["responses"]["401"].is_object(), "{name}");
                assert!(operation["responses"]["403"].is_object(), "{name}");
            }
        }
    }
}

#[test]
fn every_operation_has_an_id_of_its_own_a_summary_and_an_answer() {
    let document = document();
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        assert!(ids.insert(id.to_owned()), "{name}: {id}");
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{name}");
        assert!(operation["tags"][0].is_string(), "{name}");
        let answers = operation["responses"].as_object().unwrap();
        assert!(answers.keys().any(|status| status.starts_with('2') || status == "410"), "{name}");
    }
}

#[test]
fn every_parameter_of_a_path_is_described() {
    let document = document();
    for (name, operation) in operations(&document) {
        let in_path: BTreeSet<_> = name.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let described = parameters.iter().filter(|parameter| parameter["in"] == "path");
        let described: BTreeSet<_> = described.map(|parameter| parameter["name"].as_str().unwrap()).collect();

        assert_eq!(described, in_path, "{name}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(ToOwned::to_owned));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);

    assert!(found.len() > 10, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[actix_web::test]
async fn the_document_is_served() {
    let (status, body) = answer(services(), TestRequest::get().uri("/openapi.json")).await;

    assert_eq!((status, &body), (200, &document()));
    assert_eq!(body["openapi"], "3.1.0");
}

#[actix_web::test]
async fn the_page_and_all_that_it_loads_come_from_here() {
    let page = call(services(), TestRequest::get().uri("/docs/")).await;
    assert_eq!(page.status(), 200);
    let policy = header(page.headers(), "content-security-policy").unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
    let html = String::from_utf8(test::read_body(page).await.to_vec()).unwrap();

    let loaded = html.split(['"', '\'']).filter(|text| text.starts_with("./") || *text == "index.css");
    let loaded: Vec<_> = loaded.map(|file| file.trim_start_matches("./").to_owned()).collect();
    assert!(loaded.len() > 3, "{html}");
    for file in loaded {
        let answer = call(services(), TestRequest::get().uri(&format!("/docs/{file}"))).await;
        assert_eq!(answer.status(), 200, "{file}");
    }
    let initializer = call(services(), TestRequest::get().uri("/docs/swagger-initializer.js")).await;
    let script = String::from_utf8(test::read_body(initializer).await.to_vec()).unwrap();
    assert!(script.contains("/openapi.json") && !script.contains("petstore"), "{script}");
}

#[actix_web::test]
async fn the_page_is_found_without_the_slash() {
    let answer = call(services(), TestRequest::get().uri("/docs")).await;

    assert_eq!((answer.status().as_u16(), header(answer.headers(), "location")), (308, Some("/docs/")));
}

#[actix_web::test]
async fn what_is_no_part_of_the_page_is_not_there() {
    for path in ["/docs/nothing.js", "/docs/../Cargo.toml", "/docs/%2e%2e/Cargo.toml"] {
        problem_of(call(services(), TestRequest::get().uri(path)).await, ProblemKind::NotFound).await;
    }
}

#[actix_web::test]
async fn a_deployment_may_keep_the_description_to_itself() {
    let hidden = Settings { expose_docs: false, ..settings(false) };
    let app = test::init_service(app(services(), hidden)).await;

    for path in ["/docs", "/docs/", "/openapi.json"] {
        let answer = test::call_service(&app, TestRequest::get().uri(path).to_request()).await;
        assert_eq!(answer.status(), 404, "{path}");
    }
}
