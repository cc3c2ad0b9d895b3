//! The binary `cortex`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    cortex_app::cli::run(std::env::args_os()).await
}
