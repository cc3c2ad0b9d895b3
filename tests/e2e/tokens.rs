//! From a sign-in at Master to a member's context, or to a refusal.

use std::sync::Arc;

use cortex_identity::model::Refusal;
use cortex_identity::{EnterCompany, EnterCompanyError, Visits};
use cortex_kernel::Origin;

use crate::people::{KESTREL, MARTA, OLIVE, Person, STRANGER};
use crate::stack::Stack;

async fn enter(stack: &Stack, token: &str) -> Result<cortex_identity::model::UserContext, Refusal> {
    let ports = stack.ports();
    let verified = ports.tokens.verify(token).await.expect("the token is genuine");
    let visits = Arc::new(Visits::new(KESTREL, ports.shared.visits));
    let entrance = EnterCompany::new(KESTREL, ports.shared.memberships, visits, ports.shared.clock);
    match entrance.enter(&verified, &Origin::default()).await {
        Ok(context) => Ok(context),
        Err(EnterCompanyError::Refused(refusal)) => Err(refusal),
        Err(EnterCompanyError::Store(error)) => panic!("{error:?}"),
    }
}

async fn enter_as(stack: &Stack, person: &Person) -> Result<cortex_identity::model::UserContext, Refusal> {
    enter(stack, &stack.sign_in(person).await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_signed_in_enters_with_both_ids() {
    let stack = Stack::start().await;

    let context = enter_as(&stack, &MARTA).await.unwrap();

    assert_eq!((context.user_id, context.company_id), (MARTA.id, KESTREL));
    assert_eq!(context.role.name(), "owner");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_companys_owner_and_a_stranger_who_says_he_belongs_here_do_not() {
    let stack = Stack::start().await;

    assert!(enter_as(&stack, &OLIVE).await.is_err());
    assert_eq!(enter_as(&stack, &STRANGER).await.unwrap_err(), Refusal::NotAMember);
    let anon = stack.supabase.anon_key();
    assert!(stack.ports().tokens.verify(anon).await.is_err(), "a project's key is nobody's token");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_company_is_not_entered() {
    let stack = Stack::start().await;
    let token = stack.sign_in(&MARTA).await;
    stack.master.batch(&format!("update companies set status = 'suspended' where id = '{KESTREL}'")).await;

    assert_eq!(enter(&stack, &token).await.unwrap_err(), Refusal::CompanyNotActive);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_rotate_without_a_restart() {
    let stack = Stack::start().await;
    let ports = stack.ports();
    ports.signing_keys.refresh().await.unwrap();
    let before = stack.sign_in(&MARTA).await;
    ports.tokens.verify(&before).await.unwrap();

    stack.supabase.rotate_keys();
    let after = stack.sign_in(&MARTA).await;

    assert!(ports.tokens.verify(&after).await.is_ok());
    assert!(ports.tokens.verify(&before).await.is_ok(), "the old key is still published");
    assert_eq!(stack.supabase.jwks_fetches(), 2, "one at the start and one for the unknown key");
}
