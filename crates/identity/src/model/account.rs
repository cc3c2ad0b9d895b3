//! What an account at Master Supabase Auth says about companies, and what it should say.

use cortex_kernel::{CompanyId, UserId};

/// A person's account, as far as companies go. Texts may be anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Whose.
    pub user_id: UserId,
    /// `app_metadata.company_ids`, which the service role alone writes.
    pub company_ids: Vec<String>,
    /// `app_metadata.company_id`.
    pub company_id: Option<String>,
    /// `user_metadata.company_id`, which the person can edit.
    pub own_company_id: Option<String>,
}

/// What has to be written to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountBinding {
    /// All of `app_metadata.company_ids`: a list that is written replaces the one that is there.
    pub company_ids: Vec<String>,
    /// `app_metadata.company_id`, where there is none yet.
    pub company_id: Option<String>,
    /// `user_metadata.company_id`, where there is none yet.
    pub own_company_id: Option<String>,
}

impl Account {
    /// What has to be written so that tokens of this account are good at `company_id`, and at the others of which the
    /// person is a member; none where they are.
    ///
    /// The others count because a token with any company in `app_metadata` is judged by that alone: the first company to
    /// write there would shut out those that relied on `user_metadata`. What stands there stays, readable or not.
    #[must_use]
    pub fn binding_to(&self, company_id: CompanyId, others: &[CompanyId]) -> Option<AccountBinding> {
        let mut company_ids = self.company_ids.clone();
        // So far the person's own word counted, for what it was worth; it opens no company of itself.
        let own = self.own_company_id.as_deref().filter(|_| self.company_ids.is_empty() && self.company_id.is_none());
        let own: Option<CompanyId> = own.and_then(|text| text.parse().ok());
        for wanted in [company_id].iter().chain(others).chain(&own) {
            if !company_ids.iter().any(|text| text.parse() == Ok(*wanted)) {
                company_ids.push(wanted.to_string());
            }
        }
        let here = || Some(company_id.to_string());
        let binding = AccountBinding {
            company_id: if self.company_id.is_none() { here() } else { None },
            own_company_id: if self.own_company_id.is_none() { here() } else { None },
            company_ids,
        };
        let holds = binding.company_ids.len() == self.company_ids.len()
            && binding.company_id.is_none()
            && binding.own_company_id.is_none();
        (!holds).then_some(binding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{COMPANY_A, COMPANY_B, an_account};

    #[test]
    fn an_empty_account_gets_all_three() {
        let binding = an_account().binding_to(COMPANY_A, &[]).unwrap();

        let a = COMPANY_A.to_string();
        let expected =
            AccountBinding { company_ids: vec![a.clone()], company_id: Some(a.clone()), own_company_id: Some(a) };
        assert_eq!(binding, expected);
    }

    #[test]
    fn what_stands_there_stays() {
        let b = COMPANY_B.to_string();
        let account = Account {
            company_ids: vec!["rubbish".to_owned(), b.clone()],
            company_id: Some(b.clone()),
            own_company_id: Some(b.clone()),
            ..an_account()
        };

        let binding = account.binding_to(COMPANY_A, &[COMPANY_B]).unwrap();

        assert_eq!(binding.company_ids, ["rubbish".to_owned(), b, COMPANY_A.to_string()]);
        assert_eq!((binding.company_id, binding.own_company_id), (None, None));
    }

    #[test]
    fn another_company_that_relied_on_the_users_own_word_is_not_shut_out() {
        let account = Account { own_company_id: Some(COMPANY_B.to_string()), ..an_account() };

        let binding = account.binding_to(COMPANY_A, &[COMPANY_B]).unwrap();

        assert_eq!(binding.company_ids, [COMPANY_A.to_string(), COMPANY_B.to_string()]);
    }

    /// It may be suspended, or its invitation open: then nobody names it as one of the others.
    #[test]
    fn the_users_own_word_goes_on_counting_where_it_counted_alone() {
        let b = COMPANY_B.to_string();
        let account = Account { own_company_id: Some(b.clone()), ..an_account() };
        let bound = Account { company_ids: vec![COMPANY_A.to_string()], ..account.clone() };

        assert_eq!(account.binding_to(COMPANY_A, &[]).unwrap().company_ids, [COMPANY_A.to_string(), b]);
        let binding = bound.binding_to(COMPANY_A, &[]).unwrap();
        assert_eq!(binding.company_ids, [COMPANY_A.to_string()], "it counted for nothing");
    }

    #[test]
    fn what_holds_is_not_written_again() {
        let a = COMPANY_A.to_string();
        let account = Account {
            company_ids: vec![a.to_uppercase()],
            company_id: Some(a.clone()),
            own_company_id: Some(a),
            ..an_account()
        };

        assert_eq!(account.binding_to(COMPANY_A, &[COMPANY_A]), None);
    }
}
