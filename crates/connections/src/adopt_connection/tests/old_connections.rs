//! Whoever connects the account of a connection from before connections had owners.

use rstest::rstest;

use super::*;

/// The company's old Gmail connection, of this account as far as that is known here and at the provider.
fn with_an_old_connection(known: Option<ProviderAccount>, at_provider: Option<ProviderAccount>) -> Scene {
    let scene = Scene::new();
    let old = crate::model::UnclaimedConnection { account: known, ..an_unclaimed_connection() };
    scene.connections.put_unclaimed(COMPANY_A, old, NOON - time::Duration::DAY);
    scene.broker.has(at_broker("old-1"), at_provider);
    scene.broker.has(at_broker("broker-1"), Some(an_account()));
    scene
}

#[rstest]
#[case::asked_at_the_provider(None, Some(an_account()))]
#[case::written_down_before(Some(an_account()), None)]
#[tokio::test]
async fn who_connects_the_account_of_an_old_connection_claims_it(
    #[case] known: Option<ProviderAccount>,
    #[case] at_provider: Option<ProviderAccount>,
) {
    let scene = with_an_old_connection(known, at_provider);

    let adoption = scene.adopt().adopt(&a_notice("broker-1")).await.unwrap();

    let row = scene.row().await.unwrap();
    assert_eq!(adoption, Adoption::Adopted(row.clone()));
    assert_eq!((row.id, row.connected_at), (an_unclaimed_connection().id, NOON - time::Duration::DAY));
    assert_eq!(scene.broker.deleted(), ["old-1"]);
    assert_eq!(scene.connections.audited(COMPANY_A), ["connection_claimed"]);
    assert!(original(&scene).await.is_some());
}

/// Somebody told Nango whose it is: there is nothing to replace.
#[tokio::test]
async fn an_old_connection_that_is_its_claimants_own_goes_on() {
    let scene = with_an_old_connection(None, Some(an_account()));

    let adoption = scene.adopt().adopt(&a_notice("old-1")).await.unwrap();

    let row = scene.row().await.unwrap();
    assert_eq!((adoption, row.id), (Adoption::Adopted(row.clone()), an_unclaimed_connection().id));
    assert_eq!(scene.broker.deleted(), [""; 0]);
    assert_eq!(scene.connections.to_be_removed(COMPANY_A), []);
}

/// What is wrong with the old connection is no reason to wait for the new one.
#[rstest]
#[case::nonsense(|| BrokerError::BadAnswer("a page".into()), Duration::ZERO, true)]
#[case::away(away, Duration::ZERO, false)]
#[case::away_for_long(away, LONG, true)]
#[case::our_key(|| BrokerError::Unauthorised("is it right".into()), LONG, false)]
#[tokio::test]
async fn an_old_connection_that_cannot_be_asked_about_holds_up_nobody_for_long(
    #[case] failure: fn() -> BrokerError,
    #[case] age: Duration,
    #[case] is_adopted: bool,
) {
    let scene = with_an_old_connection(None, None);
    scene.broker.fail_about(an_unclaimed_connection().reference(), failure);

    let adoption = scene.adopt().adopt(&ConnectionNotice { age, ..a_notice("broker-1") }).await;

    assert_eq!(matches!(adoption, Ok(Adoption::Adopted(_))), is_adopted, "{adoption:?}");
}

#[rstest]
#[case::of_another_account(Some(account("private@example.com")))]
#[case::of_one_that_nobody_knows(None)]
#[tokio::test]
async fn an_old_connection_is_left_alone(#[case] at_provider: Option<ProviderAccount>) {
    let scene = with_an_old_connection(None, at_provider);

    scene.adopt().adopt(&a_notice("broker-1")).await.unwrap();

    assert_ne!(scene.row().await.unwrap().id, an_unclaimed_connection().id);
    assert_eq!(
        (scene.ports().unclaimed.list_unclaimed(COMPANY_A).await.unwrap().len(), scene.broker.deleted()),
        (1, vec![])
    );
}
