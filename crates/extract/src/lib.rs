//! The text of files.
//!
//! Here: [`extract`], which makes text of bytes, and [`ProcessTextExtractor`], which has it done by a process of its own:
//! whatever a file does to its parser, the service goes on. That process runs [`serve_one`].
//!
//! Not here: whether a file is wanted, how much of its text is kept, and what becomes of the files within it.

mod answer;
mod charset;
mod child;
mod confine;
mod extract;
mod gathered;
mod kind;
mod limits;
mod message;
mod ole;
mod ooxml;
mod page;
mod pdf;
mod plain;
mod process;

pub use child::serve_one;
pub use extract::extract;
pub use process::ProcessTextExtractor;
