//! The binary `cortex`.

use std::process::ExitCode;

fn main() -> ExitCode {
    cortex_app::cli::run(std::env::args_os())
}
