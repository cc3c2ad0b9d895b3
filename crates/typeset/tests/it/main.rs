//! Reports as files, read again as whoever gets them reads them.

#![expect(clippy::unwrap_used, reason = "what goes wrong while a test prepares fails that test")]

use bytes::Bytes;
use cortex_insights::model::{DailyReport, DailyReportKind, ReportFormat, ReportSource, escaped};
use cortex_insights::ports::ReportRenderer;
use cortex_insights::testing::{TODAY, a_daily_report};
use cortex_kernel::DocumentId;
use cortex_typeset::Typesetter;
use rstest::rstest;

fn a_report() -> DailyReport {
    a_daily_report(DailyReportKind::ClientRelationships, TODAY)
}

/// A report of which a document says this, in its title, in a section and in a chart.
fn saying(text: &str) -> DailyReport {
    let mut report = a_report();
    text.clone_into(&mut report.executive_summary);
    report.sections[0].content = format!("- **{}**: {}\n", escaped(text), escaped(text));
    report.sections[0].sources = vec![ReportSource { document_id: DocumentId::new(7), title: text.to_owned() }];
    text.clone_into(&mut report.charts[0].bars[0].0);
    report
}

async fn render(reports: Vec<DailyReport>, format: ReportFormat) -> Vec<u8> {
    Typesetter::default().render(reports, format).await.unwrap()
}

async fn page(report: DailyReport) -> String {
    String::from_utf8(render(vec![report], ReportFormat::Html).await).unwrap()
}

/// What a reader of PDF finds, in one line.
async fn read(reports: Vec<DailyReport>) -> String {
    let file = render(reports, ReportFormat::Pdf).await;
    let text = cortex_extract::extract(Bytes::from(file), Some("pdf")).unwrap().text;
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_pdf_says_what_the_report_says() {
    let text = read(vec![a_report()]).await;

    for said in [
        "Client relationships, 2026-03-02",
        "Two pumps are late.",
        "Mails by person",
        "Nora Dahl",
        "Issues",
        "Pumps (Nora Dahl): late",
        "1 more than the day before.",
        "8: Re: Pumps",
        "Made at 2026-03-02 12:00 UTC.",
        "1 / 1",
    ] {
        assert!(text.contains(said), "{said} is missing: {text}");
    }
}

#[rstest]
#[case::german("Größere Übergabe, daß es genügt", "Größere Übergabe, daß es genügt")]
#[case::greek("Καλημέρα Ελλάδα", "Καλημέρα Ελλάδα")]
#[case::cyrillic("Доброе утро, Москва", "Доброе утро, Москва")]
#[case::polish("Zażółć gęślą jaźń", "Zażółć gęślą jaźń")]
#[case::emoji("Fine \u{1f600} and \u{1f469}\u{200d}\u{1f680}", "Fine")]
#[case::chinese("水 pumps", "pumps")]
#[case::arabic("مرحبا pumps", "pumps")]
#[case::hidden("a\u{202e}b\u{0}c pumps", "abc pumps")]
#[tokio::test]
async fn a_pdf_is_made_whatever_the_script(#[case] text: &str, #[case] said: &str) {
    let told = read(vec![saying(text)]).await;

    assert!(told.contains(said), "{told}");
}

#[tokio::test]
async fn a_pdf_breaks_a_word_that_no_line_holds() {
    let word = "Donaudampfschifffahrt".repeat(40);

    let told = read(vec![saying(&word)]).await;

    assert!(told.matches("Donaudampf").count() > 60, "{told}");
}

#[tokio::test]
async fn a_pdf_has_as_many_pages_as_it_takes_and_not_more_than_sixty() {
    let mut report = a_report();
    report.sections[0].content = "- An item\n".repeat(20_000);

    let told = read(vec![report]).await;

    assert!(told.contains("60 / 60 (there is more)"), "{}", &told[told.len() - 200..]);
}

#[tokio::test]
async fn several_reports_stand_in_one_file() {
    let reports = || vec![a_report(), a_daily_report(DailyReportKind::Operations, TODAY)];

    let pdf = read(reports()).await;
    let markdown = String::from_utf8(render(reports(), ReportFormat::Markdown).await).unwrap();

    for told in [&pdf, &markdown] {
        let (clients, operations) = (told.find("Client relationships, ").unwrap(), told.find("Operations, ").unwrap());
        assert!(clients < operations, "{told}");
    }
}

#[rstest]
#[case::script("<script>alert(1)</script>")]
#[case::picture("<img src=x onerror=alert(1)>")]
#[case::quotes("\"><svg onload=alert(1)>")]
#[case::title("</title></style><script>alert(1)</script>")]
#[case::comment("<!-- <script> --><script>alert(1)</script>")]
#[tokio::test]
async fn what_documents_say_is_text_in_html(#[case] text: &str) {
    let page = page(saying(text)).await;

    let tags: Vec<&str> = page.split('<').skip(1).map(|rest| rest.split([' ', '>', '/']).next().unwrap()).collect();
    for tag in ["script", "img", "iframe", "object", "a", "link", "!--"] {
        assert!(!tags.contains(&tag), "<{tag}> in {page}");
    }
    assert!(page.contains("alert(1)"), "the text itself is told");
    assert!(!page.contains("<svg onload") && !page.contains("onerror=alert(1)>"), "{page}");
    assert_eq!(page.matches("<svg ").count(), 2);
    assert_eq!(page.matches("</title>").count(), 1);
}

/// A section whose Markdown was not escaped: what is read of it acts no more than that.
#[rstest]
#[case::html("<script>alert(1)</script>\n\n<b onclick=x>bold</b>", "alert(1)")]
#[case::link("[here](javascript:alert(1)) and [there](http://evil.example)", "here and there")]
#[case::picture("![pixel](http://evil.example/pixel.png)", "pixel")]
#[case::reference("<http://evil.example>", "http://evil.example")]
#[tokio::test]
async fn markdown_does_nothing_in_html(#[case] markdown: &str, #[case] said: &str) {
    let mut report = a_report();
    markdown.clone_into(&mut report.sections[0].content);

    let page = page(report.clone()).await;

    for acting in ["<script", "<a ", "<img", "href", "onclick=x>", "src="] {
        assert!(!page.contains(acting), "{acting} in {page}");
    }
    assert!(page.contains(said), "{said} is missing in {page}");
    assert!(read(vec![report]).await.contains(said));
}

#[tokio::test]
async fn a_page_says_itself_that_nothing_in_it_acts_and_needs_nothing_from_elsewhere() {
    let page = page(a_report()).await;

    assert!(page.contains("http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"), "{page}");
    // A name, which nobody looks up.
    let told = page.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    for elsewhere in ["http://", "https://", "url(", "@import", "<script"] {
        assert!(!told.contains(elsewhere), "{elsewhere} in {page}");
    }
    assert!(page.contains("<figcaption>Mails by person</figcaption><svg "), "{page}");
    assert!(page.contains(">\nNora Dahl\n</text>") && page.contains("<rect "), "{page}");
}
