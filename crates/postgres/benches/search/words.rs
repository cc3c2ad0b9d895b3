//! Words as texts have them: a few all the time, most hardly ever.

/// So many different words there are.
const WORDS: u32 = 50_000;

/// The same numbers on every run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// From 0 to 1.
    pub(crate) fn roll(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        f64::from(u32::try_from(self.0 >> 32).unwrap()) / f64::from(u32::MAX)
    }

    pub(crate) fn up_to(&mut self, most: u32) -> u32 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and most")]
        let number = (self.roll() * f64::from(most)) as u32;
        number.min(most - 1)
    }

    /// A word by its rank: the second is said half as often as the first, and so on (Zipf).
    pub(crate) fn rank(&mut self) -> u32 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and WORDS")]
        let rank = f64::from(WORDS).powf(self.roll()) as u32;
        rank.clamp(1, WORDS)
    }
}

/// A word of this rank, which no stemmer changes and no language leaves out.
pub(crate) fn word(rank: u32) -> String {
    const FIRST: [&str; 16] = ["b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "t", "v", "br", "tr", "kl", "gr"];
    const THEN: [&str; 4] = ["a", "o", "u", "i"];
    let mut word = String::new();
    let mut rest = rank;
    for _ in 0..3 {
        word.push_str(FIRST[(rest % 16) as usize]);
        word.push_str(THEN[(rest / 16 % 4) as usize]);
        rest /= 64;
    }
    word + "k"
}

/// A text of so many words.
pub(crate) fn text(dice: &mut Dice, words: u32) -> String {
    let words: Vec<String> = (0..words).map(|_| word(dice.rank())).collect();
    words.join(" ")
}

/// A text of so many bytes as people write it: small words between long ones, in sentences.
pub(crate) fn sentences(dice: &mut Dice, bytes: usize) -> String {
    const SMALL: [&str; 16] =
        ["the", "of", "and", "to", "in", "is", "that", "it", "was", "for", "on", "are", "as", "with", "they", "at"];
    const ENDINGS: [&str; 8] = ["", "", "", "s", "ed", "ing", "ation", "ly"];
    let mut text = String::new();
    let mut begins = true;
    while text.len() < bytes {
        let mut next = if dice.up_to(5) < 2 {
            SMALL[dice.up_to(16) as usize].to_owned()
        } else {
            word(dice.rank()) + ENDINGS[dice.up_to(8) as usize]
        };
        if begins {
            next[..1].make_ascii_uppercase();
        }
        begins = dice.up_to(12) == 0;
        text.push_str(&next);
        text.push_str(if begins { ". " } else { " " });
    }
    text
}
