//! Reports as files: HTML that needs nothing besides itself, and PDF.
//!
//! What is in a report comes from documents, and anybody can send a mail. So the text of sections is read as Markdown and
//! written anew from what was understood (`html`, `pdf`): markup of HTML is text, links and pictures are their words.
//! Charts are drawn once (`chart`), by `plotters`, which has a backend for SVG; that for PDF is ours (`pdf/chart.rs`).
//!
//! A PDF takes a processor for some tens of milliseconds and has two fonts in memory meanwhile. It is made on a thread
//! that may block, two at a time.

mod chart;
mod html;
mod pdf;
mod tone;

use std::sync::Arc;

use async_trait::async_trait;
use cortex_insights::model::{DailyReport, ReportFormat};
use cortex_insights::ports::{RenderError, ReportRenderer};
use tokio::sync::Semaphore;
use tracing::instrument;

/// Makes files of reports.
pub struct Typesetter {
    slots: Arc<Semaphore>,
}

/// So many files are made at once.
const AT_ONCE: usize = 2;

impl Default for Typesetter {
    fn default() -> Self {
        Self { slots: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

#[async_trait]
impl ReportRenderer for Typesetter {
    #[instrument(name = "typeset.render", skip_all, fields(format = format.extension()))]
    async fn render(&self, reports: Vec<DailyReport>, format: ReportFormat) -> Result<Vec<u8>, RenderError> {
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(|error| RenderError(Box::new(error)))?;
        let made = tokio::task::spawn_blocking(move || {
            let made = match format {
                ReportFormat::Markdown => Ok(markdown(&reports).into_bytes()),
                ReportFormat::Html => {
                    html::page(&reports).map(String::into_bytes).map_err(|error| RenderError(Box::new(error)))
                }
                ReportFormat::Pdf => pdf::file(&reports).map_err(|error| RenderError(Box::new(error))),
            };
            drop(slot);
            made
        });
        made.await.map_err(|error| RenderError(Box::new(error)))?
    }
}

fn markdown(reports: &[DailyReport]) -> String {
    reports.iter().map(DailyReport::to_markdown).collect::<Vec<_>>().join("\n")
}
