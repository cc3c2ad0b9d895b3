//! The HTML form of a text.

use super::attach::File;

/// The text as mail programs make HTML of it: paragraphs, `- ` lists, `a | b` tables, and the pictures below.
pub(super) fn document(text: &str, pictures: &[&File]) -> String {
    let mut body = String::new();
    for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        let lines: Vec<String> = paragraph.lines().map(escaped).collect();
        let block = if lines.iter().all(|line| line.starts_with("- ")) {
            let items: Vec<String> = lines.iter().map(|line| format!("<li>{}</li>", &line[2..])).collect();
            format!("<ul>\n{}\n</ul>\n", items.join("\n"))
        } else if lines.iter().all(|line| line.contains(" | ")) {
            let cell = |text: &str| format!("<td style=\"padding:2px 8px\">{}</td>", text.trim());
            let rows: Vec<String> = lines
                .iter()
                .map(|line| format!("<tr>{}</tr>", line.split('|').map(cell).collect::<String>()))
                .collect();
            format!("<table border=\"1\">\n{}\n</table>\n", rows.join("\n"))
        } else {
            format!("<p>{}</p>\n", lines.join("<br>\n"))
        };
        body.push_str(&block);
    }
    for id in pictures.iter().filter_map(|file| file.content_id.as_deref()) {
        body.extend(["<p><img src=\"cid:", id, "\" width=\"48\" height=\"16\" alt=\"\"></p>\n"]);
    }
    format!(
        "<!DOCTYPE html>\n<html><head><style>p {{ font-family: Calibri, sans-serif; }}</style></head>\n\
         <body>\n{body}</body></html>"
    )
}

fn escaped(line: &str) -> String {
    line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
