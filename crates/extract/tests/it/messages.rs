//! Messages.

use cortex_ingestion::model::FileType;

use crate::{extract, refusal};

const MESSAGE: &str = "Received: by mx.example.com\r\n\
Message-ID: <7@example.com>\r\n\
From: =?utf-8?Q?Nora_L=C3=BCders?= <Nora@Example.com>\r\n\
To: Jonas <jonas@example.com>, ada@example.com,\r\n jonas@example.com\r\n\
Cc: undisclosed-recipients:;\r\n\
Date: Mon, 2 Mar 2026 09:30:00 +0100\r\n\
Subject: The\r\n seals\r\n\
MIME-Version: 1.0\r\n\
Content-Type: multipart/mixed; boundary=\"b\"\r\n\
\r\n\
--b\r\n\
Content-Type: multipart/alternative; boundary=\"c\"\r\n\
\r\n\
--c\r\n\
Content-Type: text/plain; charset=iso-8859-1\r\n\
Content-Transfer-Encoding: quoted-printable\r\n\
\r\n\
Sch=F6ne Gr=FC=DFe\r\n\
--c\r\n\
Content-Type: text/html\r\n\
\r\n\
<p>not this one</p>\r\n\
--c--\r\n\
--b\r\n\
Content-Type: application/pdf; name=\"=?utf-8?Q?Angebot_=C3=9Cbersicht.pdf?=\"\r\n\
Content-Disposition: attachment\r\n\
Content-Transfer-Encoding: base64\r\n\
\r\n\
JVBERi0xLjQ=\r\n\
--b\r\n\
Content-Type: text/csv\r\n\
Content-Disposition: attachment; filename=\"prices.csv\"\r\n\
\r\n\
seal,4\r\n\
--b\r\n\
Content-Type: message/rfc822\r\n\
\r\n\
From: ada@example.com\r\n\
Subject: inner\r\n\
\r\n\
what she wrote\r\n\
--b--\r\n";

#[test]
fn a_message_is_its_text_its_header_and_the_files_with_it() {
    let extracted = extract(MESSAGE, Some("txt")).unwrap();

    assert_eq!(extracted.file_type, FileType::Eml);
    assert_eq!(extracted.title.as_deref(), Some("The seals"));
    assert_eq!(extracted.text, "Schöne Grüße");
    let mail = extracted.mail.unwrap();
    assert_eq!(mail.sender_name.as_deref(), Some("Nora Lüders"));
    assert_eq!(mail.sender_address.as_deref(), Some("nora@example.com"));
    assert_eq!(mail.to_addresses, ["jonas@example.com", "ada@example.com"]);
    assert_eq!(mail.cc_addresses, [""; 0]);
    assert_eq!(mail.sent_at.unwrap().unix_timestamp(), 1_772_440_200);
    assert_eq!(mail.message_id.as_deref(), Some("7@example.com"));
    let parts: Vec<_> = extracted
        .parts
        .iter()
        .map(|part| (part.name.as_deref(), part.mime_type.as_deref(), String::from_utf8_lossy(&part.bytes)))
        .collect();
    assert_eq!(parts.len(), 3, "{parts:?}");
    assert_eq!(parts[0], (Some("Angebot Übersicht.pdf"), Some("application/pdf"), "%PDF-1.4".into()));
    assert_eq!((parts[1].0, parts[1].1, parts[1].2.trim()), (Some("prices.csv"), Some("text/csv"), "seal,4"));
    assert_eq!((parts[2].0, parts[2].1), (None, Some("message/rfc822")));
    let inner = extract(extracted.parts[2].bytes.to_vec(), Some("eml")).unwrap();
    assert_eq!((inner.title.as_deref(), inner.text.as_str()), (Some("inner"), "what she wrote"));
}

#[test]
fn a_message_of_html_alone_is_what_is_seen_of_it() {
    let message =
        "Message-ID: <1@example.com>\nFrom: nora@example.com\nContent-Type: text/html\n\n<p>Dear <b>Ada</b></p>";

    assert_eq!(extract(message, None).unwrap().text, "Dear Ada");
}

#[test]
fn a_message_without_a_word_is_its_subject_or_the_names_of_its_files() {
    let message = |subject: &str, name: &str| {
        format!(
            "Message-ID: <1@example.com>\nFrom: nora@example.com\n{subject}Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: image/png{name}\nContent-Transfer-Encoding: base64\n\nAAAA\n--b--\n"
        )
    };

    assert_eq!(extract(message("Subject: photo\n", "; name=a.png"), None).unwrap().text, "photo");
    assert_eq!(extract(message("", "; name=a.png"), None).unwrap().text, "a.png");
    assert_eq!(extract(message("", ""), None).unwrap().text, "image/png");
    assert_eq!(refusal("Message-ID: <1@example.com>\nFrom: nora@example.com\n\n  \n", None), "file_without_text");
}

#[test]
fn what_only_the_recipient_can_read_is_encrypted() {
    for kind in [
        "multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b",
        "application/pkcs7-mime; smime-type=enveloped-data",
    ] {
        let message =
            format!("Message-ID: <1@example.com>\nFrom: nora@example.com\nContent-Type: {kind}\n\n--b\n\nx\n--b--\n");
        assert_eq!(refusal(message, None), "file_encrypted");
    }
}
