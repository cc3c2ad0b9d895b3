//! The binary `cortex`: exit codes, what it tells, starting and stopping.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use rstest::rstest;
use rustix::process::Signal;
use serde_json::Value;

use crate::process::Cortex;

#[rstest]
#[case::no_command(&[], 2)]
#[case::unknown_command(&["explode"], 2)]
#[case::unknown_option(&["serve", "--explode"], 2)]
#[case::help(&["--help"], 0)]
#[case::version(&["--version"], 0)]
fn usage_has_exit_codes(#[case] arguments: &[&str], #[case] expected: i32) {
    let (code, stdout, stderr) = Cortex::new(arguments).output();

    assert_eq!(code, Some(expected), "{stderr}");
    assert_eq!(stdout.is_empty(), expected != 0);
    assert_eq!(stderr.is_empty(), expected == 0);
}

#[test]
fn every_mistake_of_a_configuration_is_told_and_nothing_starts() {
    let (code, stdout, stderr) =
        Cortex::serve().with("COMPANY_ID", "").with("ADMIN_PIN", "2525").with("PORT", "x").output();

    let told: Vec<_> = stderr.lines().collect();
    assert_eq!(code, Some(1));
    assert_eq!(stdout, "");
    assert_eq!(told.len(), 4, "{stderr}");
    assert_eq!(told[0], "cortex: the configuration has 3 mistakes:");
    for (line, name) in told[1..].iter().zip(["COMPANY_ID", "ADMIN_PIN", "PORT"]) {
        assert!(line.starts_with(&format!("  {name}: ")), "{line}");
    }
}

#[test]
fn development_reads_the_file_beside_it() {
    let cortex = Cortex::new(&["serve"]);
    let file = "ENVIRONMENT=development\nCOMPANY_ID=acme\nPORT=x\n";
    std::fs::write(cortex.directory.path().join(".env"), file).unwrap();

    let (code, _, stderr) = cortex.with("PORT", "y").output();

    assert_eq!(code, Some(1));
    assert!(stderr.contains("COMPANY_ID: expected a UUID") && stderr.contains("found `y`"), "{stderr}");
}

#[test]
fn a_port_that_is_taken_is_told_in_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();

    let (code, _, stderr) = Cortex::serve().with("PORT", &port).with("RUST_LOG", "off").output();

    assert_eq!(code, Some(1));
    assert!(stderr.starts_with(&format!("cortex: cannot listen on 127.0.0.1:{port}")), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
fn a_server_without_databases_lives_and_says_that_it_is_not_ready() {
    let mut running = Cortex::serve().start();

    let live = running.get("/health/live");
    let ready = running.get("/health/ready");
    let (_, log) = running.stop(Signal::TERM);

    assert!(live.starts_with("HTTP/1.1 200 OK"), "{live}");
    assert!(live.to_lowercase().contains("strict-transport-security"), "{live}");
    assert!(ready.starts_with("HTTP/1.1 503"), "{ready}");
    assert!(ready.contains("Not available at the moment: database, master, keys, worker, start_checks."), "{ready}");
    assert!(!log.contains("geheim") && !ready.contains("geheim"), "{log}");
}

#[rstest]
#[case(Signal::TERM)]
#[case(Signal::INT)]
fn a_signal_ends_it_well_while_clients_hold_connections(#[case] signal: Signal) {
    let mut running = Cortex::serve().start();
    let mut kept = running.connect();
    write!(kept, "GET /health/live HTTP/1.1\r\nHost: cortex\r\n\r\n").unwrap();
    assert_ne!(kept.read(&mut [0; 64]).unwrap(), 0);

    let begin = Instant::now();
    let (code, log) = running.stop(signal);

    assert_eq!(code, Some(0), "{log}");
    assert!(begin.elapsed() < Duration::from_secs(30));
    assert!(log.trim_end().ends_with("stopped"), "{log}");
}

#[test]
fn logs_can_be_json() {
    let mut running = Cortex::serve().with("LOG_FORMAT", "json").start();

    let (code, log) = running.stop(Signal::TERM);

    assert_eq!(code, Some(0));
    for line in log.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok_and(|event| event["level"].is_string()), "{line}");
    }
}

fn hash_of(pin: &str) -> (Option<i32>, String, String) {
    Cortex::new(&["admin", "hash-pin"]).output_for(&format!("{pin}\n"))
}

#[test]
fn a_pin_becomes_a_hash_that_the_configuration_takes_and_nothing_else_is_printed() {
    let (code, stdout, stderr) = hash_of("917364");
    let (_, again, _) = hash_of("917364");

    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert_ne!(stdout, again, "every hash has a salt of its own");
    let hash = stdout.strip_suffix('\n').unwrap();
    assert!(hash.starts_with("$argon2id$") && !hash.contains('\n') && !stdout.contains("917364"), "{stdout}");
    let (_, _, told) = Cortex::serve().with("ADMIN_PIN_HASH", hash).with("PORT", "x").output();
    assert!(!told.contains("ADMIN_PIN_HASH"), "{told}");
}

#[rstest]
#[case::short("12345", "at least 6 characters")]
#[case::common("123456", "first that everybody tries")]
fn a_pin_that_nobody_should_use_is_refused(#[case] pin: &str, #[case] said: &str) {
    let (code, stdout, stderr) = hash_of(pin);

    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(stderr.contains(said) && !stderr.contains(pin), "{stderr}");
}
