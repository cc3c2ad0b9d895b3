//! Which company a token is bound to.

use cortex_kernel::CompanyId;
use thiserror::Error;

/// The companies that a token names, as it names them: texts that may be anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompanyClaims {
    /// `app_metadata.company_ids` and `app_metadata.company_id` together. Only the service role can write them.
    pub app_metadata: Vec<String>,
    /// `user_metadata.company_id`. Users can edit it themselves.
    pub user_metadata: Option<String>,
}

/// Why somebody with a valid token may not enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The token names no company at all.
    #[error("the token names no company")]
    NoCompanyClaim,
    /// The token names other companies.
    #[error("the token is bound to another company")]
    OtherCompany,
    /// Master does not know the company of this deployment.
    #[error("the company is not known")]
    CompanyUnknown,
    /// The company is suspended, on trial, being set up or deleted.
    #[error("the company is not active")]
    CompanyNotActive,
    /// The person has no membership in this company.
    #[error("not a member of this company")]
    NotAMember,
    /// The membership is deactivated, or its invitation has run out.
    #[error("the membership is not active")]
    MembershipNotActive,
}

impl CompanyClaims {
    /// Holds when the token may be used at `company`.
    ///
    /// What the service role wrote decides alone. What the user can edit is asked only where the service role wrote
    /// nothing: there it can narrow the choice to one company, and never widen it beyond the memberships, which are
    /// asked afterwards in any case. An unreadable name counts as a name: it is there, and it is not this company's.
    pub fn bind_to(&self, company: CompanyId) -> Result<(), Refusal> {
        let names_it = |text: &str| text.parse() == Ok(company);
        let bound = match (self.app_metadata.as_slice(), self.user_metadata.as_deref()) {
            ([], None) => return Err(Refusal::NoCompanyClaim),
            ([], Some(claim)) => names_it(claim),
            (claims, _) => claims.iter().any(|claim| names_it(claim)),
        };
        if bound { Ok(()) } else { Err(Refusal::OtherCompany) }
    }
}

#[cfg(test)]
mod tests {
    use Refusal::{NoCompanyClaim, OtherCompany};
    use rstest::rstest;

    use super::*;
    use crate::testing::{COMPANY_A, COMPANY_B};

    const A: &str = "0a000000-0000-4000-8000-00000000000a";
    const B: &str = "0b000000-0000-4000-8000-00000000000b";

    /// Every combination of what the two places can say, seen from company A. The lines with `&[B]` and `Some(A)` are
    /// the hole that an edited `user_metadata` would open.
    #[rstest]
    #[case(&[], None, Err(NoCompanyClaim))]
    #[case(&[], Some(A), Ok(()))]
    #[case(&[], Some(B), Err(OtherCompany))]
    #[case(&[], Some("rubbish"), Err(OtherCompany))]
    #[case(&[], Some(""), Err(OtherCompany))]
    #[case(&[A], None, Ok(()))]
    #[case(&[A], Some(A), Ok(()))]
    #[case(&[A], Some(B), Ok(()))]
    #[case(&[A], Some("rubbish"), Ok(()))]
    #[case(&[A], Some(""), Ok(()))]
    #[case(&[B], None, Err(OtherCompany))]
    #[case(&[B], Some(A), Err(OtherCompany))]
    #[case(&[B], Some(B), Err(OtherCompany))]
    #[case(&[B], Some("rubbish"), Err(OtherCompany))]
    #[case(&[B], Some(""), Err(OtherCompany))]
    #[case(&[B, A], None, Ok(()))]
    #[case(&[B, A], Some(A), Ok(()))]
    #[case(&[B, A], Some(B), Ok(()))]
    #[case(&[B, A], Some("rubbish"), Ok(()))]
    #[case(&[B, A], Some(""), Ok(()))]
    #[case(&["rubbish"], None, Err(OtherCompany))]
    #[case(&["rubbish"], Some(A), Err(OtherCompany))]
    #[case(&[""], None, Err(OtherCompany))]
    #[case(&[""], Some(A), Err(OtherCompany))]
    #[case(&["rubbish", A], Some(B), Ok(()))]
    fn a_token_is_bound_by_what_the_service_role_wrote_or_else_by_what_the_user_may_edit(
        #[case] app_metadata: &[&str],
        #[case] user_metadata: Option<&str>,
        #[case] expected: Result<(), Refusal>,
    ) {
        let claims = CompanyClaims {
            app_metadata: app_metadata.iter().map(ToString::to_string).collect(),
            user_metadata: user_metadata.map(ToOwned::to_owned),
        };

        assert_eq!(claims.bind_to(COMPANY_A), expected);
    }

    #[test]
    fn the_letters_of_the_table_are_the_companies_of_the_fixtures() {
        assert_eq!(A.parse(), Ok(COMPANY_A));
        assert_eq!(B.parse(), Ok(COMPANY_B));
    }
}
