//! The contract of the store of original files, on a directory and on a server that speaks as S3 does.

#![expect(clippy::unwrap_used, reason = "what goes wrong on the stage of a test fails that test")]

mod bucket;
mod directory;
mod s3;
