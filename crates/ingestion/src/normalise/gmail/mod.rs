//! Gmail, in both generations of models.
//!
//! What is in spam and trash is taken in like everything else: its labels say where it lies.

mod email;
mod message;
mod payload;
#[cfg(test)]
mod tests;

use serde_json::Value;

pub use email::gmail_email;
pub use message::gmail_message;

use super::SetAside;
use super::fields::lines;

/// The labels of a record, unless one of them says that it is a draft: nobody has sent that yet, and what becomes of it
/// is another record.
fn labels_of_sent(record: &Value) -> Result<Option<Vec<String>>, SetAside> {
    let labels = lines(&record["labelIds"]).or_else(|| lines(&record["labels"]));
    let is_draft = labels.iter().flatten().any(|label| label.eq_ignore_ascii_case("DRAFT"));
    if is_draft { Err(SetAside::Draft) } else { Ok(labels) }
}
