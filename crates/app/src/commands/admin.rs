//! `cortex admin`: what an operator needs for the admin panel.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use anyhow::Context;
use clap::{Args, Subcommand};
use thiserror::Error;

use crate::admin_pin::{MAX_PIN_BYTES, PinHash};

/// What to do for the admin panel.
#[derive(Debug, Args)]
pub struct AdminArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Reads a PIN from the terminal, or a line of standard input, and prints its hash for `ADMIN_PIN_HASH`.
    HashPin,
}

/// A PIN that nobody should use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WeakPin {
    /// There is too little to guess.
    #[error("the PIN is too short: it needs at least {MIN_PIN_CHARS} characters")]
    TooShort,
    /// It would not be taken at a login.
    #[error("the PIN is too long: it may have {MAX_PIN_BYTES} bytes")]
    TooLong,
    /// It is among the first that everybody tries.
    #[error("the PIN is one of the first that everybody tries: choose another one")]
    Common,
    /// It was not typed the same way twice.
    #[error("the two PINs differ: nothing was hashed")]
    Mistyped,
}

/// Fewer can be tried through within days, although only so many a window.
const MIN_PIN_CHARS: usize = 6;

/// What is tried first, in lower case. A sequence, and one character or pair over and over, need no line here.
const COMMON: &[&str] = &[
    "111222",
    "112233",
    "121314",
    "123123",
    "123321",
    "123654",
    "147258",
    "159357",
    "159753",
    "222333",
    "246810",
    "252525",
    "654321",
    "789456",
    "987654",
    "987654321",
    "1q2w3e",
    "1q2w3e4r",
    "1q2w3e4r5t",
    "1qaz2wsx",
    "abc123",
    "admin1",
    "admin123",
    "administrator",
    "asdfgh",
    "asdfghjkl",
    "baseball",
    "changeme",
    "charlie",
    "cortex",
    "cortex1",
    "cortex123",
    "default",
    "donald",
    "dragon",
    "football",
    "freedom",
    "google",
    "hello123",
    "iloveyou",
    "letmein",
    "login123",
    "master",
    "michael",
    "monkey",
    "p@ssw0rd",
    "passw0rd",
    "password",
    "password1",
    "password123",
    "princess",
    "qazwsx",
    "qwerty",
    "qwerty1",
    "qwerty123",
    "qwertyuiop",
    "secret",
    "secret1",
    "shadow",
    "starwars",
    "sunshine",
    "superman",
    "trustno1",
    "welcome",
    "welcome1",
    "whatever",
    "zxcvbn",
    "zxcvbnm",
];

/// The PINs that somebody tries first, the default of development before all.
pub(crate) fn tried_first() -> impl Iterator<Item = &'static str> {
    const SHORT: [&str; 12] = [
        "2525",
        "123456",
        "000000",
        "111111",
        "1234",
        "0000",
        "1111",
        "12345678",
        "123456789",
        "666666",
        "888888",
        "password",
    ];
    SHORT.into_iter().chain(COMMON.iter().copied())
}

/// Does what `arguments` name and writes what was asked for to `out`.
pub fn run(arguments: &AdminArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    match arguments.action {
        Action::HashPin => {
            let pin = ask()?;
            let hash = PinHash::of(&pin)?;
            writeln!(out, "{}", hash.to_text()).context("the hash cannot be written")
        }
    }
}

/// The PIN: typed twice and without echo at a terminal, else the first line of standard input.
fn ask() -> anyhow::Result<String> {
    let input = io::stdin();
    if input.is_terminal() {
        let pin = rpassword::prompt_password("Admin PIN: ").context("the terminal cannot be read")?;
        check(&pin)?;
        let again = rpassword::prompt_password("The same again: ").context("the terminal cannot be read")?;
        if pin != again {
            return Err(WeakPin::Mistyped.into());
        }
        return Ok(pin);
    }
    read_line(&mut input.lock())
}

fn read_line(input: &mut impl BufRead) -> anyhow::Result<String> {
    let mut line = String::new();
    // No more than can be taken, whatever is poured in.
    let most = u64::try_from(MAX_PIN_BYTES + 3).unwrap_or(u64::MAX);
    input.take(most).read_line(&mut line).context("standard input cannot be read")?;
    let pin = line.trim_end_matches(['\r', '\n']);
    check(pin)?;
    Ok(pin.to_owned())
}

/// Whether a PIN is worth hashing.
fn check(pin: &str) -> Result<(), WeakPin> {
    if pin.chars().count() < MIN_PIN_CHARS {
        return Err(WeakPin::TooShort);
    }
    if pin.len() > MAX_PIN_BYTES {
        return Err(WeakPin::TooLong);
    }
    let lower = pin.to_lowercase();
    if COMMON.contains(&lower.as_str()) || is_sequence(&lower) || is_repeated(&lower) {
        return Err(WeakPin::Common);
    }
    Ok(())
}

/// One character or pair over and over.
fn is_repeated(pin: &str) -> bool {
    let chars: Vec<_> = pin.chars().collect();
    [1, 2].into_iter().any(|length| chars.iter().zip(chars.iter().skip(length)).all(|(one, next)| one == next))
}

/// Neighbours, up or down; after nine comes zero.
fn is_sequence(pin: &str) -> bool {
    let chars: Vec<u32> = pin.chars().map(u32::from).collect();
    let follows = |one: u32, next: u32| next == one + 1 || (one == u32::from('9') && next == u32::from('0'));
    chars.windows(2).all(|pair| follows(pair[0], pair[1])) || chars.windows(2).all(|pair| follows(pair[1], pair[0]))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::empty("", Err(WeakPin::TooShort))]
    #[case::short("12345", Err(WeakPin::TooShort))]
    #[case::short_in_letters("äöüäö", Err(WeakPin::TooShort))]
    #[case::sequence("123456", Err(WeakPin::Common))]
    #[case::sequence_to_zero("1234567890", Err(WeakPin::Common))]
    #[case::down("876543", Err(WeakPin::Common))]
    #[case::letters_in_order("abcdefg", Err(WeakPin::Common))]
    #[case::one_digit("000000", Err(WeakPin::Common))]
    #[case::one_pair("252525", Err(WeakPin::Common))]
    #[case::known("PassWord", Err(WeakPin::Common))]
    #[case::long(&"9a".repeat(200), Err(WeakPin::TooLong))]
    #[case::digits("917364", Ok(()))]
    #[case::words("correct horse", Ok(()))]
    fn a_pin_is_worth_hashing_or_says_why_not(#[case] pin: &str, #[case] expected: Result<(), WeakPin>) {
        assert_eq!(check(pin), expected);
    }

    #[rstest]
    #[case::unix("917364\nmore")]
    #[case::windows("917364\r\n")]
    #[case::without_an_end("917364")]
    fn the_first_line_is_the_pin(#[case] input: &str) {
        assert_eq!(read_line(&mut input.as_bytes()).unwrap(), "917364");
    }

    #[test]
    fn no_more_is_read_than_can_be_taken() {
        let error = read_line(&mut "9a".repeat(10_000_000).as_bytes()).unwrap_err();

        assert_eq!(error.downcast_ref(), Some(&WeakPin::TooLong));
    }
}
