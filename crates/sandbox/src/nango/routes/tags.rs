//! Tags of sessions and connections.

use serde_json::Value;

use crate::nango::form::Form;
use crate::nango::world::{EndUser, Tags};

const MOST: usize = 10;
const LONGEST_KEY: usize = 64;
const LONGEST_VALUE: usize = 255;

/// Reads `tags`; keys come back in lower case.
pub(super) fn read(form: &mut Form<'_>) -> Option<Tags> {
    let given = form.object("tags")?;
    let mut tags = Tags::new();
    for (key, value) in given {
        if !is_key(key) {
            form.issue_at("invalid_key", "The key of a tag is not valid", &["tags", key]);
            continue;
        }
        let lower = key.to_lowercase();
        match value {
            Value::String(text) if text.is_empty() => {
                form.issue_at("too_small", "The value of a tag has at least 1 character", &["tags", key]);
            }
            Value::String(text) if text.chars().count() > LONGEST_VALUE => {
                form.issue_at("too_big", "The value of a tag has at most 255 characters", &["tags", key]);
            }
            Value::String(text) => {
                if tags.insert(lower.clone(), text.clone()).is_some() {
                    form.issue("custom", format!("Two tags are called \"{lower}\" in lower case"), "tags");
                }
                if lower == "end_user_email" && !is_email(text) {
                    form.issue("custom", "The tag \"end_user_email\" has to be an e-mail address", "tags");
                }
            }
            other => {
                let kind = if other.is_number() { "number" } else { "something else" };
                form.issue_at("invalid_type", format!("Expected string, found {kind}"), &["tags", key]);
            }
        }
    }
    if given.len() > MOST {
        form.issue("custom", "There are more than 10 tags", "tags");
    }
    Some(tags)
}

/// Reads the deprecated `end_user` and `organization`.
pub(super) fn read_end_user(form: &mut Form<'_>) -> Option<EndUser> {
    let organization = form.nested("organization").map(|mut organization| {
        let found =
            (organization.required("id").to_owned(), organization.string("display_name").map(ToOwned::to_owned));
        form.absorb(organization);
        found
    });
    let mut given = form.nested("end_user")?;
    let id = given.required("id").to_owned();
    if given.get("id").is_some_and(|id| id.as_str() == Some("")) {
        given.issue("too_small", "The id has at least 1 character", "id");
    }
    let email = given.string("email").map(ToOwned::to_owned);
    if email.as_deref().is_some_and(|email| !is_email(email)) {
        given.issue("invalid_format", "This is not an e-mail address", "email");
    }
    let display_name = given.string("display_name").map(ToOwned::to_owned);
    let tags = read(&mut given);
    form.absorb(given);
    Some(EndUser { id, display_name, email, tags, organization })
}

/// The tags that an end user amounts to; tags given directly win.
pub(super) fn merged(tags: Option<Tags>, end_user: Option<&EndUser>) -> Tags {
    let mut all = Tags::new();
    if let Some(end_user) = end_user {
        all.extend(end_user.tags.clone().unwrap_or_default());
        let organization = end_user.organization.clone();
        let (organization_id, organization_name) = organization.map_or((None, None), |(id, name)| (Some(id), name));
        let pairs = [
            ("end_user_id", Some(end_user.id.clone())),
            ("end_user_email", end_user.email.clone()),
            ("end_user_display_name", end_user.display_name.clone()),
            ("organization_id", organization_id),
            ("organization_display_name", organization_name),
        ];
        all.extend(pairs.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    }
    all.extend(tags.unwrap_or_default());
    all
}

fn is_key(key: &str) -> bool {
    key.len() <= LONGEST_KEY
        && key.starts_with(|first: char| first.is_ascii_alphabetic())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c))
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    !local.is_empty() && domain.contains('.') && !domain.starts_with('.') && !text.contains(char::is_whitespace)
}
