//! HTML that needs nothing besides itself: no script, no link, no picture from elsewhere.

use std::fmt::Write as _;

use cortex_insights::model::{DailyReport, ReportChart};
use plotters::prelude::SVGBackend;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

use crate::chart::{self, ChartError, PIXELS};

/// Whoever opens the file has no headers of ours, so the page says itself that nothing in it does anything.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;color:#1c2733;max-width:46rem;margin:2rem auto;padding:0 1rem}\
    h1{font-size:1.6rem;border-bottom:2px solid #2b6cb0;padding-bottom:.3rem}h2{font-size:1.2rem;margin-top:2rem}\
    .note{color:#5a6775;font-style:italic}.made{color:#5a6775;font-size:.85rem}figure{margin:1.5rem 0}\
    figcaption{font-weight:600;margin-bottom:.5rem}svg{width:100%;height:auto}\
    li{overflow-wrap:anywhere}p{overflow-wrap:anywhere}\
    @media print{h2{break-after:avoid}figure{break-inside:avoid}}";

/// How many pixels wide charts are drawn; they are shown as wide as the page is.
const CHART_WIDTH: u32 = 480 * PIXELS as u32;

/// The reports as one page.
pub(crate) fn page(reports: &[DailyReport]) -> Result<String, ChartError> {
    let title = reports.iter().map(DailyReport::title).collect::<Vec<_>>().join("; ");
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{}</title><style>{STYLE}</style></head>\n<body>\n",
        escaped(&title)
    );
    for report in reports {
        add(&mut page, report)?;
    }
    page += "</body></html>\n";
    Ok(page)
}

fn add(page: &mut String, report: &DailyReport) -> Result<(), ChartError> {
    let _ = writeln!(page, "<h1>{}</h1>\n<p>{}</p>", escaped(&report.title()), escaped(&report.executive_summary));
    for chart in &report.charts {
        let (title, svg) = (escaped(&chart.title), svg(chart)?);
        // Writing to a text never fails.
        let _ = writeln!(page, "<figure><figcaption>{title}</figcaption>{svg}</figure>");
    }
    for section in &report.sections {
        let _ = writeln!(page, "<section><h2>{}</h2>", escaped(&section.title));
        html::push_html(page, harmless(&section.content));
        let _ = writeln!(page, "<p class=\"note\">{}</p></section>", escaped(&section.evolution_note));
    }
    let sources = report.sources();
    if !sources.is_empty() {
        *page += "<h2>Sources</h2>\n<ul>\n";
        for source in sources {
            let _ = writeln!(page, "<li>{}: {}</li>", source.document_id, escaped(&source.title));
        }
        *page += "</ul>\n";
    }
    let _ = writeln!(page, "<p class=\"made\">Made at {} UTC.</p>", made_at(report));
    Ok(())
}

/// To the minute.
pub(crate) fn made_at(report: &DailyReport) -> String {
    let moment = report.generated_at.to_offset(time::UtcOffset::UTC);
    format!("{} {:02}:{:02}", moment.date(), moment.hour(), moment.minute())
}

/// What is understood of Markdown, of which nothing acts: HTML is text, links and pictures are their words.
pub(crate) fn harmless(markdown: &str) -> impl Iterator<Item = Event<'_>> {
    Parser::new_ext(markdown, Options::empty()).filter_map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::HtmlBlock) => Some(Event::Start(Tag::Paragraph)),
        Event::End(TagEnd::HtmlBlock) => Some(Event::End(TagEnd::Paragraph)),
        Event::Start(Tag::Link { .. } | Tag::Image { .. }) | Event::End(TagEnd::Link | TagEnd::Image) => None,
        event => Some(event),
    })
}

/// The chart as SVG within HTML.
fn svg(chart: &ReportChart) -> Result<String, ChartError> {
    let mut svg = String::new();
    chart::draw(chart, SVGBackend::with_string(&mut svg, (CHART_WIDTH, chart::height(chart))))?;
    Ok(svg)
}

/// The text as HTML that means nothing but itself, between tags and in quotes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            letter => escaped.push(letter),
        }
    }
    escaped
}
