//! sync-jobs
