//! A person's (or, in `QuickBooks`, a company's) account with everything in it.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::{Books, DriveFile, Vendor};
use crate::hex;
use crate::mailbox::{Mailbox, MailboxError};

/// An account: the same person at Google, Microsoft and Intuit.
#[derive(Debug, Clone)]
pub struct Account {
    /// Address; also the key of the account.
    pub email: String,
    /// Full name.
    pub name: String,
    /// The `QuickBooks` company: 16 digits. Accounts of one domain share it unless told otherwise.
    pub realm_id: String,
    /// Name of that company.
    pub company_name: String,
    /// Mail, for Gmail and Outlook alike.
    pub mailbox: Mailbox,
    /// Files in Google Drive.
    pub files: Vec<DriveFile>,
    /// The company's books.
    pub books: Books,
}

/// How an account is described in a configuration or to the control API.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountConfig {
    /// Address.
    pub email: String,
    /// Full name; made from the address when absent.
    #[serde(default)]
    pub name: Option<String>,
    /// Realm of the `QuickBooks` company; made from the domain when absent.
    #[serde(default)]
    pub realm_id: Option<String>,
    /// Name of the `QuickBooks` company; made from the domain when absent.
    #[serde(default)]
    pub company_name: Option<String>,
    /// An mbox file or a directory of `.eml` files; the invented company's mail when absent.
    #[serde(default)]
    pub mailbox: Option<PathBuf>,
    /// No mail, files and books at all.
    #[serde(default)]
    pub empty: bool,
}

impl AccountConfig {
    /// An account with invented mail, files and books.
    #[must_use]
    pub fn new(email: &str) -> Self {
        let email = email.to_owned();
        Self { email, name: None, realm_id: None, company_name: None, mailbox: None, empty: false }
    }

    /// The same with a name.
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }
}

impl Account {
    /// An account without anything in it.
    #[must_use]
    pub fn empty(email: &str) -> Self {
        let domain = email.rsplit('@').next().unwrap_or(email).to_lowercase();
        Self {
            email: email.to_owned(),
            name: name_of(email),
            realm_id: realm_of(&domain),
            company_name: title_case(domain.split('.').next().unwrap_or(&domain)),
            mailbox: Mailbox::default(),
            files: Vec::new(),
            books: Books::default(),
        }
    }

    /// An account with the person's part of `mail`, invented files and invented books, dated relative to `now`.
    #[must_use]
    pub fn invented(email: &str, mail: &Mailbox, now: OffsetDateTime) -> Self {
        let mut account = Self::empty(email);
        account.mailbox = mail.as_seen_by(email);
        account.files = DriveFile::invented(&account.email, &account.name, now);
        account.books = Books::invented(now);
        account
    }

    /// What a configuration describes.
    ///
    /// `written` gives the invented company's mail; it is asked only when the account needs it.
    pub fn configured(
        config: &AccountConfig,
        written: impl FnOnce() -> Mailbox,
        now: OffsetDateTime,
    ) -> Result<Self, MailboxError> {
        let mut account = if config.empty {
            Self::empty(&config.email)
        } else {
            let mail = match &config.mailbox {
                Some(path) => Mailbox::open(path)?,
                None => written(),
            };
            Self::invented(&config.email, &mail, now)
        };
        if let Some(name) = &config.name {
            account.name.clone_from(name);
        }
        if let Some(realm_id) = &config.realm_id {
            account.realm_id.clone_from(realm_id);
        }
        if let Some(company_name) = &config.company_name {
            account.company_name.clone_from(company_name);
        }
        Ok(account)
    }

    /// The stable id that the vendors give the person.
    #[must_use]
    pub fn stable_id(&self) -> String {
        digest(&self.email.to_lowercase(), 16)
    }

    /// SHA-256 of the lower case address, in hexadecimal.
    #[must_use]
    pub fn email_hash(&self) -> String {
        digest(&self.email.to_lowercase(), 32)
    }

    /// The records of a synced model; empty for a model that the vendor does not have.
    #[must_use]
    pub fn records(&self, vendor: Vendor, model: &str) -> Vec<Value> {
        let mail = &self.mailbox.messages;
        match (vendor, model) {
            (Vendor::Google, "GmailEmail") => mail.iter().map(|m| m.to_gmail_email(&self.email)).collect(),
            (Vendor::Google, "Message") => mail.iter().map(|m| m.to_gmail_message(&self.email)).collect(),
            (Vendor::Google, "DriveFile") => self.files.iter().map(DriveFile::to_drive_file).collect(),
            (Vendor::Google, "File") => self.files.iter().map(DriveFile::to_file).collect(),
            (Vendor::Microsoft, "OutlookEmail") => mail.iter().map(|m| m.to_outlook_email(&self.email)).collect(),
            (Vendor::Microsoft, "Message") => mail.iter().map(|m| m.to_graph_message(&self.email)).collect(),
            (Vendor::Intuit, model) => self.books.records(model),
            _ => Vec::new(),
        }
    }
}

fn realm_of(domain: &str) -> String {
    let digest = Sha256::digest(domain.as_bytes());
    let number = digest.iter().take(7).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    format!("93414{:011}", number % 100_000_000_000)
}

fn name_of(email: &str) -> String {
    let local = email.split('@').next().unwrap_or(email);
    local.split(['.', '_', '-']).map(title_case).collect::<Vec<_>>().join(" ")
}

fn title_case(word: &str) -> String {
    let mut characters = word.chars();
    let first = characters.next().map(|first| first.to_uppercase().collect::<String>());
    first.unwrap_or_default() + characters.as_str()
}

fn digest(text: &str, bytes: usize) -> String {
    hex::encode(&Sha256::digest(text.as_bytes())[..bytes])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_of_one_domain_share_the_books_company() {
        let (anna, ben) = (Account::empty("anna.k@brightwater.example"), Account::empty("ben@Brightwater.example"));
        assert_eq!(anna.realm_id, ben.realm_id);
        assert_eq!(anna.realm_id.len(), 16);
        assert_ne!(anna.realm_id, Account::empty("anna@other.example").realm_id);
        assert_eq!(anna.name, "Anna K");
        assert_eq!(anna.company_name, "Brightwater");
    }

    #[test]
    fn the_hash_of_an_address_ignores_capitals() {
        assert_eq!(Account::empty("A@x.example").email_hash(), Account::empty("a@x.example").email_hash());
    }
}
