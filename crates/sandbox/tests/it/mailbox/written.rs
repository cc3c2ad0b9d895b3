//! What the invented mail has to have so that it is worth testing with.

use std::collections::{HashMap, HashSet};

use cortex_sandbox::mailbox::{Mailbox, people};
use mail_parser::MessageParser;
use time::Duration;

use super::{NOW, about, company, text};

#[test]
fn the_same_moment_gives_the_same_mail() {
    let (one, other) = (company(), company());
    let raw = |mailbox: &Mailbox| mailbox.messages.iter().map(|m| m.raw.clone()).collect::<Vec<_>>();
    assert_eq!(raw(&one), raw(&other));

    let later = Mailbox::written(NOW + Duration::days(1));
    assert_ne!(raw(&one), raw(&later));
    assert_eq!(one.messages.len(), later.messages.len());
}

#[test]
fn it_spans_months_and_never_the_future() {
    let mailbox = company();
    assert!(mailbox.messages.len() >= 80, "{} messages", mailbox.messages.len());
    let times: Vec<_> = mailbox.messages.iter().map(|m| m.arrived().unwrap()).collect();
    assert!(times.is_sorted());
    assert!(*times.last().unwrap() < NOW);
    assert!(*times.last().unwrap() > NOW - Duration::days(7));
    assert!(times[0] < NOW - Duration::days(150));
}

#[test]
fn ids_are_short_digests_and_differ() {
    let mailbox = company();
    let ids: HashSet<_> = mailbox.messages.iter().map(|m| m.id.as_str()).collect();
    assert_eq!(ids.len(), mailbox.messages.len());
    assert!(ids.iter().all(|id| id.len() == 16 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))));
}

#[test]
fn every_message_parses_back_without_a_problem() {
    for message in company().messages {
        let parsed = MessageParser::default().parse(&message.raw).unwrap();
        assert_eq!(parsed.subject().unwrap_or_default(), message.subject);
        let broken = parsed.parts.iter().any(|part| part.is_encoding_problem);
        assert!(!broken, "{}", message.subject);
        assert!(!text(&message).contains(['{', '}']) || message.body_html().is_some(), "{}", message.subject);
        assert!(message.raw.split(|byte| *byte == b'\n').all(|line| line.len() < 998), "{}", message.subject);
    }
}

#[test]
fn threads_hold_together_over_answers_and_forwards() {
    let mailbox = company();
    let mut sizes: HashMap<&str, usize> = HashMap::new();
    for message in &mailbox.messages {
        *sizes.entry(&message.thread_id).or_default() += 1;
    }
    assert!(sizes.values().filter(|size| **size >= 3).count() >= 8);
    assert_eq!(sizes.values().max(), Some(&9), "the complaint about the cracked casings");

    let root = about(&mailbox, "STOP: hairline cracks");
    let report = about(&mailbox, "8D report to complaint 26-017");
    assert_eq!(report.thread_id, root.id);
    assert!(text(report).contains("\r\nReferences: <"));
    assert!(text(report).contains("\r\nIn-Reply-To: <"));
}

#[test]
fn the_two_companies_share_no_message() {
    let mailbox = company();
    let ids_of = |company: &str| -> HashSet<String> {
        let members = people().iter().filter(|person| person.company == company);
        members.flat_map(|person| mailbox.of(person.address).messages).map(|m| m.id).collect()
    };
    let (a, b) = (ids_of("a"), ids_of("b"));
    assert_eq!(people().iter().filter(|person| person.company == "a").count(), 5);
    assert_eq!(people().iter().filter(|person| person.company == "b").count(), 2);
    assert!(a.is_disjoint(&b));
    assert!(a.len() >= 80 && b.len() >= 9, "{} and {}", a.len(), b.len());
}

#[test]
fn colleagues_share_messages_and_keep_private_ones() {
    let mailbox = company();
    let marta = mailbox.of("Marta.Ilves@KestrelPumps.example");
    let jonas = mailbox.of("jonas.feldhaus@kestrelpumps.example");
    let priya = mailbox.of("priya.raman@kestrelpumps.example");

    let shared = about(&mailbox, "STOP: hairline cracks");
    for owner in [&marta, &jonas, &priya] {
        assert_eq!(about(owner, "STOP: hairline cracks").message_id, shared.message_id);
    }
    assert!(priya.messages.iter().all(|m| !m.subject.contains("salary")));
    assert_eq!(jonas.messages.iter().filter(|m| m.subject.contains("salary")).count(), 2);

    // Priya stands in Bcc only.
    let secret = about(&priya, "second foundry");
    assert_eq!(secret.bcc, ["priya.raman@kestrelpumps.example"]);
    assert!(jonas.messages.iter().all(|m| m.id != secret.id));
}

#[test]
fn each_mailbox_can_have_ids_of_its_own() {
    let mailbox = company();
    let [priya, jonas] = ["priya.raman@kestrelpumps.example", "jonas.feldhaus@kestrelpumps.example"];
    let (hers, his) = (mailbox.as_seen_by(priya), mailbox.as_seen_by(jonas));
    let (one, other) = (about(&hers, "STOP: hairline"), about(&his, "STOP: hairline"));
    assert_ne!(one.id, other.id);
    assert_eq!(one.message_id, other.message_id);
    assert_eq!(mailbox.as_seen_by(priya).messages[0].id, hers.messages[0].id);
    let report = about(&hers, "8D report to complaint");
    assert_eq!(report.thread_id, one.id);
}

#[test]
fn dates_come_in_every_form() {
    let mailbox = company();
    let date_line = |words: &str| {
        let raw = text(about(&mailbox, words));
        raw.lines().find_map(|line| line.strip_prefix("Date: ")).map(ToOwned::to_owned)
    };
    assert_eq!(date_line("Sent from the control room"), None);
    assert_eq!(about(&mailbox, "Sent from the control room").date, None);
    assert!(about(&mailbox, "Sent from the control room").arrived().is_some());
    assert_eq!(date_line("conformity VS-32").as_deref(), Some("on the Tuesday after the fair"));
    assert_eq!(about(&mailbox, "conformity VS-32").date, None);
    assert!(date_line("Hollin Bridge station").unwrap().ends_with(" GMT"));
    assert!(date_line("RF-771204 collected").unwrap().ends_with(" EST"));
    assert!(date_line("8D report to complaint").unwrap().starts_with(|c: char| c.is_ascii_digit()));

    let all: Vec<String> = mailbox.messages.iter().map(text).collect();
    let lines = || all.iter().filter_map(|raw| raw.lines().find_map(|line| line.strip_prefix("Date: ")));
    assert!(lines().any(|line| line.ends_with(" (CET)")));
    assert!(lines().any(|line| line.split(':').count() == 2), "one without seconds");
    let readable = mailbox.messages.iter().filter(|m| m.date.is_some()).count();
    assert_eq!(readable, mailbox.messages.len() - 2);
    assert!(
        mailbox
            .messages
            .iter()
            .all(|m| m.date.is_none() || m.received.unwrap() - m.date.unwrap() < Duration::minutes(1))
    );
}

#[test]
fn names_with_commas_are_quoted() {
    let mailbox = company();
    let raw = text(about(&mailbox, "save the date"));
    assert!(raw.contains("\"Grainger, Helen (Operations)\" <h.grainger@larkmoorwater.example>"));
    assert_eq!(about(&mailbox, "save the date").to.len(), 9);
    assert_eq!(
        about(&mailbox, "Hollin Bridge station").from,
        "\"Grainger, Helen (Operations)\" <h.grainger@larkmoorwater.example>"
    );
}

#[test]
fn bodies_come_in_every_form_and_charset() {
    let mailbox = company();
    let has = |part: &str| mailbox.messages.iter().any(|message| text(message).contains(part));
    for charset in ["iso-8859-1", "iso-8859-15", "windows-1252", "iso-2022-jp", "shift_jis", "utf-8"] {
        assert!(has(&format!("charset=\"{charset}\"")), "{charset}");
    }
    for encoding in ["7bit", "8bit", "quoted-printable", "base64"] {
        assert!(has(&format!("Content-Transfer-Encoding: {encoding}\r\n")), "{encoding}");
    }
    for encoded_word in ["=?iso-8859-1?Q?", "=?utf-8?B?", "=?iso-2022-jp?B?", "=?shift_jis?B?"] {
        assert!(has(encoded_word), "{encoded_word}");
    }
    let body = |words: &str| about(&mailbox, words).body_text().unwrap();
    assert!(body("Anfrage: Würzepumpe").contains("30 m³/h bei 22 m Förderhöhe"));
    let quotation = mailbox.messages.iter().find(|m| m.subject == "見積依頼：化学用ポンプ KP-Chem 40").unwrap();
    assert!(quotation.body_text().unwrap().contains("岡部機械の岡部です"));
    assert!(quotation.from.starts_with("岡部 健一 <"));
    assert!(body("Re: 注文書 OK-2077").contains("神戸港"));

    let html_only = mailbox.messages.iter().filter(|m| m.body_html().is_some() && m.body_text().is_none()).count();
    let both = mailbox.messages.iter().filter(|m| m.body_html().is_some() && m.body_text().is_some()).count();
    assert!(html_only >= 10 && both >= 10, "{html_only} and {both}");
}

#[test]
fn some_bodies_are_hostile() {
    let mailbox = company();
    let long = about(&mailbox, "Log of the pump control").body_text().unwrap();
    assert!(long.chars().count() > 100_000);
    assert!(long.trim_end().ends_with("[end of log]"));

    assert!(about(&mailbox, "Delivery note 55120").body_text().unwrap().contains("81\u{0}4410"));
    assert_eq!(mailbox.messages.iter().filter(|m| m.raw.contains(&0)).count(), 1);

    let empty = about(&mailbox, "see attachment");
    assert_eq!(mailbox.messages.iter().filter(|m| m.subject.is_empty()).count(), 1);
    assert_eq!(empty.body_text().unwrap_or_default().trim(), "");
    assert_eq!(mailbox.messages.iter().filter(|m| m.message_id.is_none()).count(), 1);
}

#[test]
fn attachments_are_real_files() {
    let mailbox = company();
    let offer = mailbox.messages.iter().find(|m| text(m).contains("Offer Q-2291.pdf")).unwrap();
    let files = offer.attachments();
    let pdf = files.iter().find(|file| file.mime == "application/pdf").unwrap();
    assert_eq!(pdf.filename, "Offer Q-2291.pdf");
    assert!(pdf.bytes.starts_with(b"%PDF-1.4") && pdf.bytes.ends_with(b"%%EOF\n"));
    assert!(!pdf.inline);

    let logo = files.iter().find(|file| file.inline).unwrap();
    assert_eq!(logo.mime, "image/png");
    assert!(logo.bytes.starts_with(b"\x89PNG\r\n\x1a\n") && logo.bytes.len() < 10 * 1024);
    let content_id = logo.content_id.as_deref().unwrap();
    assert!(offer.body_html().unwrap().contains(&format!("cid:{content_id}")));

    let list = about(&mailbox, "61 contacts").attachments();
    assert_eq!((list[0].mime.as_str(), list[0].filename.as_str()), ("text/csv", "fair-contacts.csv"));
    assert!(String::from_utf8(list[0].bytes.clone()).unwrap().contains("Oberland Käse"));

    let named = about(&mailbox, "Überweisungsträger").attachments();
    assert_eq!(named[0].filename, "Übersicht Zahlungen für März.txt");
    let kinds: HashSet<String> =
        mailbox.messages.iter().flat_map(cortex_sandbox::mailbox::Message::attachments).map(|file| file.mime).collect();
    assert_eq!(kinds.len(), 4, "{kinds:?}");
}
