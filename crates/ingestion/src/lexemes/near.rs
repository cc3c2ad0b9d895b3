//! Words that differ by a slip.
//!
//! A word has as many keys as letters and one more: itself, and itself without each of its letters. Two words that share
//! a key differ by one letter too many, too few, another one, or two that changed places, and at most by two slips.

/// Nobody is helped with shorter ones: too many words are near them.
const LEAST_CHARS: usize = 4;
/// Longer ones are compared by their beginning.
const MOST_CHARS: usize = 16;

/// The keys of a word; none of one that is too short, or holds digits: a code with another digit is another code.
pub(super) fn keys(folded: &str) -> Vec<String> {
    let letters: Vec<char> = folded.chars().take(MOST_CHARS).collect();
    if letters.len() < LEAST_CHARS || letters.iter().any(|letter| letter.is_numeric()) {
        return Vec::new();
    }
    let without = |left_out: usize| letters.iter().enumerate().filter(move |(at, _)| *at != left_out);
    let mut keys: Vec<String> = (0..=letters.len()).map(|out| key(without(out).map(|(_, letter)| *letter))).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// A lexeme that no text can hold, of a fixed short length: FNV-1a, thirty bits of it.
fn key(letters: impl Iterator<Item = char>) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";
    let hash = letters.fold(0x811c_9dc5_u32, |hash, letter| (hash ^ u32::from(letter)).wrapping_mul(0x0100_0193));
    let hash = hash ^ (hash >> 30);
    let sign = |shift: u32| char::from(SIGNS[((hash >> shift) & 63) as usize]);
    ['~', sign(0), sign(6), sign(12), sign(18), sign(24)].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::one_less("heron", "hern", true)]
    #[case::one_more("heron", "herron", true)]
    #[case::another("heron", "haron", true)]
    #[case::changed_places("heron", "hreon", true)]
    #[case::another_word("heron", "otter", false)]
    #[case::three_slips("kingfisher", "kimfissher", false)]
    #[case::too_short("owl", "oul", false)]
    #[case::a_code("ab1234", "ab1235", false)]
    fn words_are_near_by_a_slip(#[case] one: &str, #[case] other: &str, #[case] is_near: bool) {
        let others = keys(other);

        assert_eq!(keys(one).iter().any(|key| others.contains(key)), is_near);
    }
}
