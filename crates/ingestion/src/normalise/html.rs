//! HTML as text.
//!
//! A tokenizer is enough, and safer than a tree: it takes linear time, where building a tree from tags that are nested by
//! the ten thousand takes seconds, and it knows no depth that could use up the stack.

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{StartTag, State, Token, Tokenizer};

use crate::model::MAX_CONTENT_CHARS;

/// The text that a reader of the page sees, about as it stands there: lines where blocks and breaks make them, empty
/// lines between paragraphs, cells of a table beside each other, images by their description.
///
/// Scripts, styles and whatever is hidden are dropped; the addresses of links are, too. Reading ends with the first
/// character beyond [`MAX_CONTENT_CHARS`], so that a text that goes on is seen to be too long.
#[must_use]
pub fn html_to_text(html: &str) -> String {
    read(html, Hidden::Dropped).or_else(|| read(html, Hidden::Shown)).unwrap_or_default()
}

/// The text of what may be HTML or plain text.
pub(super) fn text_of_either(text: String) -> String {
    if is_html(&text) { html_to_text(&text) } else { text }
}

/// The title of the page, in one line; none where it has none.
#[must_use]
pub fn html_title(html: &str) -> Option<String> {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut title: Option<String> = None;
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        match (token, &mut title) {
            (Token::StartTag(tag), None) if *tag.name == *b"title" => title = Some(String::new()),
            // Pictures in the page have titles of their own.
            (Token::StartTag(tag), None) if *tag.name == *b"body" || *tag.name == *b"svg" => return None,
            (Token::String(string), Some(title)) => title.push_str(&String::from_utf8_lossy(&string)),
            (Token::EndTag(_), Some(_)) => break,
            _ => {}
        }
    }
    let title = title?.split_whitespace().collect::<Vec<_>>().join(" ");
    (!title.is_empty()).then_some(title)
}

/// Whether a text that may be either is HTML: whether it has an element that somebody writes in mails, from its beginning
/// to its end. Addresses in angle brackets are none.
fn is_html(text: &str) -> bool {
    let mut is_open = false;
    for Ok(token) in Tokenizer::new(text) {
        match token {
            Token::Doctype(_) => return true,
            Token::StartTag(tag) if matches!(tag.name.as_slice(), b"br" | b"hr" | b"img") => return true,
            Token::StartTag(tag) => is_open |= is_common(&tag.name),
            Token::EndTag(tag) if is_open && is_common(&tag.name) => return true,
            Token::EndTag(_) | Token::String(_) | Token::Comment(_) | Token::Error(_) => {}
        }
    }
    false
}

/// The text with character references resolved and nothing else changed.
pub(super) fn resolved(text: &str) -> String {
    let mut tokens = Tokenizer::new(text);
    tokens.set_state(State::RcData);
    let strings = tokens.filter_map(|Ok(token)| match token {
        Token::String(string) => Some(String::from_utf8_lossy(&string).into_owned()),
        _ => None,
    });
    strings.collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Hidden {
    Dropped,
    Shown,
}

/// What stands between two visible characters; the strongest of several counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    None,
    Space,
    Line,
    Paragraph,
}

/// An element whose content is left out, and how many of its name are open.
struct Skipped {
    name: Vec<u8>,
    depth: usize,
}

struct Page {
    text: String,
    chars: usize,
    gap: Gap,
    /// White space of preformatted text that nothing visible follows so far.
    indent: String,
    preformatted: usize,
}

/// The text; none where a hidden element never ends, as it would take the rest of the page with it.
fn read(html: &str, hidden: Hidden) -> Option<String> {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut page = Page { text: String::new(), chars: 0, gap: Gap::None, indent: String::new(), preformatted: 0 };
    let mut skipped: Option<Skipped> = None;
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        match (token, &mut skipped) {
            (Token::StartTag(tag), Some(skip)) => skip.depth += usize::from(*tag.name == skip.name),
            (Token::StartTag(tag), None) if is_dropped(&tag, hidden) => {
                page.open(&tag.name);
                skipped = (!is_void(&tag.name)).then_some(Skipped { name: tag.name.0, depth: 1 });
            }
            (Token::StartTag(tag), None) => page.start(&tag),
            (Token::EndTag(tag), Some(skip)) if *tag.name == skip.name => {
                skip.depth -= 1;
                if skip.depth == 0 {
                    skipped = None;
                    page.close(&tag.name);
                }
            }
            (Token::EndTag(tag), None) => page.close(&tag.name),
            (Token::String(string), None) => page.write(&String::from_utf8_lossy(&string)),
            _ => {}
        }
        if page.is_full() {
            return Some(page.text);
        }
    }
    (skipped.is_none() || hidden == Hidden::Shown).then_some(page.text)
}

impl Page {
    fn start(&mut self, tag: &StartTag<()>) {
        self.open(&tag.name);
        match tag.name.as_slice() {
            b"br" => self.gap = if self.gap < Gap::Line { Gap::Line } else { Gap::Paragraph },
            b"pre" => self.preformatted += 1,
            b"img" => {
                if let Some(description) = attribute(tag, b"alt") {
                    self.write(&description);
                }
            }
            _ => {}
        }
    }

    fn open(&mut self, name: &[u8]) {
        self.gap = self.gap.max(gap_around(name));
    }

    fn close(&mut self, name: &[u8]) {
        self.gap = self.gap.max(gap_around(name));
        if name == b"pre" {
            self.preformatted = self.preformatted.saturating_sub(1);
        }
    }

    fn write(&mut self, string: &str) {
        for c in string.chars() {
            match c {
                '\0' | '\u{ad}' | '\u{34f}' | '\u{200b}' | '\u{feff}' => {}
                '\n' if self.preformatted > 0 => {
                    self.gap = if self.gap < Gap::Line { Gap::Line } else { Gap::Paragraph };
                    self.indent.clear();
                }
                c if c.is_whitespace() && self.preformatted > 0 => self.indent.push(' '),
                c if c.is_whitespace() => self.gap = self.gap.max(Gap::Space),
                c => self.write_visible(c),
            }
            if self.is_full() {
                return;
            }
        }
    }

    fn write_visible(&mut self, c: char) {
        let gap = match self.gap {
            _ if self.text.is_empty() => "",
            Gap::None => "",
            Gap::Space => " ",
            Gap::Line => "\n",
            Gap::Paragraph => "\n\n",
        };
        self.text.push_str(gap);
        self.text.push_str(&self.indent);
        self.text.push(c);
        self.chars += gap.len() + self.indent.len() + 1;
        self.gap = Gap::None;
        self.indent.clear();
    }

    fn is_full(&self) -> bool {
        self.chars > MAX_CONTENT_CHARS
    }
}

fn is_dropped(tag: &StartTag<()>, hidden: Hidden) -> bool {
    match tag.name.as_slice() {
        b"script" | b"style" | b"title" | b"template" | b"noscript" | b"iframe" | b"noembed" | b"noframes" => true,
        _ => hidden == Hidden::Dropped && is_hidden(tag),
    }
}

fn is_hidden(tag: &StartTag<()>) -> bool {
    let Some(style) = attribute(tag, b"style") else { return attribute(tag, b"hidden").is_some() };
    let style: String = style.to_lowercase().split_whitespace().collect();
    let hides = |rule: &str| rule.starts_with("display:none") || rule.starts_with("visibility:hidden");
    style.split(';').any(hides) || attribute(tag, b"hidden").is_some()
}

fn attribute(tag: &StartTag<()>, name: &[u8]) -> Option<String> {
    tag.attributes.get(name).map(|value| String::from_utf8_lossy(&value.value).into_owned())
}

fn gap_around(name: &[u8]) -> Gap {
    match name {
        b"p" | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" | b"ul" | b"ol" | b"dl" | b"table" | b"blockquote"
        | b"pre" | b"hr" | b"article" | b"section" | b"header" | b"footer" | b"figure" => Gap::Paragraph,
        b"body" | b"div" | b"tr" | b"li" | b"dt" | b"dd" | b"caption" | b"center" | b"address" | b"main" | b"nav"
        | b"aside" | b"form" | b"fieldset" | b"figcaption" | b"option" | b"title" => Gap::Line,
        b"td" | b"th" | b"img" | b"button" => Gap::Space,
        _ => Gap::None,
    }
}

fn is_void(name: &[u8]) -> bool {
    matches!(
        name,
        b"area"
            | b"base"
            | b"br"
            | b"col"
            | b"embed"
            | b"hr"
            | b"img"
            | b"input"
            | b"link"
            | b"meta"
            | b"source"
            | b"wbr"
    )
}

fn is_common(name: &[u8]) -> bool {
    let is_inline = matches!(
        name,
        b"html" | b"head" | b"style" | b"a" | b"b" | b"i" | b"u" | b"em" | b"strong" | b"span" | b"font" | b"small"
    );
    is_inline || gap_around(name) > Gap::None
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::words("<b>Dear</b> <i>Nora</i>,\n  hello", "Dear Nora, hello")]
    #[case::characters("a &lt; b &amp;&nbsp;c &#228; &euro;", "a < b & c ä €")]
    #[case::breaks("one<br>two<br/><br>three", "one\ntwo\n\nthree")]
    #[case::blocks("<div>one</div><div>two</div>", "one\ntwo")]
    #[case::empty_line_as_gmail_writes_it("<div>one</div><div><br></div><div>two</div>", "one\n\ntwo")]
    #[case::paragraphs("<p>one</p>\n<p>two", "one\n\ntwo")]
    #[case::table(
        "<table><tr><td>Item</td><td>Price</td></tr><tr><td>Seal</td><td>4</td></tr></table>",
        "Item Price\nSeal 4"
    )]
    #[case::list("<ul><li>one<li>two</ul>three", "one\ntwo\n\nthree")]
    #[case::preformatted("<pre>if a\n  then b\n</pre>c", "if a\n  then b\n\nc")]
    #[case::image(r#"<img src="x.png" alt="Photo of the pump"><img src="y.gif">"#, "Photo of the pump")]
    #[case::link(r#"See <a href="https://example.com/x">the offer</a>."#, "See the offer.")]
    #[case::script("a<script>if (b < c) { '</p>' }</script>d", "ad")]
    #[case::style("<style>p > a { color: red }</style>text", "text")]
    #[case::head("<html><head><title>Mail</title></head><body>text</body></html>", "text")]
    #[case::comment("a<!-- <p>b</p> --><!--[if mso]>c<![endif]-->d", "ad")]
    #[case::hidden(r#"<div style="COLOR:red; display : none !important">a<div>b</div></div>c"#, "c")]
    #[case::invisible(r#"<span style="visibility:hidden">a</span>b"#, "b")]
    #[case::hidden_by_attribute("<p hidden>a</p>b", "b")]
    #[case::hidden_image(r#"<img alt="pixel" style="display:none">text"#, "text")]
    #[case::hidden_without_end(r#"<div style="display:none">a<p>b"#, "a\n\nb")]
    #[case::only_a_name_like_it(r#"<p style="list-style:none;text-display:none">a"#, "a")]
    #[case::invisible_characters("Rech\u{ad}nung\u{200b}s\u{feff}datum", "Rechnungsdatum")]
    #[case::nul("a\0b&#0;", "ab\u{fffd}")]
    #[case::tags_that_never_end("<div><p>a <b", "a")]
    #[case::ends_without_beginnings("</p></div>a</pre></td>", "a")]
    #[case::no_html("just text", "just text")]
    #[case::empty("", "")]
    #[case::nothing_visible("<p>&nbsp;</p><br>", "")]
    fn a_page_becomes_what_is_seen_of_it(#[case] html: &str, #[case] text: &str) {
        assert_eq!(html_to_text(html), text);
    }

    #[rstest]
    #[case::title("<html><head><title>Pumps &amp;\n seals</title><body>text", Some("Pumps & seals"))]
    #[case::never_ends("<title>Pumps", Some("Pumps"))]
    #[case::of_a_picture("<body><svg><title>Logo</title></svg>", None)]
    #[case::blank("<title> </title>text", None)]
    #[case::none("text", None)]
    fn a_page_has_a_title(#[case] html: &str, #[case] title: Option<&str>) {
        assert_eq!(html_title(html).as_deref(), title);
    }

    #[test]
    fn reading_ends_behind_the_longest_text() {
        let html = format!("<p>{}</p><p>more</p>", "ä ".repeat(MAX_CONTENT_CHARS));

        let text = html_to_text(&html);

        assert!(text.chars().count() > MAX_CONTENT_CHARS);
        assert!(text.chars().count() <= MAX_CONTENT_CHARS + 2);
        assert!(text.ends_with('ä'), "white space at the end would be cut off, and the text look complete");
    }

    #[test]
    fn depth_costs_nothing() {
        let html = format!("{}deep{}", "<div><b><table><td>".repeat(50_000), "</div>".repeat(100_000));

        assert_eq!(html_to_text(&html), "deep");
    }

    #[rstest]
    #[case::document("<!DOCTYPE html><html>text", true)]
    #[case::fragment("Dear <b>Nora</b>", true)]
    #[case::breaks("one<br>two", true)]
    #[case::upper_case("<P>one</P>", true)]
    #[case::plain("Dear Nora,\n\nhello", false)]
    #[case::address("From: Nora <nora@example.com>, <https://example.com/>", false)]
    #[case::comparison("a <b and c> d", false)]
    #[case::markup_of_another_kind("<invoice><total>4</total></invoice>", false)]
    #[case::empty("", false)]
    fn html_is_known_by_its_elements(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_html(text), expected);
    }

    #[rstest]
    #[case::references("it&#39;s &lt;b&gt; &amp; more", "it's <b> & more")]
    #[case::tags_stay("a <b>c</b> </title> <nora@example.com>", "a <b>c</b> </title> <nora@example.com>")]
    #[case::lone_ampersand("R&D & more", "R&D & more")]
    fn references_are_resolved_and_nothing_else(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(resolved(text), expected);
    }
}
