//! Which files are not worth fetching for their text.

/// Types within which no text is looked for, whatever they are called.
const WITHOUT_TEXT: [&str; 22] = [
    "application/gzip",
    "application/java-archive",
    "application/ogg",
    "application/pgp-encrypted",
    "application/pgp-signature",
    "application/pkcs7-mime",
    "application/pkcs7-signature",
    "application/vnd.android.package-archive",
    "application/vnd.rar",
    "application/x-7z-compressed",
    "application/x-apple-diskimage",
    "application/x-bzip2",
    "application/x-gzip",
    "application/x-msdownload",
    "application/x-pkcs7-mime",
    "application/x-pkcs7-signature",
    "application/x-rar-compressed",
    "application/x-sqlite3",
    "application/x-tar",
    "application/x-zip-compressed",
    "application/zip",
    "application/wasm",
];

/// Families of such types.
const FAMILIES_WITHOUT_TEXT: [&str; 5] = ["image/", "audio/", "video/", "font/", "model/"];

/// Types that say nothing of what a file is, or less than its name does: many programs call everything that.
const VAGUE: [&str; 3] = ["application/octet-stream", "application/zip", "application/x-zip-compressed"];

/// Endings of names of files that have text, whatever somebody says their type is.
const WITH_TEXT: [&str; 12] =
    [".pdf", ".docx", ".pptx", ".xlsx", ".csv", ".tsv", ".html", ".htm", ".md", ".markdown", ".txt", ".eml"];

/// Whether text may be found in a file of this type and name. Where that is not certain, it may.
pub(super) fn may_have_text(mime_type: Option<&str>, name: &str) -> bool {
    let Some(mime_type) = mime_type.map(essence) else { return true };
    let name = name.to_lowercase();
    if VAGUE.contains(&mime_type.as_str()) && WITH_TEXT.iter().any(|ending| name.ends_with(ending)) {
        return true;
    }
    let is_of_such_a_family = FAMILIES_WITHOUT_TEXT.iter().any(|family| mime_type.starts_with(family));
    !is_of_such_a_family && !WITHOUT_TEXT.contains(&mime_type.as_str())
}

/// The type without its parameters.
fn essence(mime_type: &str) -> String {
    mime_type.split(';').next().unwrap_or_default().trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::pdf(Some("application/pdf"), "a.pdf", true)]
    #[case::text(Some("text/plain; charset=utf-8"), "a", true)]
    #[case::unknown(None, "a.bin", true)]
    #[case::anything(Some("application/octet-stream"), "a.bin", true)]
    #[case::picture(Some("image/png"), "a.png", false)]
    #[case::picture_in_capitals(Some("IMAGE/PNG; name=a"), "a", false)]
    #[case::picture_called_text(Some("image/png"), "a.txt", false)]
    #[case::archive(Some("application/zip"), "a.zip", false)]
    #[case::document_called_archive(Some("application/zip"), "Offer.DOCX", true)]
    #[case::signature(Some("application/pkcs7-signature"), "smime.p7s", false)]
    fn what_cannot_have_text_is_told_by_its_type(
        #[case] mime_type: Option<&str>,
        #[case] name: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(may_have_text(mime_type, name), expected);
    }
}
