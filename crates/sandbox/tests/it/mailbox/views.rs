//! One message as the providers' models show it.

use cortex_sandbox::mailbox::{Mailbox, Message};
use serde_json::Value;

use super::{about, company};

const JONAS: &str = "jonas.feldhaus@kestrelpumps.example";

#[test]
fn gmail_email_carries_its_content() {
    let mailbox = company();
    let order = about(&mailbox, "Purchase order 4500118273 - your offer");
    let email = order.to_gmail_email(JONAS);
    assert_eq!(email["id"], order.id.as_str());
    assert_eq!(email["threadId"], order.thread_id.as_str());
    assert_eq!(email["sender"], "\"Purchasing, Larkmoor Water\" <purchasing@larkmoorwater.example>");
    assert_eq!(email["recipients"], "Jonas Feldhaus <jonas.feldhaus@kestrelpumps.example>");
    assert_eq!(email["subject"], "Purchase order 4500118273 - your offer Q-2291");
    assert!(email["date"].as_str().unwrap().ends_with(" +0000"));
    assert!(email["body"].as_str().unwrap().contains("no tail lift on site"));
    let [file] = email["attachments"].as_array().unwrap().as_slice() else { panic!("one attachment") };
    assert_eq!(file["filename"], "PO 4500118273.pdf");
    assert_eq!(file["mimeType"], "application/pdf");
    assert_eq!(file["size"], order.attachments()[0].bytes.len());
    assert_eq!(file["attachmentId"], order.attachments()[0].id.as_str());
}

#[test]
fn gmail_email_keeps_the_quotes_of_names_and_the_date_as_it_was_written() {
    let mailbox = company();
    let many = about(&mailbox, "save the date").to_gmail_email(JONAS);
    let recipients = many["recipients"].as_str().unwrap();
    assert!(
        recipients.starts_with("\"Grainger, Helen (Operations)\" <h.grainger@larkmoorwater.example>, "),
        "{recipients}"
    );
    assert_eq!(recipients.matches('@').count(), 9);

    assert_eq!(about(&mailbox, "conformity VS-32").to_gmail_email(JONAS)["date"], "on the Tuesday after the fair");
    assert_eq!(about(&mailbox, "Sent from the control room").to_gmail_email(JONAS).get("date"), None);
}

#[test]
fn gmail_email_has_html_only_where_there_is_no_text() {
    let mailbox = company();
    let body = |words: &str| about(&mailbox, words).to_gmail_email(JONAS)["body"].as_str().unwrap().to_owned();
    assert!(body("RF-771204 collected").starts_with("<!DOCTYPE html>"));
    assert!(!body("Where we stand").contains("<p>"));
    assert!(body("Delivery note 55120").contains('\0'));
}

#[test]
fn outlook_email_names_addresses_and_gives_html() {
    let mailbox = company();
    let offer = find(&mailbox, "Offer Q-2291.pdf");
    let email = offer.to_outlook_email(JONAS);
    assert_eq!(email["sender"], JONAS);
    assert_eq!(email["recipients"], "h.grainger@larkmoorwater.example");
    assert_eq!(email["userId"], JONAS);
    assert!(email["body"].as_str().unwrap().starts_with("<!DOCTYPE html>"));
    let date = email["date"].as_str().unwrap();
    assert!(date.ends_with('Z') && date.contains('T'), "{date}");
    let files = email["attachments"].as_array().unwrap();
    assert_eq!(files.iter().filter(|file| file["isInline"] == true && file["contentId"].is_string()).count(), 1);
    assert!(files.iter().all(|file| file["userId"] == JONAS));
}

#[test]
fn gmail_message_has_headers_and_parts_but_no_content() {
    let mailbox = company();
    let offer = find(&mailbox, "Offer Q-2291.pdf");
    let message = offer.to_gmail_message(JONAS);
    assert_eq!(message["labelIds"], serde_json::json!(["SENT"]));
    assert_eq!(message["internalDate"], (offer.received.unwrap().unix_timestamp() * 1000).to_string());
    assert!(message["snippet"].as_str().unwrap().starts_with("Dear Helen, thank you for thinking of us."));
    let header = |name: &str| {
        let headers = message["payload"]["headers"].as_array().unwrap().iter();
        headers.filter(|h| h["name"] == name).map(|h| h["value"].as_str().unwrap()).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(header("Subject"), "Re: Replacement pumps for the Hollin Bridge station");
    assert_eq!(header("Message-ID"), format!("<{}>", offer.message_id.as_deref().unwrap()));
    assert!(header("Cc").starts_with("\"Purchasing, Larkmoor Water\" <purchasing@larkmoorwater.example>, "));
    let parts = message["payload"]["parts"].as_array().unwrap();
    let mimes: Vec<&str> = parts.iter().map(|part| part["mimeType"].as_str().unwrap()).collect();
    assert_eq!(mimes, ["text/plain", "text/html", "image/png", "application/pdf"]);
    assert!(parts.iter().all(|part| part["body"].get("data").is_none()));
    assert!(parts[3]["body"]["attachmentId"].is_string());

    let full = offer.to_gmail_message_full(JONAS);
    assert!(full["payload"]["parts"][0]["body"]["data"].is_string());
}

#[test]
fn gmail_message_of_one_part_is_its_own_payload() {
    let mailbox = company();
    let lunch = mailbox.messages.iter().find(|m| m.subject == "Lunch?").unwrap();
    let message = lunch.to_gmail_message("anneke.dewit@kestrelpumps.example");
    assert_eq!(message["payload"]["mimeType"], "text/plain");
    assert_eq!(message["payload"].get("parts"), None);
    assert_eq!(message["labelIds"], serde_json::json!(["INBOX"]));
}

#[test]
fn graph_message_has_recipients_and_times_but_no_body() {
    let mailbox = company();
    let order = about(&mailbox, "Purchase order 4500118273 - your offer");
    let message = order.to_graph_message(JONAS);
    assert_eq!(message["conversationId"], order.thread_id.as_str());
    assert_eq!(message["from"]["emailAddress"]["name"], "Purchasing, Larkmoor Water");
    assert_eq!(message["from"]["emailAddress"]["address"], "purchasing@larkmoorwater.example");
    assert_eq!(message["toRecipients"][0]["emailAddress"]["address"], JONAS);
    assert_eq!(message["ccRecipients"].as_array().unwrap().len(), 2);
    assert_eq!(message["internetMessageId"], format!("<{}>", order.message_id.as_deref().unwrap()));
    assert_eq!((&message["isDraft"], &message["hasAttachments"]), (&Value::from(false), &Value::from(true)));
    assert!(message["receivedDateTime"].as_str() > message["sentDateTime"].as_str());
    assert_eq!(message.get("body"), None);
    assert_eq!(order.to_graph_message_full(JONAS)["body"]["contentType"], "text");

    let undated = about(&mailbox, "Sent from the control room").to_graph_message(JONAS);
    assert_eq!(undated.get("sentDateTime"), None);
    assert!(undated["receivedDateTime"].is_string());
}

fn find<'m>(mailbox: &'m Mailbox, words: &str) -> &'m Message {
    mailbox.messages.iter().find(|message| super::text(message).contains(words)).expect("such a message")
}
