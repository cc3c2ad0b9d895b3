//! What somebody needs who wants to try it himself: addresses, users, tokens and ready lines for curl.

use anyhow::Result;

use crate::deployment::{ADMIN_PIN, PAGES};
use crate::people::{A1, EVERYBODY, PASSWORD, Person};
use crate::report::Report;
use crate::stack::Stack;
use crate::table::Table;

/// Writes it all. The tokens are fresh.
pub(crate) async fn show(stack: &Stack<'_>, report: &mut Report) -> Result<()> {
    report.scene("Running until Ctrl-C");
    report.note(format_args!("logs      {}", stack.logs().display()));
    report.note(format_args!("anon key  {}", stack.supabase.anon_key()));
    report.note(format_args!("Everybody's password: {PASSWORD}"));
    report.note(format_args!("PIN of the admin panels: {ADMIN_PIN}"));
    report.note(format_args!("Pages at {} may call the API", PAGES.join(" and ")));

    report.scene("Users");
    let mut users = Table::new(["", "name", "e-mail", "member of", "as", "user id"]);
    for Person { mark, id, name, email, member } in EVERYBODY {
        let (company, role) = member.map_or(("nothing", "nobody"), |(company, role)| (company.name, role));
        users.row([*mark, *name, *email, company, role, &id.to_string()].map(str::to_owned));
    }
    report.table(&users);

    report.scene("Tokens, for a shell");
    report.note(format_args!("A={} B={}", stack.a.base_url, stack.b.base_url));
    for person in EVERYBODY {
        let name = variable(person);
        report.note(format_args!("{name}='Authorization: Bearer {}'", stack.sign_in(person).await?));
    }

    report.scene("To try");
    let auth = variable(&A1);
    for (what, line) in [
        ("who am I", format!("curl -s -H \"${auth}\" $A/api/v1/me")),
        (
            "a link to open in a browser: choose an account there",
            format!("curl -s -H \"${auth}\" \"$A/api/v1/oauth/connect/start?provider=gmail\""),
        ),
        ("what is connected", format!("curl -s -H \"${auth}\" $A/api/v1/oauth/status")),
        ("have it read", format!("curl -s -X POST -H \"${auth}\" $A/api/v1/sync/initial/gmail")),
        ("what the company has", format!("curl -s -H \"${auth}\" \"$A/api/v1/documents?limit=5\"")),
        ("what it knows of something", format!("curl -s -H \"${auth}\" \"$A/api/v1/search?query=impeller\"")),
        (
            "a session of the admin panel",
            format!(
                r#"S=$(curl -s -H 'Content-Type: application/json' -d '{{"pin":"{ADMIN_PIN}"}}' $A/admin/auth | sed 's/.*"session_token":"\([^"]*\)".*/\1/')"#
            ),
        ),
        ("who stands how", "curl -s -H \"X-Admin-Session: $S\" $A/admin/connectors/users".to_owned()),
        ("B1 at A: 403", "curl -s -H \"$B1\" $A/api/v1/documents".to_owned()),
    ] {
        report.note(format_args!("# {what}"));
        report.note(line);
    }
    Ok(())
}

/// A name that a shell takes.
fn variable(person: &Person) -> String {
    person.mark.rsplit(' ').next().unwrap_or(person.mark).to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_a_variable_of_a_shell() {
        assert_eq!(EVERYBODY.map(variable), ["A1", "A2", "B1", "STRANGER"]);
    }
}
