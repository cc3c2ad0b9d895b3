//! What a company sees of its own knowledge: numbers over documents, connections and jobs.
//!
//! Here: what is asked and answered ([`model`]), what has to be known for it ([`ports`]), and what is computed of that by
//! formulas: plain functions beside the types that they make. `docs/insights.md` states each formula and threshold once;
//! the code points there.
//!
//! Not here: how sums are made (`cortex-postgres`), where documents come from (`cortex-ingestion`), and whose accounts
//! they come from (`cortex-connections`).
//!
//! # Adding a subject
//!
//! Its types in `model`, what has to be known in `ports`, a `# Contract` bullet each thing that must be true. Write a fake
//! and one case per bullet, of the same name, in `testing`; run the cases on the fake in `tests/it` and on Postgres in
//! `cortex-postgres`. What is the same for all implementations is computed here, where no database is needed to test it.

pub mod answer_question;
pub mod evaluate_rules;
mod investigate;
pub mod model;
pub mod ports;
pub mod sum_up;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod write_daily_report;

pub use answer_question::{AnswerError, AnswerQuestion};
pub use evaluate_rules::{EvaluateRules, GoOn, Parts, RulePorts};
pub use investigate::Investigate;
pub use sum_up::{Numbers, SumUp};
pub use write_daily_report::{ReportWriting, WriteDailyReport};
