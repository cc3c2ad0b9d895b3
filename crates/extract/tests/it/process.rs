//! The process that reads, with programs in its place that behave as badly as it could.

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use cortex_extract::ProcessTextExtractor;
use cortex_ingestion::model::{Extracted, FileBody, FileToRead};
use cortex_ingestion::ports::{ExtractError, TextExtractor};
use rstest::rstest;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;

fn shell(script: &str) -> ProcessTextExtractor {
    ProcessTextExtractor::new("/bin/sh".into(), vec!["-c".into(), script.into(), "sh".into()])
}

fn file(name: &str, bytes: &'static [u8]) -> FileToRead {
    FileToRead { name: Some(name.to_owned()), body: FileBody::InMemory(bytes.into()) }
}

async fn outcome(script: &str) -> Result<Extracted, ExtractError> {
    shell(script).extract(file("a.txt", b"seal")).await
}

/// Why, as far as an operator is told.
fn told(error: &ExtractError) -> String {
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        told = format!("{told}: {error}");
        source = error.source();
    }
    told
}

/// A script that answers this head and what follows.
fn answering(head: &str, rest: &str) -> String {
    format!("printf '\\0\\0\\0\\{:03o}%s%s' '{head}' '{rest}'", head.len())
}

const READ: &str = r#"{"read":{"file_type":"text","title":null,"text_bytes":4,"mail":null,"parts":[]}}"#;

#[tokio::test]
async fn an_answer_is_taken() {
    let extracted = outcome(&answering(READ, "seal")).await.unwrap();

    assert_eq!(extracted.text, "seal");
}

#[rstest]
#[case::nothing("exit 0")]
#[case::failure("exit 3")]
#[case::failure_after_an_answer(&format!("{}; exit 3", answering(READ, "seal")))]
#[case::endless_head("printf '\\377\\377\\377\\377'; cat /dev/zero")]
#[case::no_json(&answering("{]", ""))]
#[case::cut_off(&answering(READ, "se"))]
#[case::blank(&answering(READ, "    "))]
#[case::unknown_type(&answering(&READ.replace(r#""text","#, r#""exe","#), "seal"))]
#[case::endless_text(&answering(&READ.replace(":4", ":4000000000"), "seal"))]
#[case::endless_part(&answering(&READ.replace("[]", r#"[{"name":null,"mime_type":null,"bytes":99999999999}]"#), "seal"))]
#[case::unknown_failure(&answering(r#"{"failed":{"code":"tired","found":null}}"#, ""))]
#[tokio::test]
async fn an_answer_that_makes_no_sense_is_none(#[case] script: &str) {
    let outcome = outcome(script).await;

    assert!(matches!(outcome, Err(ExtractError::Unavailable(_))), "{outcome:?}");
}

#[rstest]
#[case::abort("kill -ABRT $$")]
#[case::overflow("kill -SEGV $$")]
#[case::out_of_memory("kill -KILL $$")]
#[case::out_of_time("kill -XCPU $$")]
#[tokio::test]
async fn a_process_that_was_killed_met_a_file_that_takes_too_much(#[case] script: &str) {
    let outcome = outcome(script).await;

    assert!(matches!(outcome, Err(ExtractError::TooCostly)), "{outcome:?}");
}

#[tokio::test]
async fn a_program_that_is_missing_is_told() {
    let extractor = ProcessTextExtractor::new("/nowhere/cortex".into(), Vec::new());

    let error = extractor.extract(file("a.txt", b"seal")).await.unwrap_err();

    assert!(told(&error).contains("/nowhere/cortex cannot be started"), "{}", told(&error));
}

#[tokio::test]
async fn a_file_that_is_missing_is_told() {
    let body = FileBody::OnDisk { path: "/nowhere/a.txt".into(), size: 4 };

    let error = shell("cat").extract(FileToRead { name: None, body }).await.unwrap_err();

    assert!(told(&error).contains("the file cannot be opened"), "{}", told(&error));
}

#[tokio::test]
async fn what_a_failing_process_complains_about_is_told_in_one_short_line() {
    let error = outcome("echo 'no\nluck' >&2; head -c 100000 /dev/zero | tr '\\0' x >&2; exit 3").await.unwrap_err();

    let told = told(&error);
    assert!(told.contains("exit status: 3): no luck xxx") && told.len() < 2_200, "{told}");
}

#[tokio::test]
async fn the_process_sees_no_environment_and_of_the_name_the_extension() {
    assert!(std::env::var_os("PATH").is_some(), "there is something to be seen");

    let environment = outcome("/usr/bin/env >&2; exit 1").await.unwrap_err();
    let arguments = shell("echo \"[$*]\" >&2; exit 1");
    let named = async |name: &str| told(&arguments.extract(file(name, b"")).await.unwrap_err());

    assert!(!told(&environment).contains("PATH="), "{}", told(&environment));
    assert!(named("Salary of Nora.PDF").await.contains("[pdf]"));
    assert!(named("secret").await.contains("[]"));
    assert!(named("a.b c").await.contains("[]"));
    assert!(named("a.--help").await.contains("[]"));
}

/// A script that holds the pipe open as long as it lives, and waits.
fn holding(pipe: &Path) -> String {
    format!("exec 9>'{}'; echo here >&9; exec sleep 1000", pipe.display())
}

fn named_pipe(directory: &Path) -> (std::path::PathBuf, pipe::Receiver) {
    let path = directory.join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let receiver = pipe::OpenOptions::new().open_receiver(&path).unwrap();
    (path, receiver)
}

#[tokio::test]
async fn a_process_that_never_ends_is_ended() {
    let directory = tempfile::tempdir().unwrap();
    let (path, mut alive) = named_pipe(directory.path());
    let extractor = shell(&holding(&path)).with_time(Duration::from_secs(1));

    let (outcome, told) = tokio::join!(extractor.extract(file("a.txt", b"seal")), async {
        let mut told = [0; 5];
        alive.read_exact(&mut told).await.unwrap();
        told
    });

    assert!(matches!(outcome, Err(ExtractError::TooCostly)), "{outcome:?}");
    assert_eq!(&told, b"here\n");
    // Nobody holds it open any more.
    assert_eq!(alive.read(&mut [0; 1]).await.unwrap(), 0);
}

#[tokio::test]
async fn whoever_waits_no_longer_ends_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let (path, mut alive) = named_pipe(directory.path());
    let extractor = shell(&holding(&path));

    let mut here = [0; 5];

    tokio::select! {
        outcome = extractor.extract(file("a.txt", b"seal")) => panic!("it ended by itself: {outcome:?}"),
        told = alive.read_exact(&mut here) => assert_eq!(told.unwrap(), 5),
    }

    assert_eq!(alive.read(&mut [0; 1]).await.unwrap(), 0);
}

#[tokio::test]
async fn only_so_many_are_read_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let lock = directory.path().join("lock");
    let failed = answering(r#"{"failed":{"code":"file_broken","found":null}}"#, "");
    let script = format!("mkdir '{0}' || exit 7; sleep 0.2; rmdir '{0}'; {failed}", lock.display());
    let extractor = shell(&script).with_at_once(1);

    let outcomes = futures_util::future::join_all((0..4).map(|_| extractor.extract(file("a.txt", b"seal")))).await;

    for outcome in outcomes {
        assert!(matches!(outcome, Err(ExtractError::Broken)), "{outcome:?}");
    }
}
