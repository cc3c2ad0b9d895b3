//! `cortex openapi`: the HTTP API, described for programs.

use std::io::Write;

use anyhow::Context;

/// Prints the document.
pub fn run(output: &mut impl Write) -> anyhow::Result<()> {
    let document = cortex_http::openapi().to_pretty_json().context("the document cannot be written as JSON")?;
    writeln!(output, "{document}").context("the document cannot be printed")
}
