//! Which models of a provider are read, and what reads them.
//!
//! A broker answers a model that it does not know with no records, so a run reads every model that we know, of older
//! and newer generations alike.

use cortex_kernel::{ConnectionId, Email, Provider};
use serde_json::{Value, json};

use crate::model::{DocumentKey, SetAside};
use crate::normalise::{
    Account, Told, drive_file, gmail_email, gmail_message, key_of, outlook_email, outlook_message, quickbooks_bill,
    quickbooks_customer, quickbooks_invoice, quickbooks_payment,
};

/// The variant of a model where there is but one, in the broker's words.
pub const BASE_VARIANT: &str = "base";

/// The models that a run reads of a provider, in this order.
#[must_use]
pub const fn models_of(provider: Provider) -> &'static [&'static str] {
    match provider {
        Provider::Gmail => &["GmailEmail", "Message"],
        Provider::Outlook => &["OutlookEmail", "Message"],
        Provider::GoogleDrive => &["DriveFile", "File"],
        Provider::QuickBooks => &["Customer", "Invoice", "Bill", "Payment"],
    }
}

/// Within what the ids of a connection's records count: nothing narrower than the world for Drive, whose ids are global;
/// else the account, by the provider's own id of it or by its address. An account that could not be read is known by our
/// number of the connection.
#[must_use]
pub fn account_of(
    provider: Provider,
    account_id: Option<&str>,
    account_email: Option<&Email>,
    connection_id: ConnectionId,
) -> Account {
    let source_account = match (provider, account_id, account_email) {
        (Provider::GoogleDrive, _, _) => String::new(),
        (_, Some(id), _) => id.to_owned(),
        (_, None, Some(email)) => email.folded(),
        (_, None, None) => DocumentKey::unread_account(connection_id),
    };
    Account { source_account }
}

/// Makes changes of the records of one model.
#[derive(Clone, Copy)]
pub(crate) struct Reader {
    provider: Provider,
    /// What stands before the ids of its records in their keys.
    prefix: &'static str,
    read: Read,
}

type Read = fn(&Value, &Account) -> Result<Told, SetAside>;

impl Reader {
    /// What reads this model; none where nothing does.
    pub(crate) fn of(provider: Provider, model: &str) -> Option<Self> {
        let (prefix, read): (_, Read) = match (provider, model) {
            (Provider::Gmail, "GmailEmail") => ("", |record, account| gmail_email(record, account).map(Told::from)),
            (Provider::Gmail, "Message") => ("", |record, account| gmail_message(record, account).map(Told::from)),
            (Provider::Outlook, "OutlookEmail") => {
                ("", |record, account| outlook_email(record, account).map(Told::from))
            }
            (Provider::Outlook, "Message") => ("", |record, account| outlook_message(record, account).map(Told::from)),
            (Provider::GoogleDrive, "DriveFile" | "File") => ("", drive_file),
            (Provider::QuickBooks, "Customer") => ("customer:", quickbooks_customer),
            (Provider::QuickBooks, "Invoice") => ("invoice:", quickbooks_invoice),
            (Provider::QuickBooks, "Bill") => ("bill:", quickbooks_bill),
            (Provider::QuickBooks, "Payment") => ("payment:", quickbooks_payment),
            _ => return None,
        };
        Some(Self { provider, prefix, read })
    }

    /// What a record that is there says.
    pub(crate) fn read(self, record: &Value, account: &Account) -> Result<Told, SetAside> {
        (self.read)(record, account)
    }

    /// By which key a record that vanished would have come in; none where it never could. Nothing but its id is left of
    /// it.
    pub(crate) fn key(self, id: &str, account: &Account) -> Option<DocumentKey> {
        key_of(self.provider, self.prefix, &json!({ "id": id }), account).ok()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn every_model_that_is_read_has_a_reader() {
        for provider in Provider::ALL {
            assert!(models_of(provider).iter().all(|model| Reader::of(provider, model).is_some()), "{provider}");
        }
    }

    #[rstest]
    #[case::by_address(Provider::Gmail, None, Some("Nora@Example.com"), "nora@example.com")]
    #[case::by_id(Provider::Outlook, Some("7"), Some("nora@example.com"), "7")]
    #[case::by_nothing(Provider::Gmail, None, None, "connection:4")]
    #[case::for_the_world(Provider::GoogleDrive, Some("7"), Some("nora@example.com"), "")]
    fn an_account_is_what_ids_count_within(
        #[case] provider: Provider,
        #[case] id: Option<&str>,
        #[case] email: Option<&str>,
        #[case] expected: &str,
    ) {
        let email: Option<Email> = email.map(|email| email.parse().unwrap());

        let account = account_of(provider, id, email.as_ref(), ConnectionId::new(4));

        assert_eq!(account.source_account, expected);
    }
}
