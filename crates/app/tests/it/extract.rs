//! Files, read by processes of the binary.

use std::io::Write;
use std::process::{Command, Stdio};

use cortex_app::ports::EXTRACT_COMMAND;
use cortex_extract::ProcessTextExtractor;
use cortex_ingestion::model::{Extracted, FileBody, FileToRead, FileType};
use cortex_ingestion::ports::{ExtractError, TextExtractor};

#[path = "../../../extract/tests/it/files.rs"]
#[expect(dead_code, reason = "some of these files are for the tests of the reader alone")]
mod files;

fn extractor() -> ProcessTextExtractor {
    ProcessTextExtractor::new(env!("CARGO_BIN_EXE_cortex").into(), vec![EXTRACT_COMMAND.into()])
}

fn file(name: &str, bytes: &[u8]) -> FileToRead {
    FileToRead { name: Some(name.to_owned()), body: FileBody::InMemory(bytes.to_vec().into()) }
}

async fn extract(name: &str, bytes: &[u8]) -> Result<Extracted, ExtractError> {
    extractor().extract(file(name, bytes)).await
}

#[tokio::test]
async fn bytes_in_memory_and_on_the_disk_are_read_alike() {
    let text = "Dear Nora,\n\nthe seals arrived.";
    let mut on_disk = tempfile::NamedTempFile::new().unwrap();
    on_disk.write_all(text.as_bytes()).unwrap();
    let body = FileBody::OnDisk { path: on_disk.path().to_owned(), size: text.len() as u64 };

    let in_memory = extract("letter.txt", text.as_bytes()).await.unwrap();
    let from_disk = extractor().extract(FileToRead { name: Some("letter.txt".to_owned()), body }).await.unwrap();

    assert_eq!(in_memory.text, text);
    assert_eq!(in_memory.file_type, FileType::Text);
    assert_eq!(in_memory, from_disk);
}

#[tokio::test]
async fn a_file_of_blanks_is_read_to_its_end_and_has_no_text() {
    let blank = vec![b' '; 100 << 20];

    let outcome = extract("blank.txt", &blank).await;

    assert!(matches!(outcome, Err(ExtractError::WithoutText)), "{outcome:?}");
}

#[tokio::test]
async fn every_kind_of_file_comes_through_with_all_that_it_tells() {
    let message = "Message-ID: <7@example.com>\r\nFrom: Nora <nora@example.com>\r\nTo: ada@example.com\r\n\
        Date: Mon, 2 Mar 2026 09:30:00 +0100\r\nSubject: Prices\r\n\
        Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee the file.\r\n\
        --b\r\nContent-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b--\r\n";

    let mail = extract("x", message.as_bytes()).await.unwrap();
    let document = extract("x", &files::docx(&files::paragraph("seal"))).await.unwrap();
    let printed = extract("x", &files::pdf(&[&files::lines(&["seal"])])).await.unwrap();
    let program = extract("x.pdf", b"MZ\x90\0\x03\0\0\0\x04\0\0\0").await.unwrap_err();

    assert_eq!((mail.title.as_deref(), mail.text.as_str()), (Some("Prices"), "See the file."));
    let head = mail.mail.unwrap();
    assert_eq!(head.sender_address.as_deref(), Some("nora@example.com"));
    assert_eq!((head.to_addresses, head.cc_addresses), (vec!["ada@example.com".to_owned()], Vec::new()));
    assert_eq!(head.sent_at.unwrap().unix_timestamp(), 1_772_440_200);
    assert_eq!((mail.parts[0].name.as_deref(), &mail.parts[0].bytes[..]), (Some("a.png"), &[0, 1, 2][..]));
    assert_eq!((document.file_type, document.text.as_str()), (FileType::Docx, "seal"));
    assert_eq!((printed.file_type, printed.text.as_str()), (FileType::Pdf, "seal"));
    assert!(matches!(program, ExtractError::Unsupported { found } if found.ends_with("portable-executable")));
}

#[tokio::test]
async fn a_file_that_takes_all_memory_is_too_costly_and_the_next_one_is_read() {
    let extractor = extractor();
    // Each pair becomes 128 bytes: 1.5 GiB.
    let content = files::stream("/Filter /RunLengthDecode", &[129, b' '].repeat(12 << 20));
    let page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>".to_vec();
    let pages = b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>".to_vec();
    let bomb = files::pdf_of(&[b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(), pages, page, content], "");

    let outcome = extractor.extract(file("bomb.pdf", &bomb)).await;
    let next = extractor.extract(file("a.txt", b"seal")).await;

    assert!(matches!(outcome, Err(ExtractError::TooCostly)), "{outcome:?}");
    assert_eq!(next.unwrap().text, "seal");
}

#[tokio::test]
async fn messages_within_messages_without_end_are_too_deep_or_too_costly() {
    let outcome = extract("a.eml", &files::nested_messages(1_000_000)).await;

    assert!(matches!(outcome, Err(ExtractError::TooDeep | ExtractError::TooCostly)), "{outcome:?}");
}

#[tokio::test]
async fn a_file_that_is_larger_than_any_is_too_costly() {
    let outcome = extract("a.txt", &vec![b'a'; (128 << 20) + 1]).await;

    assert!(matches!(outcome, Err(ExtractError::TooCostly)), "{outcome:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn before_it_reads_a_byte_the_process_has_given_everything_up() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cortex"))
        .args([EXTRACT_COMMAND, "txt"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    // More than a pipe holds: it is written when some of it was read.
    input.write_all(&vec![b'a'; 256 << 10]).unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();

    for (name, most) in [
        ("Max address space", "1073741824"),
        ("Max cpu time", "20"),
        ("Max core file size", "0"),
        ("Max file size", "0"),
        ("Max open files", "0"),
        ("Max processes", "0"),
    ] {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        let words: Vec<_> = line[name.len()..].split_whitespace().collect();
        assert_eq!(words[..2], [most, most], "{line}");
    }
    assert!(output.status.success());
    assert!(output.stdout.len() > 100_000);
}
