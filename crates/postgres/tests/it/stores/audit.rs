//! The stores of the audit log.

mod company;
mod master;
mod tampering;
