//! Where the checkout is, and what is in it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, MetadataCommand};

/// The checkout that the current directory belongs to.
pub(crate) struct Workspace {
    metadata: Metadata,
}

impl Workspace {
    /// Asks cargo. Outside packages are not looked at, so that this works without a network.
    pub(crate) fn locate() -> Result<Self> {
        let metadata = MetadataCommand::new().no_deps().exec().context("cargo does not know this workspace")?;
        Ok(Self { metadata })
    }

    pub(crate) fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    /// The directory of compiled binaries.
    pub(crate) fn binaries(&self) -> PathBuf {
        self.metadata.target_directory.join("debug").into()
    }

    /// The directory of private Postgres servers.
    pub(crate) fn servers(&self) -> PathBuf {
        self.metadata.target_directory.join("postgres").into()
    }

    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}
