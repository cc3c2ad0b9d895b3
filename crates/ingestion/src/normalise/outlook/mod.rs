//! Outlook, in both generations of models.

mod email;
mod message;
#[cfg(test)]
mod tests;

use serde_json::Value;

pub use email::outlook_email;
pub use message::outlook_message;

use super::SetAside;
use super::fields::is_true;
use crate::content_source::Wanted;

/// Refuses what nobody has sent yet; what becomes of it is told again.
fn refuse_draft(record: &Value) -> Result<(), SetAside> {
    if is_true(&record["isDraft"]) { Err(SetAside::Draft) } else { Ok(()) }
}

fn attached(message_id: String, id: String) -> Wanted {
    Wanted::OutlookAttachment { message_id, id }
}
