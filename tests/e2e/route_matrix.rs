//! Every operation that the API describes of itself, called by everybody who may not, and by who may.

use std::collections::BTreeMap;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{self, Client};
use crate::people::{ADA, JONAS, MARTA, OLIVE, Person, VERA};
use crate::stack::Stack;

/// From the least role to the most.
const MEMBERS: [(&str, &Person); 4] = [("viewer", &VERA), ("user", &JONAS), ("admin", &ADA), ("owner", &MARTA)];

/// An operation of the document.
struct Operation {
    method: Method,
    path: String,
    /// Where members are asked for a role.
    least_role: Option<String>,
    /// The names of the schemes by which callers prove who they are.
    schemes: Vec<String>,
}

impl Operation {
    async fn call(&self, client: &Client<'_>, token: Option<&str>) -> (StatusCode, Value) {
        let request = client.request(self.method.clone(), &self.path).json(&json!({}));
        let request = token.into_iter().fold(request, reqwest::RequestBuilder::bearer_auth);
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap_or_default())
    }
}

/// All operations, with something in place of every parameter of a path that nothing is found by.
fn operations(document: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let path = parameters.iter().filter(|parameter| parameter["in"] == "path").fold(
                path.clone(),
                |path, parameter| {
                    let stand_in = match (parameter["schema"]["type"].as_str(), parameter["schema"]["format"].as_str())
                    {
                        (Some("integer"), _) => "999999",
                        (_, Some("uuid")) => "00000000-0000-4000-8000-000000000000",
                        _ => "gmail",
                    };
                    path.replace(&format!("{{{}}}", parameter["name"].as_str().unwrap()), stand_in)
                },
            );
            let schemes = operation["security"].as_array().into_iter().flatten();
            operations.push(Operation {
                method,
                path,
                least_role: operation["x-least-role"].as_str().map(ToOwned::to_owned),
                schemes: schemes.flat_map(|scheme| scheme.as_object().unwrap().keys().cloned()).collect(),
            });
        }
    }
    operations
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_closed_to_who_may_not_call_it_and_open_to_who_may() {
    let stack = Stack::start().await;
    client::visit(&stack, false, async |client| {
        let mut tokens = BTreeMap::new();
        for (role, person) in MEMBERS {
            tokens.insert(role, stack.sign_in(person).await);
        }
        let elsewhere = stack.sign_in(&OLIVE).await;
        let document: Value = client.request(Method::GET, "/openapi.json").send().await.unwrap().json().await.unwrap();
        let (mut members_only, mut admins_only) = (0, 0);
        for operation in operations(&document) {
            let called = format!("{} {}", operation.method, operation.path);
            let statuses = async |token: Option<&str>| operation.call(&client, token).await;
            if operation.schemes.is_empty() {
                // Its answer may still be a refusal of its own: a webhook without signature, a wrong PIN.
                assert_eq!(operation.least_role, None, "{called}");
                continue;
            }
            for stranger in [None, Some("forged")] {
                let (status, problem) = statuses(stranger).await;
                assert_eq!(status, StatusCode::UNAUTHORIZED, "{called} by {stranger:?}: {problem}");
            }
            let Some(least_role) = operation.least_role.clone() else {
                // A member's token, however high the role, is no session of the admin panel.
                let (status, problem) = statuses(Some(&tokens["owner"])).await;
                assert_eq!(status, StatusCode::UNAUTHORIZED, "{called} as owner: {problem}");
                admins_only += 1;
                continue;
            };
            let (status, problem) = statuses(Some(&elsewhere)).await;
            assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("wrong_company")), "{called}");
            let least = MEMBERS.iter().position(|(role, _)| *role == least_role).unwrap();
            for (rank, (role, _)) in MEMBERS.iter().enumerate() {
                let (status, problem) = statuses(Some(&tokens[role])).await;
                let code = problem["code"].as_str().unwrap_or_default();
                if rank < least {
                    assert_eq!((status, code), (StatusCode::FORBIDDEN, "role_too_low"), "{called} as {role}");
                } else {
                    let is_stopped = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status);
                    assert!(
                        !is_stopped && status != StatusCode::INTERNAL_SERVER_ERROR,
                        "{called} as {role}: {status} {code}"
                    );
                }
            }
            members_only += 1;
        }
        assert!(members_only > 25 && admins_only > 10, "{members_only}, {admins_only}");
    })
    .await;
}
