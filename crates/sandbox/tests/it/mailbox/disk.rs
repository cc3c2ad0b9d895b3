//! mbox files, `.eml` files, and what is neither.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use cortex_sandbox::mailbox::{Mailbox, MailboxError};
use tempfile::TempDir;

use super::company;

/// An mbox of the invented company's mail, with LF line ends and mboxrd quoting.
fn mbox(mailbox: &Mailbox, extra_headers: &str) -> Vec<u8> {
    let mut file = Vec::new();
    for message in &mailbox.messages {
        file.extend_from_slice(b"From 1793@xxx Thu Jan 01 09:30:00 +0000 2026\n");
        file.extend_from_slice(extra_headers.as_bytes());
        for line in message.raw.split_inclusive(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r\n").unwrap_or(line);
            let depth = line.iter().take_while(|byte| **byte == b'>').count();
            if line[depth..].starts_with(b"From ") {
                file.push(b'>');
            }
            file.extend_from_slice(line);
            file.push(b'\n');
        }
        file.push(b'\n');
    }
    file
}

fn written(name: &str, content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join(name);
    fs::write(&path, content).expect("a file in it");
    (dir, path)
}

fn ids(mailbox: &Mailbox) -> Vec<(String, String)> {
    mailbox.messages.iter().map(|m| (m.id.clone(), m.thread_id.clone())).collect()
}

#[test]
fn an_mbox_gives_every_message_back() {
    let company = company();
    let (_dir, path) = written("All mail.mbox", mbox(&company, ""));
    let opened = Mailbox::open(&path).unwrap();
    assert_eq!(ids(&opened), ids(&company));
    assert!(opened.messages.iter().zip(&company.messages).all(|(one, other)| one.raw == other.raw));
}

#[test]
fn a_directory_of_eml_files_gives_every_message_back() {
    let company = company();
    let dir = tempfile::tempdir().unwrap();
    for (index, message) in company.messages.iter().enumerate() {
        let folder = dir.path().join(["2025", "2026/customers", "Inbox"][index % 3]);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{index:03}.EML")), &message.raw).unwrap();
    }
    fs::write(dir.path().join("readme.txt"), "not mail").unwrap();
    assert_eq!(ids(&Mailbox::open(dir.path()).unwrap()), ids(&company));
}

#[test]
fn a_directory_of_mbox_files_is_one_mailbox() {
    let company = company();
    let dir = tempfile::tempdir().unwrap();
    let half = company.messages.len() / 2;
    for (name, messages) in [("Inbox.mbox/mbox", &company.messages[..half]), ("Sent.mbox", &company.messages[half..])] {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, mbox(&Mailbox { messages: messages.to_vec() }, "")).unwrap();
    }
    assert_eq!(ids(&Mailbox::open(dir.path()).unwrap()), ids(&company));
}

#[test]
fn takeout_labels_and_threads_are_used() {
    let raw = "From 1812@xxx Thu Jan 01 09:30:00 +0000 2026\r\n\
               X-GM-THRID: 1812345\r\n\
               X-Gmail-Labels: =?UTF-8?Q?Inbox,Important,Kunden_B=C3=BCro?=,\r\n Unread\r\n\
               From: a@one.example\r\nTo: b@two.example\r\nDate: Thu, 1 Jan 2026 09:30:00 +0000\r\nSubject: one\r\n\r\nA\r\n\r\n\
               From 1813@xxx Thu Jan 01 09:31:00 +0000 2026\r\n\
               X-GM-THRID: 1812345\r\nX-Gmail-Labels: Sent\r\n\
               From: b@two.example\r\nTo: a@one.example\r\nDate: Thu, 1 Jan 2026 09:31:00 +0000\r\nSubject: other\r\n\r\nB\r\n\r\n";
    let (_dir, path) = written("takeout.mbox", raw);
    let mailbox = Mailbox::open(&path).unwrap();
    let [one, other] = mailbox.messages.as_slice() else { panic!("two messages") };
    assert_eq!(one.labels, ["Inbox", "Important", "Kunden Büro", "Unread"]);
    assert_eq!(
        one.to_gmail_message("b@two.example")["labelIds"],
        serde_json::json!(["INBOX", "IMPORTANT", "Kunden Büro", "UNREAD"])
    );
    assert_eq!(one.to_graph_message("b@two.example")["isRead"], false);
    assert_eq!(other.thread_id, one.id);
}

#[test]
fn quoting_and_unquoted_from_lines_survive() {
    let raw = "From a@x.example Thu Jan  1 09:30:00 2026\nFrom: a@x.example\nSubject: quoting\n\n\
               >From here it is quoted\n>>From twice\n\nFrom the beginning of a paragraph, not quoted at all\n\n\
               From b@x.example Thu Jan  1 09:31:00 2026\nFrom: b@x.example\nSubject: next\n\nbody\n";
    let (_dir, path) = written("inbox", raw);
    let mailbox = Mailbox::open(&path).unwrap();
    assert_eq!(mailbox.messages.len(), 2);
    let quoting = mailbox.messages.iter().find(|m| m.subject == "quoting").unwrap();
    assert_eq!(
        quoting.body_text().unwrap().trim_end(),
        "From here it is quoted\r\n>From twice\r\n\r\nFrom the beginning of a paragraph, not quoted at all"
    );
}

#[test]
fn a_thousand_messages_twice_are_a_thousand() {
    let mut raw = String::new();
    for number in (0..1000).chain(0..1000) {
        write!(
            raw,
            "From a@x.example Thu Jan  1 09:30:00 2026\nFrom: a@x.example\nMessage-ID: <{number}@x.example>\n\
             In-Reply-To: <{}@x.example>\nSubject: {number}\n\nbody {number}\n\n",
            number / 10 * 10
        )
        .unwrap();
    }
    let (_dir, path) = written("big.mbox", raw);
    let mailbox = Mailbox::open(&path).unwrap();
    assert_eq!(mailbox.messages.len(), 1000);
    let threads: std::collections::HashSet<_> = mailbox.messages.iter().map(|m| &m.thread_id).collect();
    assert_eq!(threads.len(), 100);
}

#[test]
fn hostile_files_harm_nothing() {
    let garbage: Vec<u8> =
        (0..200_000_u32).map(|n| u8::try_from(n.wrapping_mul(2_654_435_761) >> 24).unwrap()).collect();
    let mut raw = b"From a@x.example Thu Jan  1 09:30:00 2026\n".to_vec();
    raw.extend(&garbage);
    raw.extend_from_slice(b"\n\nFrom a@x.example Thu Jan  1 09:30:00 2026\nSubject: open ends\n");
    raw.extend_from_slice(
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n",
    );
    raw.extend_from_slice(b"Content-Transfer-Encoding: base64\nContent-Type: image/png; name=\"../../x\"\n\n!!!!\n");
    raw.extend_from_slice(b"\n\nFrom a@x.example Thu Jan  1 09:30:00 2026\nSubject: sound\nTo: ,,;<>@,\"\n\nbody\n");
    let (_dir, path) = written("hostile.mbox", raw);
    let mailbox = Mailbox::open(&path).unwrap();
    for message in &mailbox.messages {
        assert!(message.to_gmail_email("a@x.example").is_object());
        assert!(message.to_outlook_email("a@x.example").is_object());
        assert!(message.to_gmail_message_full("a@x.example").is_object());
        assert!(message.to_graph_message_full("a@x.example").is_object());
    }
    assert!(mailbox.messages.iter().any(|m| m.subject == "sound" && m.body_text().unwrap().trim() == "body"));
}

#[test]
fn errors_say_what_was_expected() {
    let missing = Mailbox::open(Path::new("/nowhere/at/all.mbox")).unwrap_err();
    assert!(matches!(missing, MailboxError::NoSuchPath(_)));
    assert!(
        missing.to_string().contains("/nowhere/at/all.mbox") && missing.to_string().contains("expected an mbox file")
    );

    let (_dir, letter) = written("letter.docx", b"PK\x03\x04 not mail");
    let error = Mailbox::open(&letter).unwrap_err();
    assert!(matches!(error, MailboxError::NotAMailbox(_)));
    assert!(error.to_string().contains("first line begins with \"From \""));

    let (dir, empty) = written("empty.mbox", b"");
    assert!(matches!(Mailbox::open(&empty).unwrap_err(), MailboxError::Empty(_)));
    fs::remove_file(&empty).unwrap();
    assert!(matches!(Mailbox::open(dir.path()).unwrap_err(), MailboxError::NotAMailbox(_)));
}
