//! The product's binary, where a deployment within the test's own process has to start it.

use std::path::PathBuf;

use async_trait::async_trait;
use cortex_app::ports::EXTRACT_COMMAND;
use cortex_extract::ProcessTextExtractor;
use cortex_ingestion::model::{Extracted, FileToRead};
use cortex_ingestion::ports::{ExtractError, TextExtractor};

/// Reads files by the binary that was built with this test.
pub(crate) struct BuiltCortex {
    program: PathBuf,
    extractor: ProcessTextExtractor,
}

impl BuiltCortex {
    /// Tests are in `target/debug/deps`, binaries in `target/debug`. Whether it is there shows when it is wanted.
    pub(crate) fn beside_this_test() -> Self {
        let test = std::env::current_exe().unwrap();
        let program = test.ancestors().nth(2).unwrap().join(format!("cortex{}", std::env::consts::EXE_SUFFIX));
        let extractor = ProcessTextExtractor::new(program.clone(), vec![EXTRACT_COMMAND.into()]);
        Self { program, extractor }
    }
}

#[async_trait]
impl TextExtractor for BuiltCortex {
    async fn extract(&self, file: FileToRead) -> Result<Extracted, ExtractError> {
        let program = self.program.display();
        assert!(self.program.is_file(), "{program} is missing: build it by `cargo build --workspace --bins`");
        self.extractor.extract(file).await
    }
}
