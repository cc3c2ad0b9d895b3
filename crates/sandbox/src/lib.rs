//! Local stand-ins for the services that Cortex lives with: [Nango](nango) with the [providers](provider) behind it,
//! and [Supabase Auth](supabase). They speak the real wire contracts over real sockets, keep everything in memory, and
//! know nothing of Cortex: no domain, no adapter. That makes them an independent witness in tests and a complete
//! outside world for somebody without accounts.
//!
//! As a library: [`nango::Nango::start`] and [`supabase`]. As a process: `cortex-sandbox nango|supabase|all`.
//!
//! Not here: anything for production. Keys are invented, consent is a button, and the control API needs no key.

pub mod clock;
pub mod faults;
mod hex;
mod html;
mod http_client;
pub mod mailbox;
pub mod nango;
pub mod provider;
mod random;
pub mod supabase;
mod tasks;

use std::net::SocketAddr;

/// Why a stand-in could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken or not of this machine.
    #[error("cannot listen on {address}: choose another port")]
    Bind {
        /// The address wanted.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// A server could not be set up.
    #[error("cannot set up the server")]
    Io(#[from] std::io::Error),
    /// The mail of an account could not be read.
    #[error("cannot read the mail of an account")]
    Mailbox(#[from] mailbox::MailboxError),
}
