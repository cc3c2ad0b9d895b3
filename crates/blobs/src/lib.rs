//! Original files outside of the database: in a directory, or in an S3-compatible bucket.
//!
//! Each keeps the contract of [`BlobStore`](cortex_ingestion::ports::BlobStore), and holds no more than a piece of a file
//! in memory. No name of a file or an object comes from outside: they are made of the company's id and the key.
//!
//! Not here: which files are to be removed (`cortex-ingestion`), and files in PostgreSQL (`cortex-postgres`).

mod directory;
mod local_file;
mod s3;

pub use directory::{DirectoryBlobs, DirectoryError};
pub use s3::{S3Blobs, S3Config, S3Error};
