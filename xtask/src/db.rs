//! `cargo xtask db`: a private server that outlives the command, for running single tests or the product by hand.

use anyhow::{Result, bail};

use crate::environment::{TEST_SERVER, TEST_SERVER_CA};
use crate::postgres::development;
use crate::workspace::Workspace;
use crate::{postgres, ui};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Start it, if it is not running, and print what to export for tests.
    Start,
    /// Stop it, and remove it with all its data.
    Stop,
    /// Print its superuser's URL.
    Url,
    /// Say whether it is running, and where.
    Status,
}

pub(crate) fn run(workspace: &Workspace, command: &Command) -> Result<()> {
    let servers = workspace.servers();
    match command {
        Command::Start => {
            let server = match development::find(&servers)? {
                Some(server) => server,
                None => development::start(&servers)?,
            };
            print_exports(&server);
        }
        Command::Stop => {
            if !development::stop(&servers)? {
                ui::note("it was not running");
            }
        }
        Command::Url => match development::find(&servers)? {
            Some(server) => ui::answer(server.url),
            None => bail!("no development server is running; `cargo xtask db start` starts one"),
        },
        Command::Status => match development::find(&servers)? {
            Some(server) => {
                ui::answer("running");
                print_exports(&server);
            }
            None => ui::answer("stopped"),
        },
    }
    Ok(())
}

fn print_exports(server: &postgres::Server) {
    ui::answer(export(TEST_SERVER, &server.url));
    if let Some(ca_file) = &server.ca_file {
        ui::answer(export(TEST_SERVER_CA, &ca_file.to_string_lossy()));
    }
}

/// A line that a shell understands, whatever the value.
fn export(name: &str, value: &str) -> String {
    format!("export {name}='{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_back_what_is_exported() {
        let value = "/tmp/o'brien $HOME/ca.crt";
        let script = format!("{}; printf %s \"$CA\"", export("CA", value));
        let output = std::process::Command::new("/bin/sh").args(["-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), value);
    }
}
