//! Who a mail is from and to.

use std::collections::HashSet;

use cortex_kernel::Email;
use mail_parser::HeaderValue;
use mail_parser::parsers::MessageStream;

use super::fields::in_one_line;

/// Longer values are cut: some 4,000 correspondents.
const MAX_HEADER_BYTES: usize = 128 * 1024;

/// The parser may read up to the end of the value for every encoded word. Values that could keep it busy for longer than
/// a quarter of a second are cut shorter.
const MAX_WORK: usize = 150_000_000;
const MAX_LABORIOUS_BYTES: usize = 16 * 1024;

/// Somebody in a mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Correspondent {
    /// The name, decoded; none where it only repeats the address.
    pub(super) name: Option<String>,
    /// The address, in lower case: people spell one mailbox in different ways.
    pub(super) address: Option<String>,
}

/// The first who has an address in a list of correspondents.
///
/// Names before it without one are parts of its name: whoever decoded `Berg, Nora <nora@example.com>` lost the quotation
/// marks around it.
pub(super) fn sender(text: &str) -> Correspondent {
    let mut names = Vec::new();
    for correspondent in correspondents(text) {
        names.extend(correspondent.name);
        if correspondent.address.is_some() {
            return Correspondent { name: joined(&names), address: correspondent.address };
        }
    }
    Correspondent { name: joined(&names), address: None }
}

/// The addresses in a list of correspondents, groups included, in their order and each once.
pub(super) fn addresses(text: &str) -> Vec<String> {
    let mut seen = HashSet::new();
    let addresses = correspondents(text).into_iter().filter_map(|correspondent| correspondent.address);
    addresses.filter(|address| seen.insert(address.clone())).collect()
}

/// The text in one line, with the encoded words of RFC 2047 decoded.
pub(super) fn decoded(text: &str) -> String {
    let text = in_one_line(text);
    if !text.contains("=?") {
        return text;
    }
    match MessageStream::new(&header(&text)).parse_unstructured().into_text() {
        Some(decoded) => in_one_line(&decoded),
        None => text,
    }
}

fn correspondents(text: &str) -> Vec<Correspondent> {
    let header = header(&in_one_line(text));
    match MessageStream::new(&header).parse_address() {
        HeaderValue::Address(found) => found.iter().map(correspondent).collect(),
        _ => Vec::new(),
    }
}

fn correspondent(found: &mail_parser::Addr<'_>) -> Correspondent {
    let (name, written) = (found.name().unwrap_or_default(), found.address().unwrap_or_default());
    let address = written.parse::<Email>().ok().map(|address| address.folded());
    let name = if name.is_empty() && address.is_none() { written } else { name };
    let name = in_one_line(name);
    let repeats = address.as_ref().is_some_and(|address| *address == name.to_lowercase());
    Correspondent { name: (!name.is_empty() && !repeats).then_some(name), address }
}

/// The text as the value of a header line.
fn header(line: &str) -> Vec<u8> {
    let work = line.len().min(MAX_HEADER_BYTES) * line.matches("=?").count();
    let limit = if work > MAX_WORK { MAX_LABORIOUS_BYTES } else { MAX_HEADER_BYTES };
    let end = line.floor_char_boundary(limit);
    let mut header = line.as_bytes()[..end].to_vec();
    header.push(b'\n');
    header
}

fn joined(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| names.join(", "))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::name_and_address("Nora Berg <nora@example.com>", "Nora Berg", "nora@example.com")]
    #[case::quoted(r#""Berg, Nora" <nora@example.com>"#, "Berg, Nora", "nora@example.com")]
    #[case::quoted_with_escapes(r#""Nora \"N.\" Berg" <nora@example.com>"#, r#"Nora "N." Berg"#, "nora@example.com")]
    #[case::comma_without_quotes("Berg, Nora <nora@example.com>", "Berg, Nora", "nora@example.com")]
    #[case::encoded_q("=?utf-8?Q?J=C3=B6rg_Mei=C3=9Fner?= <j@example.com>", "Jörg Meißner", "j@example.com")]
    #[case::encoded_b("=?UTF-8?B?SsO2cmc=?= =?UTF-8?B?IE1laWVy?= <j@example.com>", "Jörg Meier", "j@example.com")]
    #[case::encoded_latin("=?iso-8859-1?q?J=F6rg?= <j@example.com>", "Jörg", "j@example.com")]
    #[case::encoded_in_quotes(r#""=?utf-8?Q?J=C3=B6rg?=" <j@example.com>"#, "Jörg", "j@example.com")]
    #[case::plain_umlauts("Jörg Meißner <j@example.com>", "Jörg Meißner", "j@example.com")]
    #[case::comment("nora@example.com (Nora Berg)", "Nora Berg", "nora@example.com")]
    #[case::folded("Nora\r\n Berg\r\n <nora@example.com>", "Nora Berg", "nora@example.com")]
    #[case::nul("No\0ra <nora@example.com>", "Nora", "nora@example.com")]
    #[case::upper_case("Nora <Nora@Example.COM>", "Nora", "nora@example.com")]
    #[case::first_of_two("Nora <nora@example.com>, Nils <nils@example.com>", "Nora", "nora@example.com")]
    fn a_sender_has_name_and_address(#[case] text: &str, #[case] name: &str, #[case] address: &str) {
        assert_eq!(sender(text), Correspondent { name: Some(name.to_owned()), address: Some(address.to_owned()) });
    }

    #[rstest]
    #[case::bare("nora@example.com", None, Some("nora@example.com"))]
    #[case::in_brackets("<nora@example.com>", None, Some("nora@example.com"))]
    #[case::name_that_is_the_address(r#""Nora@example.com" <nora@example.com>"#, None, Some("nora@example.com"))]
    #[case::name_only("Nora Berg", Some("Nora Berg"), None)]
    #[case::no_domain("Mail System <MAILER-DAEMON>", Some("Mail System"), None)]
    #[case::no_domain_and_no_name("<MAILER-DAEMON>", Some("MAILER-DAEMON"), None)]
    #[case::empty("", None, None)]
    #[case::empty_brackets("<>", None, None)]
    fn a_sender_may_lack_either(#[case] text: &str, #[case] name: Option<&str>, #[case] address: Option<&str>) {
        assert_eq!(sender(text), Correspondent { name: name.map(str::to_owned), address: address.map(str::to_owned) });
    }

    #[rstest]
    #[case::one("nora@example.com", &["nora@example.com"])]
    #[case::several("Nora <nora@example.com>, nils@example.com", &["nora@example.com", "nils@example.com"])]
    #[case::comma_in_quotes(r#""Berg, Nora" <nora@example.com>, "Dahl, Nils" <nils@example.com>"#, &["nora@example.com", "nils@example.com"])]
    #[case::comma_without_quotes("Berg, Nora <nora@example.com>", &["nora@example.com"])]
    #[case::group("Sales: Nora <nora@example.com>, nils@example.com;, ida@example.com", &["nora@example.com", "nils@example.com", "ida@example.com"])]
    #[case::empty_group("undisclosed-recipients:;", &[])]
    #[case::semicolons("nora@example.com; nils@example.com", &["nora@example.com", "nils@example.com"])]
    #[case::each_once("nora@example.com, Nora <NORA@example.com>", &["nora@example.com"])]
    #[case::gaps(", nora@example.com,, ", &["nora@example.com"])]
    #[case::no_address("Nora, <>", &[])]
    #[case::empty("", &[])]
    fn recipients_are_told_by_their_addresses(#[case] text: &str, #[case] expected: &[&str]) {
        assert_eq!(addresses(text), expected);
    }

    #[test]
    fn many_recipients_are_all_found() {
        let list: Vec<_> = (0..1_000).map(|n| format!("\"Person, No. {n}\" <person{n}@example.com>")).collect();

        let found = addresses(&list.join(", "));

        assert_eq!(found.len(), 1_000);
        assert_eq!(found.last().map(String::as_str), Some("person999@example.com"));
    }

    #[test]
    fn what_would_keep_the_parser_busy_is_cut() {
        let hostile = format!("nora@example.com, {}", "\"=?aa?q?x ".repeat(100_000));

        assert_eq!(header(&hostile).len(), MAX_LABORIOUS_BYTES + 1);
        assert_eq!(addresses(&hostile), ["nora@example.com"]);
    }

    #[rstest]
    #[case::plain("Offer 12", "Offer 12")]
    #[case::encoded("=?utf-8?Q?Angebot_f=C3=BCr?= Pumpen", "Angebot für Pumpen")]
    #[case::encoded_in_two_words("=?utf-8?B?w4Q=?= =?utf-8?B?w5Y=?=", "ÄÖ")]
    #[case::japanese("=?iso-2022-jp?B?GyRCJUYlOSVIGyhC?=", "テスト")]
    #[case::broken("=?utf-8?Q?never ends", "=?utf-8?Q?never ends")]
    #[case::folded("Offer\r\n 12\0", "Offer 12")]
    #[case::empty(" ", "")]
    fn a_text_is_decoded(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(decoded(text), expected);
    }
}
