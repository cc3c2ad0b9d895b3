//! Bytes within JSON.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Providers pad or do not; the broker's scripts have done both.
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes of a text in either alphabet of base64, with or without padding and line breaks; none where it is not one.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let one_alphabet: String = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| match c {
            '+' => '-',
            '/' => '_',
            c => c,
        })
        .collect();
    URL_SAFE.decode(one_alphabet).ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::url_safe("-_8=", Some(vec![0xfb, 0xff]))]
    #[case::standard("+/8=", Some(vec![0xfb, 0xff]))]
    #[case::no_padding("-_8", Some(vec![0xfb, 0xff]))]
    #[case::line_breaks("-_\r\n8=\n", Some(vec![0xfb, 0xff]))]
    #[case::empty("", Some(vec![]))]
    #[case::broken("a", None)]
    #[case::no_base64("%%%%", None)]
    fn either_alphabet_is_read(#[case] text: &str, #[case] bytes: Option<Vec<u8>>) {
        assert_eq!(decode(text), bytes);
    }
}
