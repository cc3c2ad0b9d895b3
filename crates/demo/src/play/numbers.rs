//! What the company sees of all that: numbers by user, what is worth knowing, and the report of a day.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Seats;
use super::syncing::{follow, is_over};
use crate::client::text;
use crate::library::Library;
use crate::people::{A1, A2, Person, mark};
use crate::report::{Report, Step};
use crate::table::Table;

pub(super) async fn play(seats: &Seats, library: &Library, report: &mut Report) -> Result<()> {
    report.scene("What the company sees of it");
    let answer = seats.a2.get("/api/v1/dashboard").await?;
    report.step(
        Step::asked("A2: GET /api/v1/dashboard")
            .compare("status", answer.status, 200)
            .compare("documents", answer.text("/documents/total"), library.len())
            .tell(format_args!("open alerts {}", answer.text("/open_alerts/total"))),
    );
    let dashboard = answer.expected(200)?;
    for person in [&A1, &A2] {
        let brought_in = of_user(&dashboard, person);
        report.step(Step::asked(format_args!("  brought in by {}", person.mark)).compare(
            "documents",
            text(&brought_in, "/documents"),
            library.of_bringer(person),
        ));
    }
    let answer = seats.a2.get("/api/v1/dashboard/quickbooks/overview?days=365").await?;
    report.step(
        Step::asked("A2: GET /api/v1/dashboard/quickbooks/overview")
            .compare("status", answer.status, 200)
            .compare("invoices", answer.text("/invoices/count"), library.of_kind("invoice"))
            .tell(format_args!("of {}", answer.text("/invoices/total_amount"))),
    );
    let answer = seats.b1.get("/api/v1/dashboard").await?;
    report.step(Step::asked("B1 at B: GET /api/v1/dashboard").compare("status", answer.status, 200).compare(
        "documents",
        answer.text("/documents/total"),
        0,
    ));
    worth_knowing(seats, report).await?;
    report_of_a_day(seats, report).await
}

/// The numbers once more, for people to read.
pub(super) async fn show(seats: &Seats, report: &mut Report) -> Result<()> {
    let dashboard = seats.a1.get("/api/v1/dashboard").await?.expected(200)?;
    report.scene("Numbers of A");
    let mut numbers = Table::new(["documents of", "", "number"]);
    for (group, list, name) in [("user", "by_user", "/email"), ("source", "by_source", "/source")] {
        for one in dashboard["documents"][list].as_array().into_iter().flatten() {
            numbers.row([group.to_owned(), text(one, name), text(one, "/documents")]);
        }
    }
    report.table(&numbers);
    Ok(())
}

async fn worth_knowing(seats: &Seats, report: &mut Report) -> Result<()> {
    let answer = seats.a2.post("/api/v1/insights/generate", None).await?;
    report.step(Step::asked("A2: POST /api/v1/insights/generate").compare("status", answer.status, 202).compare(
        "user",
        mark(&answer.text("/user_id")),
        A2.mark,
    ));
    let job = answer.text("/job_id");
    let job = follow(&seats.a2, &job, 0, report, is_over).await?;
    report.step(Step::asked("A2: GET /api/v1/sync/jobs/{id}, until its end").compare(
        "",
        text(&job, "/status"),
        "completed",
    ));
    let answer = seats.a1.get("/api/v1/insights/latest?time_period=monthly").await?;
    let told = answer.body["insights"].as_array().map_or(0, Vec::len);
    report.step(
        Step::asked("A1: GET /api/v1/insights/latest?time_period=monthly")
            .compare("status", answer.status, 200)
            .check("something to know", told > 0)
            .tell(format_args!("\"{}\"", answer.text("/insights/0/answer"))),
    );
    Ok(())
}

/// Of the day of this month on which most was written.
async fn report_of_a_day(seats: &Seats, report: &mut Report) -> Result<()> {
    let trend = seats.a2.get("/api/v1/intelligence/trends/daily?days=30").await?.expected(200)?;
    let days = trend["time_series"].as_array().context("a trend without days")?;
    let busiest = days.iter().max_by_key(|day| day["emails"].as_u64()).context("a trend of no days")?;
    let day = text(busiest, "/date");
    let wish = json!({ "report_type": "client_relationships", "target_date": day });
    let answer = seats.a2.post("/api/v1/reports/daily/generate", Some(&wish)).await?;
    report.step(
        Step::asked(format_args!("A2: POST /api/v1/reports/daily/generate, of {day}"))
            .compare("status", answer.status, 200)
            .compare("report of", answer.text("/report/report_date"), &day)
            .compare("user", mark(&answer.text("/user_id")), A2.mark)
            .tell(format_args!("sources {}", answer.text("/report/full_report/total_sources"))),
    );
    let file =
        |format: &str| format!("/api/v1/reports/daily/{day}/download?format={format}&report_type=client_relationships");
    for (format, begins) in [("pdf", "%PDF-"), ("html", "<!doctype html>")] {
        let answer = seats.a1.get(&file(format)).await?;
        let is_one = answer.body.as_str().is_some_and(|body| body.to_lowercase().starts_with(&begins.to_lowercase()));
        report.step(
            Step::asked(format_args!("A1: … the same as {format}"))
                .compare("status", answer.status, 200)
                .check("such a file", is_one),
        );
    }
    let markdown = seats.a1.get(&file("md")).await?.expected(200)?;
    report.scene("The report of a day of A");
    for line in markdown.as_str().unwrap_or_default().lines().filter(|line| !line.trim().is_empty()).take(LINES) {
        report.note(line);
    }
    Ok(())
}

/// So much of a report as people look at.
const LINES: usize = 24;

/// What the dashboard tells of a person.
fn of_user(dashboard: &Value, person: &Person) -> Value {
    let users = dashboard["documents"]["by_user"].as_array().into_iter().flatten();
    users.into_iter().find(|user| text(user, "/user_id") == person.id.to_string()).cloned().unwrap_or_default()
}
