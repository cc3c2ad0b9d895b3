//! Languages: how they are told, and what they make of a word.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::RandomState;
use snowball_stemmers_rs::{Algorithm, Stemmer};

use super::words::{Script, Word};

/// A language written in Latin letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    English,
    German,
    French,
    Spanish,
    Italian,
    Portuguese,
    Dutch,
}

impl Language {
    pub(super) const ALL: [Self; 7] =
        [Self::English, Self::German, Self::French, Self::Spanish, Self::Italian, Self::Portuguese, Self::Dutch];

    /// The language of a text of these words. English as long as another one does not show more.
    pub(super) fn of<'w>(words: impl Iterator<Item = &'w str>) -> Self {
        let mut shown = [0_usize; Self::ALL.len()];
        for word in words.filter(|word| word.len() <= LONGEST_SMALL_WORD) {
            if let Some(languages) = SMALL_WORDS.get(word) {
                for language in Self::ALL {
                    if languages & language.bit() != 0 {
                        shown[language as usize] += 1;
                    }
                }
            }
        }
        let mut told = Self::English;
        for language in Self::ALL {
            if shown[language as usize] > shown[told as usize] {
                told = language;
            }
        }
        told
    }

    /// What a word counts as in a text of this language; nothing where it is too common to be looked for.
    pub(super) fn lexeme(self, word: &Word<'_>) -> Option<String> {
        match word.script {
            Script::Latin if self.is_small(&word.folded) => None,
            Script::Latin => Some(self.stem(&word.folded)),
            Script::Cyrillic => Some(RUSSIAN.stem(&word.folded).into_owned()),
            Script::Greek => Some(GREEK.stem(&word.folded).into_owned()),
            Script::Unspaced | Script::Other => Some(word.folded.clone().into_owned()),
        }
    }

    /// The lexeme of a word in Latin letters.
    pub(super) fn stem(self, folded: &str) -> String {
        let stemmer = &STEMMERS[self as usize];
        match self {
            Self::English => stemmer.stem(folded).into_owned(),
            Self::German => format!("de/{}", stemmer.stem(&without_umlauts(folded))),
            // Of `visitée` and `visité` the accent tells the ending, and is gone.
            Self::French => format!("fr/{}", stemmer.stem(&folded.replace("ee", "e"))),
            Self::Spanish => format!("es/{}", stemmer.stem(folded)),
            Self::Italian => format!("it/{}", stemmer.stem(folded)),
            Self::Portuguese => format!("pt/{}", stemmer.stem(folded)),
            Self::Dutch => format!("nl/{}", stemmer.stem(folded)),
        }
    }

    fn is_small(self, folded: &str) -> bool {
        folded.len() <= LONGEST_SMALL_WORD
            && SMALL_WORDS.get(folded).is_some_and(|languages| languages & self.bit() != 0)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// `ae`, `oe` and `ue` as `a`, `o` and `u`, as folded umlauts stand: `mueller` and `müller` are one word. Not after a
/// vowel or a q, where they are none (`neue`, `quelle`).
pub(super) fn without_umlauts(folded: &str) -> String {
    let mut written = String::with_capacity(folded.len());
    let mut before = ' ';
    for letter in folded.chars() {
        let is_second = letter == 'e' && matches!(before, 'a' | 'o' | 'u');
        let third = written.chars().rev().nth(1).unwrap_or(' ');
        if !is_second || matches!(third, 'a' | 'e' | 'i' | 'o' | 'u' | 'q') {
            written.push(letter);
        }
        before = letter;
    }
    written
}

static STEMMERS: LazyLock<[Stemmer; Language::ALL.len()]> = LazyLock::new(|| {
    Language::ALL.map(|language| {
        Stemmer::create(match language {
            Language::English => Algorithm::English,
            Language::German => Algorithm::German,
            Language::French => Algorithm::French,
            Language::Spanish => Algorithm::Spanish,
            Language::Italian => Algorithm::Italian,
            Language::Portuguese => Algorithm::Portuguese,
            Language::Dutch => Algorithm::Dutch,
        })
    })
});
static RUSSIAN: LazyLock<Stemmer> = LazyLock::new(|| Stemmer::create(Algorithm::Russian));
static GREEK: LazyLock<Stemmer> = LazyLock::new(|| Stemmer::create(Algorithm::Greek));

/// No small word has more bytes.
const LONGEST_SMALL_WORD: usize = 10;

/// The languages of which a word is a small one, a bit each.
static SMALL_WORDS: LazyLock<HashMap<&str, u8, RandomState>> = LazyLock::new(|| {
    let mut words = HashMap::default();
    for (language, list) in Language::ALL.into_iter().zip(LISTS) {
        for word in list.split_ascii_whitespace() {
            *words.entry(word).or_default() |= language.bit();
        }
    }
    words
});

/// Folded, in the order of the languages. Words that are not looked for in that language, whatever they mean elsewhere.
const LISTS: [&str; Language::ALL.len()] = [
    "i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her hers herself it \
     its itself they them their theirs themselves what which who whom this that these those am is are was were be been \
     being have has had having do does did doing a an the and but if or because as until while of at by for with about \
     against between into through during before after above below to from up down in out on off over under again \
     further then once here there when where why how all any both each few more most other some such no nor not only \
     own same so than too very can will just should now s t don",
    "ich du er sie es wir ihr mich dich sich uns euch mein dein sein unser euer meine deine seine ihre unsere eure meiner \
     meinen meinem seinen seinem seiner ihren ihrem ihrer unseren unserem unserer der die das des dem den ein eine einer \
     eines einem einen kein keine keiner keinen keinem und oder aber denn weil dass daß ob wenn als wie wo wer wann warum \
     dieser diese dieses diesem diesen jener jene jedes jeder jede jeden jedem ist sind war waren bin bist sei seien \
     gewesen wird werden wurde wurden worden werde hat haben habe hatte hatten hast kann konnen konnte konnten soll \
     sollen sollte muss mussen musste darf durfen mag mogen will wollen wollte in im an am auf aus bei beim mit nach von \
     vom vor zu zum zur uber unter durch fur gegen ohne um bis seit zwischen nicht auch noch nur schon sehr so doch da \
     hier dort dann mehr man alle allem allen aller alles bitte",
    "je tu il elle on nous vous ils elles me te se lui leur leurs moi toi soi mon ton son ma ta sa mes tes ses notre votre \
     nos vos le la les l un une des du de d au aux et ou mais donc car ni que qui quoi dont si comme quand lorsque a dans \
     en par pour sans sous sur vers avec chez entre ce cet cette ces c ca cela celui celle ceux est sont suis es sommes \
     etes etait etaient ete etre sera seront soit ai as avons avez ont avait avaient eu avoir aura ne n pas plus tres \
     aussi bien j m s t qu y tout tous toute toutes meme",
    "yo tu el ella ello nosotros vosotros ellos ellas me te se nos os le les lo la los las un una unos unas de del al a y e \
     o u pero porque que quien quienes cual cuales como cuando donde si en con por para sin sobre entre hasta desde \
     hacia mi mis tu tus su sus nuestro nuestra nuestros nuestras este esta estos estas ese esa esos esas aquel aquella \
     eso esto es son soy eres somos era eran fue fueron ser sido sea estar esta estan estaba ha han he has hemos haber \
     habia hay no ni ya muy mas tambien todo toda todos todas",
    "io tu egli lui lei noi voi loro mi ti ci vi si lo la li le gli il i un uno una l di a da in con su per tra fra del \
     dello della dei degli delle al allo alla ai agli alle dal dallo dalla dai dagli dalle nel nello nella nei negli \
     nelle sul sullo sulla sui sugli sulle e ed o ma se perche che chi cui non piu come dove quando anche mio mia miei \
     mie tuo tua suo sua suoi sue nostro nostra nostri nostre vostro vostra vostri questo questa questi queste quello \
     quella quelli quelle e sono sei siamo siete era erano essere stato stata stati ho hai ha abbiamo avete hanno aveva \
     avevano avere tutto tutti d dell all nell sull",
    "eu tu ele ela nos vos eles elas me te se lhe lhes o a os as um uma uns umas de do da dos das em no na nos nas por pelo \
     pela pelos pelas para com sem sob sobre entre ate ao aos e ou mas porque que quem qual quais como quando onde se \
     meu minha meus minhas teu tua seu sua seus suas nosso nossa nossos nossas este esta estes estas esse essa esses \
     essas aquele aquela isto isso e sao sou es somos era eram foi foram ser sido seja estar esta estao estava ha tem \
     tenho temos tinha tinham ter nao mais muito tambem ja so todo toda todos todas",
    "ik jij je u hij zij ze wij we jullie hen hun hem haar mij me jou ons zich mijn jouw zijn onze uw de het een die dat \
     dit deze en of maar want omdat als dan toen er hier daar waar wie wat welke hoe wanneer in op aan af bij met naar om \
     onder over te tegen tot uit van voor door zonder tussen tijdens is was waren ben bent wordt worden werd werden \
     geworden heeft hebben heb had hadden kan kunnen kon zal zullen zou zouden moet moeten mag wil niet geen ook nog al \
     alles meer zo nu",
];

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::words::words;
    use super::*;

    #[rstest]
    #[case::english("The heron is standing in the reed", Language::English)]
    #[case::german("Die Rechnung für den März ist noch nicht bezahlt", Language::German)]
    #[case::french("La facture du mois de mars n'est pas encore payée", Language::French)]
    #[case::spanish("La factura del mes de marzo no está pagada y el plazo vence", Language::Spanish)]
    #[case::italian("La fattura di marzo non è stata ancora pagata dal cliente", Language::Italian)]
    #[case::portuguese("A fatura do mês de março ainda não foi paga pelo cliente", Language::Portuguese)]
    #[case::dutch("De factuur van maart is nog niet betaald door de klant", Language::Dutch)]
    #[case::nothing_is_told("Invoice 4711", Language::English)]
    fn a_language_is_told_by_its_small_words(#[case] text: &str, #[case] expected: Language) {
        let words = words(text);

        assert_eq!(Language::of(words.iter().map(|word| &*word.folded)), expected);
    }

    #[rstest]
    #[case("mueller", "muller")]
    #[case("neue", "neue")]
    #[case("quelle", "quelle")]
    #[case("steuer", "steuer")]
    #[case("oel", "ol")]
    fn umlauts_written_with_an_e_are_umlauts(#[case] word: &str, #[case] expected: &str) {
        assert_eq!(without_umlauts(word), expected);
    }

    #[test]
    fn no_small_word_is_longer_than_is_looked_for() {
        assert_eq!(SMALL_WORDS.keys().map(|word| word.len()).max(), Some(LONGEST_SMALL_WORD));
    }

    #[test]
    fn words_of_another_language_than_english_carry_its_name() {
        assert_eq!(Language::English.stem("invoices"), "invoic");
        assert_eq!(Language::German.stem("hauser"), "de/haus");
    }
}
