//! The command line as a process, the running server, and the files that are generated from tables in the code.

#[cfg(test)]
mod audit;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod deployment;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod draining;
#[cfg(test)]
mod extract;
#[cfg(test)]
mod fleet;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod migrate;
#[cfg(test)]
mod process;
#[cfg(test)]
mod sockets;
#[cfg(test)]
mod start;
#[cfg(test)]
mod traces;
#[cfg(test)]
mod users;
