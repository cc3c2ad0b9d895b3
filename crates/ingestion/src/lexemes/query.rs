//! What somebody typed, as the database is asked for it.

use std::collections::BTreeSet;

use super::language::{Language, without_umlauts};
use super::near;
use super::vector::joined;
use super::words::{Script, Word, fold, words};

/// A search in lexemes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lexed {
    /// What a document must match, in the language of `tsquery`.
    pub matching: String,
    /// The same without the order of words and without what is excluded; none where no words are wanted in a row.
    pub loose: Option<String>,
    /// By which it is ranked: all that is wanted, any of it.
    pub ranking: String,
    /// The same with slips in titles and senders allowed; none where no word is long enough for it.
    pub near: Option<String>,
    /// What is wanted, to be marked.
    wanted: BTreeSet<String>,
    /// What it begins with is wanted: single characters of scripts without spaces.
    beginnings: BTreeSet<String>,
}

/// Words in a row.
struct Term<'q> {
    words: Vec<Word<'q>>,
    /// The words as they were typed.
    typed: Vec<&'q str>,
    is_excluded: bool,
}

/// What a word may be in a document.
#[derive(Clone, Copy)]
enum Form {
    /// Of this language.
    Of(Language),
    /// Of any.
    Any,
}

/// Words beyond these are not looked at.
const MOST_WORDS: usize = 48;

impl Lexed {
    /// Reads what was typed: all words, `"words in a row"`, `one or other`, `-without`. None where nothing is wanted,
    /// which is so too where something is only excluded.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut groups = groups(text);
        groups.retain(|group| group.iter().any(|term| !term.is_excluded));
        let (mut alternatives, mut loose) = (Vec::new(), Vec::new());
        let mut near = Vec::new();
        for group in &groups {
            let excluded: Vec<String> = group
                .iter()
                .filter(|term| term.is_excluded)
                .flat_map(|term| Language::ALL.map(|language| term.row(Form::Of(language))))
                .flatten()
                .collect();
            let excluded = unique(excluded).map(|any| format!(" & !({any})")).unwrap_or_default();
            let wanted = || group.iter().filter(|term| !term.is_excluded);
            let of_language = |language| all(wanted().filter_map(|term| term.row(Form::Of(language))));
            if let Some(any) = unique(Language::ALL.into_iter().filter_map(of_language).collect()) {
                alternatives.push(format!("({any}){excluded}"));
                loose.push(format!("({})", without_order(&any)));
            }
            if let Some(slips) = slips(wanted()) {
                near.push(format!("({slips}){excluded}"));
            }
        }
        let wanted: Vec<&Term<'_>> = groups.iter().flatten().filter(|term| !term.is_excluded).collect();
        let (beginnings, wanted) = wanted
            .iter()
            .flat_map(|term| term.lexemes())
            .partition::<BTreeSet<String>, _>(|lexeme| lexeme.ends_with(BEGINNING));
        let ranking = unique(wanted.iter().chain(&beginnings).map(|lexeme| quoted(lexeme)).collect())?;
        let beginnings = beginnings.iter().map(|lexeme| lexeme.trim_end_matches(BEGINNING).to_owned()).collect();
        let near = (!near.is_empty()).then(|| near.join(" | "));
        let is_ordered = loose.iter().zip(&alternatives).any(|(loose, ordered)| !ordered.starts_with(loose.as_str()));
        let loose = is_ordered.then(|| unique(loose)).flatten();
        Some(Self { matching: unique(alternatives)?, loose, ranking, near, wanted, beginnings })
    }

    /// Reads a question: a document need only have any of its words, and one that has more of them is better. No sign in
    /// it means anything. None where there is no word to look for.
    #[must_use]
    pub fn any_of(question: &str) -> Option<Self> {
        let plain = question.replace(['"', '-'], " ");
        let lexed = Self::parse(&plain)?;
        Some(Self { matching: lexed.ranking.clone(), loose: None, near: None, ..lexed })
    }

    /// Whether this lexeme of a document is one that is wanted.
    pub(super) fn wants(&self, lexeme: &str) -> bool {
        self.wanted.contains(lexeme)
            || lexeme
                .chars()
                .next()
                .is_some_and(|first| self.beginnings.contains(first.encode_utf8(&mut [0; 4]) as &str))
    }
}

/// Marks a lexeme of which only the beginning is wanted.
const BEGINNING: char = '*';

impl<'q> Term<'q> {
    fn new(typed: &'q str, is_excluded: bool) -> Self {
        let words = words(typed);
        let typed = words.iter().map(|word| &typed[word.start..word.end]).collect();
        Self { words, typed, is_excluded }.without_tails()
    }

    /// The last character of a run stands at the end of a pair as well: it says nothing more, unless it is alone.
    fn without_tails(mut self) -> Self {
        let is_tail = |number: usize| {
            let word = &self.words[number];
            word.script == Script::Unspaced
                && word.folded.chars().count() == 1
                && number > 0
                && self.words[number - 1].end == word.end
        };
        let kept: Vec<bool> = (0..self.words.len()).map(|number| !is_tail(number)).collect();
        let mut keep = kept.iter();
        self.words.retain(|_| *keep.next().unwrap_or(&true));
        let mut keep = kept.iter();
        self.typed.retain(|_| *keep.next().unwrap_or(&true));
        self
    }

    /// The words in a row, as this language has them. None where nothing is left of them.
    fn row(&self, form: Form) -> Option<String> {
        let mut row = Vec::new();
        let mut last = None;
        for (number, forms) in self.forms(form).into_iter().enumerate() {
            let Some(any) = unique(forms.iter().map(|lexeme| quoted(lexeme)).collect()) else { continue };
            row.extend(last.map(|last| format!(" <{}> ", number - last)));
            row.push(format!("({any})"));
            last = Some(number);
        }
        let row = (!row.is_empty()).then(|| row.concat())?;
        match self.as_one(form) {
            Some(one) => Some(format!("({row} | {one})", one = quoted(&one))),
            None => Some(row),
        }
    }

    /// What each of the words may be.
    fn forms(&self, form: Form) -> Vec<Vec<String>> {
        let languages = match form {
            Form::Of(language) => vec![language],
            Form::Any => Language::ALL.to_vec(),
        };
        let of = |(word, typed): (&Word<'_>, &&str)| {
            let forms = languages.iter().flat_map(|language| forms(word, typed, *language));
            forms.collect::<BTreeSet<_>>().into_iter().collect()
        };
        self.words.iter().zip(&self.typed).map(of).collect()
    }

    /// Words that hyphens join, as one; only where nothing else is in the row.
    fn as_one(&self, form: Form) -> Option<String> {
        let Form::Of(language) = form else { return None };
        let length = 1 + self.words.iter().skip(1).take_while(|word| word.joined_by == Some('-')).count();
        let joined = joined(&self.words).filter(|_| length == self.words.len())?;
        language.lexeme(words(&joined).first()?)
    }

    /// All lexemes that it may be found by.
    fn lexemes(&self) -> BTreeSet<String> {
        let joined = Language::ALL.into_iter().filter_map(|language| self.as_one(Form::Of(language)));
        self.forms(Form::Any).into_iter().flatten().chain(joined).collect()
    }
}

fn groups(text: &str) -> Vec<Vec<Term<'_>>> {
    let mut groups = vec![Vec::new()];
    let mut room = MOST_WORDS;
    let mut rest = text.trim_start();
    while !rest.is_empty() && room > 0 {
        let is_excluded = rest.starts_with('-');
        let bare = rest.trim_start_matches('-');
        let (typed, after) = match bare.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => bare.split_at(bare.find(|sign: char| sign.is_whitespace() || sign == '"').unwrap_or(bare.len())),
        };
        let mut term = Term::new(typed, is_excluded);
        term.words.truncate(room);
        room -= term.words.len();
        if !is_excluded && typed.eq_ignore_ascii_case("or") && !bare.starts_with('"') {
            groups.push(Vec::new());
        } else if let (Some(group), false) = (groups.last_mut(), term.words.is_empty()) {
            group.push(term);
        }
        rest = after.trim_start();
    }
    groups
}

/// What a word may be in a text of this language. Outside of German a name may be written with an umlaut or with an e.
fn forms(word: &Word<'_>, typed: &str, language: Language) -> Vec<String> {
    let Some(lexeme) = language.lexeme(word) else { return Vec::new() };
    match word.script {
        Script::Unspaced if word.folded.chars().count() == 1 => vec![format!("{lexeme}{BEGINNING}")],
        Script::Latin if language != Language::German => {
            let spelt_out = fold(&typed.to_lowercase().replace('ä', "ae").replace('ö', "oe").replace('ü', "ue"));
            let others = [without_umlauts(&word.folded), spelt_out];
            std::iter::once(lexeme).chain(others.iter().map(|other| language.stem(other))).collect()
        }
        Script::Latin | Script::Cyrillic | Script::Greek | Script::Unspaced | Script::Other => vec![lexeme],
    }
}

/// All words, long ones with a slip, and rows as they are. None where no word is long enough.
fn slips<'t, 'q: 't>(terms: impl Iterator<Item = &'t Term<'q>>) -> Option<String> {
    let mut allows_any = false;
    let mut each = Vec::new();
    for term in terms {
        if term.words.len() > 1 {
            each.extend(unique(
                Language::ALL.into_iter().filter_map(|language| term.row(Form::Of(language))).collect(),
            ));
            continue;
        }
        for (word, forms) in term.words.iter().zip(term.forms(Form::Any)) {
            // A word that some language does not look for may be missing in a text of that language.
            if Language::ALL.into_iter().any(|language| language.lexeme(word).is_none()) {
                continue;
            }
            let keys = near::keys(&word.folded);
            allows_any |= !keys.is_empty();
            each.extend(unique(forms.into_iter().chain(keys).map(|lexeme| quoted(&lexeme)).collect()));
        }
    }
    allows_any.then(|| all(each.into_iter())).flatten()
}

/// Words in a row as words that are all there. No lexeme holds a sign of the database's language.
fn without_order(query: &str) -> String {
    let (first, rest) = query.split_once('<').map_or((query, None), |(first, rest)| (first, Some(rest)));
    let rest = rest.and_then(|rest| rest.split_once('>')).map(|(_, rest)| format!("&{}", without_order(rest)));
    first.to_owned() + &rest.unwrap_or_default()
}

fn all(parts: impl Iterator<Item = String>) -> Option<String> {
    let parts: Vec<String> = parts.map(|part| format!("({part})")).collect();
    (!parts.is_empty()).then(|| parts.join(" & "))
}

/// Any of them, each once.
fn unique(mut parts: Vec<String>) -> Option<String> {
    parts.sort_unstable();
    parts.dedup();
    (!parts.is_empty()).then(|| parts.join(" | "))
}

/// Nothing but letters, digits and our own signs is in a lexeme: no quotation mark needs care.
fn quoted(lexeme: &str) -> String {
    match lexeme.strip_suffix(BEGINNING) {
        Some(beginning) => format!("'{beginning}':*"),
        None => format!("'{lexeme}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexed(text: &str) -> Lexed {
        Lexed::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn what_has_no_language_is_asked_for_once() {
        assert_eq!(lexed("4711").matching, "((('4711')))");
        let row = lexed("12.50");
        assert_eq!(
            (row.matching.as_str(), row.loose.as_deref()),
            ("((('12') <1> ('50')))", Some("((('12') & ('50')))"))
        );
        assert_eq!(lexed("4711 -otter").loose, None);
    }

    #[test]
    fn each_language_is_asked_for_what_it_makes_of_a_word() {
        let Lexed { matching, ranking, .. } = lexed("Häuser");

        assert!(matching.contains("'hauser'") && matching.contains("'de/haus'"), "{matching}");
        assert!(ranking.contains("'hauser' | ") && ranking.contains("'de/haus' | "), "{ranking}");
    }

    #[test]
    fn a_word_too_common_in_one_language_is_looked_for_in_others() {
        let matching = lexed("die casting").matching;

        assert!(matching.contains("(('die')) & (('cast'))"), "{matching}");
        assert!(matching.contains("(('de/casting'))") && !matching.contains("'de/die'"), "{matching}");
    }

    #[test]
    fn nothing_is_wanted_of_what_has_no_words_or_only_excludes() {
        for text in ["& | !", "\"\"", "-heron", "or", "-", "-\"grey heron\" -otter"] {
            assert_eq!(Lexed::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_question_asks_for_any_of_its_words() {
        let question = Lexed::any_of("When did the \"grey heron\" - not the otter - arrive?").unwrap();

        assert_eq!(question.matching, question.ranking);
        for lexeme in ["'grey'", "'heron'", "'otter'", "'arriv'"] {
            assert!(question.matching.contains(lexeme), "{question:?}");
        }
        assert!(!question.matching.contains("'the'"), "{question:?}");
        assert_eq!(Lexed::any_of("- ?"), None);
    }

    #[test]
    fn a_single_character_is_a_beginning() {
        assert_eq!(lexed("猫").matching, "((('猫':*)))");
        assert_eq!(lexed("東京都").matching, "((('東京') <1> ('京都')))");
    }
}
