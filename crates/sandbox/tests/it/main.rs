//! Contract tests of the stand-ins, over real sockets.

mod mailbox;
mod nango;
mod process;
mod supabase;
