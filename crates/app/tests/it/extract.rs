//! Files, read by processes of the binary.

use std::io::Write;

use cortex_app::ports::EXTRACT_COMMAND;
use cortex_extract::ProcessTextExtractor;
use cortex_ingestion::model::{Extracted, FileBody, FileToRead, FileType};
use cortex_ingestion::ports::{ExtractError, TextExtractor};

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
