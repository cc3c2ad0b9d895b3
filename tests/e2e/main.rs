//! The product as a whole: its own composition over real sockets, PostgreSQL and the sandbox's stand-ins.

mod connect;
mod people;
mod readiness;
mod stack;
mod tokens;
