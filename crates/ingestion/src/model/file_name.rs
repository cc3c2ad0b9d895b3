//! Names of files, which anybody may have made up.

/// A name under which a file can be shown and saved anywhere: one part of a path, of letters that show what they are, no
/// name that a system keeps for itself, and never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName(String);

/// The longest name that file systems take, in bytes.
const MAX_BYTES: usize = 255;

/// An extension that is longer is none.
const MAX_EXTENSION_BYTES: usize = 16;

/// As many letters of a name as it was sent are enough to know it by.
const MAX_ORIGINAL_CHARS: usize = 1_000;

/// What a file is called that has no name of its own.
const NAMELESS: &str = "file";

/// Windows keeps these for devices, whatever extension they have.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
/// And these with a digit after them.
const NUMBERED_DEVICES: [&str; 2] = ["com", "lpt"];

impl FileName {
    /// The name that comes closest to what was sent.
    #[must_use]
    pub fn of(sent: &str) -> Self {
        let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
        let shown: String = last.chars().filter(|letter| !is_hidden(*letter)).map(harmless).collect();
        // Dots before it hide a file, or lead up; Windows takes dots and blanks after it away, and with them what told it
        // from another name.
        let bare = shown.trim_start_matches(|c: char| c == '.' || c.is_whitespace());
        let bare = bare.trim_end_matches(|c: char| c == '.' || c.is_whitespace());
        let name = match bare {
            "" => NAMELESS.to_owned(),
            device if is_device(device) => format!("_{device}"),
            name => name.to_owned(),
        };
        Self(shortened(&name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name as it was sent, without what cannot be shown, and cut where it is endless.
    #[must_use]
    pub fn as_sent(sent: &str) -> String {
        sent.chars().filter(|letter| !letter.is_control()).take(MAX_ORIGINAL_CHARS).collect()
    }
}

/// Whether a letter is not seen, or turns those around it about: with them `cod.exe` passes for `exe.doc`.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{061c}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
        )
}

/// What file systems and shells read something into becomes a line.
fn harmless(letter: char) -> char {
    if matches!(letter, '<' | '>' | ':' | '"' | '|' | '?' | '*') { '_' } else { letter }
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let is_numbered =
        |device: &str| stem.strip_prefix(device).is_some_and(|rest| matches!(rest.as_bytes(), [b'1'..=b'9']));
    DEVICES.contains(&stem.as_str()) || NUMBERED_DEVICES.into_iter().any(is_numbered)
}

/// Cut before its extension, which programs go by.
fn shortened(name: &str) -> String {
    if name.len() <= MAX_BYTES {
        return name.to_owned();
    }
    let extension = name.rfind('.').map_or("", |dot| &name[dot..]);
    let extension = if extension.len() <= MAX_EXTENSION_BYTES { extension } else { "" };
    let end = name.floor_char_boundary(MAX_BYTES - extension.len());
    format!("{}{extension}", name[..end].trim_end_matches(|c: char| c == '.' || c.is_whitespace()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::as_it_is("Report 2026.pdf", "Report 2026.pdf")]
    #[case::other_alphabets("Übersicht 漢字.pdf", "Übersicht 漢字.pdf")]
    #[case::joined("👩‍💻.txt", "👩‍💻.txt")]
    #[case::a_way_up("../../x", "x")]
    #[case::a_path("/etc/passwd", "passwd")]
    #[case::a_path_of_windows("C:\\Users\\nora\\cv.docx", "cv.docx")]
    #[case::only_a_way("../..", "file")]
    #[case::a_folder("folder/", "file")]
    #[case::nothing("", "file")]
    #[case::dots_and_blanks(" .. . ", "file")]
    #[case::hidden(".env", "env")]
    #[case::dots_after_it("x.txt. .", "x.txt")]
    #[case::nul("a\0b.txt", "ab.txt")]
    #[case::lines("a\r\nb\t.txt", "ab.txt")]
    #[case::turned_about("invoice\u{202e}fdp.exe", "invoicefdp.exe")]
    #[case::isolated("\u{2066}x\u{2069}.txt", "x.txt")]
    #[case::unseen("\u{feff}\u{200b}x.txt", "x.txt")]
    #[case::read_into("a<b>:\"c|d?*.txt", "a_b___c_d__.txt")]
    #[case::a_device("CON", "_CON")]
    #[case::a_device_with_extension("nul.tar.gz", "_nul.tar.gz")]
    #[case::a_numbered_device("lpt1.txt", "_lpt1.txt")]
    #[case::no_device("com10.txt", "com10.txt")]
    #[case::no_device_either("console.txt", "console.txt")]
    fn a_name_is_made_harmless(#[case] sent: &str, #[case] name: &str) {
        assert_eq!(FileName::of(sent).as_str(), name);
        assert_eq!(FileName::of(name).as_str(), name, "a harmless name stays");
    }

    #[test]
    fn a_long_name_is_cut_before_its_extension() {
        let name = FileName::of(&format!("{}.pdf", "ä".repeat(500)));

        assert!(name.as_str().len() <= MAX_BYTES && name.as_str().ends_with("ä.pdf"), "{name:?}");
    }

    #[test]
    fn an_endless_extension_is_none() {
        let name = FileName::of(&format!("a.{}", "x".repeat(500)));

        assert_eq!(name.as_str().len(), MAX_BYTES);
    }

    #[test]
    fn what_was_sent_is_told_without_what_cannot_be_shown() {
        assert_eq!(FileName::as_sent("../../x\0\r\n.txt"), "../../x.txt");
        assert_eq!(FileName::as_sent(&"ä".repeat(2_000)).chars().count(), 1_000);
    }
}
