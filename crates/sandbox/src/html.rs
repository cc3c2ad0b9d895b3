//! Frame and escaping of the small pages that the stand-ins serve. Self-contained: no script, no outside file.

/// Escapes text for an element or a double-quoted attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A whole page; `title` is text, `main` is markup.
pub(crate) fn page(title: &str, main: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{main}\n</main>\n\
         <footer>Cortex sandbox: invented people and data, no real account is involved.</footer>\n</body>\n</html>\n"
    )
}

const STYLE: &str = "\
:root{color-scheme:light dark;--fg:#1c2024;--bg:#f6f7f9;--card:#fff;--line:#d5d9df;--accent:#0b57b0;--on:#fff}\
@media(prefers-color-scheme:dark){:root{--fg:#e8eaed;--bg:#15181c;--card:#1f2429;--line:#3b424a;--accent:#8ab8f5;--on:#10151b}}\
*{box-sizing:border-box}body{margin:0;font:1rem/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg)}\
main{max-width:28rem;margin:3rem auto 1rem;padding:1.5rem 2rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem}\
h1{font-size:1.35rem;margin:.25rem 0 1rem}ul{list-style:none;padding:0}li{margin:.5rem 0}fieldset{border:0;padding:0;margin:0 0 1rem}\
legend{font-weight:600;margin-bottom:.5rem}label{display:block;padding:.6rem .75rem;border:1px solid var(--line);border-radius:.5rem;margin:.4rem 0}\
small{display:block;opacity:.8;margin-left:1.6rem}a.button,button{display:inline-block;font:inherit;font-weight:600;padding:.6rem 1.1rem;\
border:1px solid var(--accent);border-radius:.5rem;background:var(--accent);color:var(--on);text-decoration:none;cursor:pointer}\
a.button{display:block}button.quiet{background:transparent;color:var(--accent)}\
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}code{overflow-wrap:anywhere}\
footer{max-width:28rem;margin:0 auto 2rem;padding:0 1rem;font-size:.85rem;opacity:.8}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_text_is_escaped() {
        assert_eq!(escape("<a href=\"x\">'&'"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;");
        assert!(page("<b>", "<p>ok</p>").contains("<title>&lt;b&gt;</title>"));
    }
}
