//! [`PgMembershipWatch`]: its contract is about what others commit, so it has no fake.

use std::time::Duration;

use cortex_identity::ports::{MembershipChanges, MembershipWatch};
use cortex_identity::testing::{COMPANY_A, COMPANY_B, USER_1};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgMembershipWatch;
use rstest::rstest;
use tokio::time::timeout;

use super::world::World;

/// Two companies, the first with a member; somebody listens to the first.
async fn listening() -> (World, Box<dyn MembershipChanges>) {
    let world = World::new(Database::Master, [COMPANY_A, COMPANY_B]).await;
    let prepare = format!(
        "insert into companies (id, slug, name) values ('{COMPANY_A}', 'a', 'A'), ('{COMPANY_B}', 'b', 'B'); \
         insert into company_users (user_id, company_id, email, role) \
         values ('{USER_1}', '{COMPANY_A}', 'one@example.com', 'user')"
    );
    world.superuser().batch_execute(&prepare).await.unwrap();
    let changes = PgMembershipWatch::new(world.address()).listen(COMPANY_A).await.unwrap();
    (world, changes)
}

async fn hears(changes: &mut Box<dyn MembershipChanges>) {
    timeout(Duration::from_secs(20), changes.next()).await.expect("it is told soon").unwrap();
}

#[rstest]
#[case::role("update company_users set role = 'admin'")]
#[case::activity("update company_users set is_active = false")]
#[case::address("update company_users set email = 'new@example.com'")]
#[case::removal("delete from company_users")]
#[case::another_company("update company_users set company_id = '0b000000-0000-4000-8000-00000000000b'")]
#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_a_membership_is_heard(#[case] change: &str) {
    let (world, mut changes) = listening().await;

    world.superuser().batch_execute(change).await.unwrap();

    hears(&mut changes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_membership_is_heard() {
    let (world, mut changes) = listening().await;
    let insert = format!(
        "insert into company_users (user_id, company_id, email) values (gen_random_uuid(), '{COMPANY_A}', 'new@x.example')"
    );

    world.superuser().batch_execute(&insert).await.unwrap();

    hears(&mut changes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_company_is_heard() {
    let (world, mut changes) = listening().await;
    let suspend = format!("update companies set status = 'suspended' where id = '{COMPANY_A}'");

    world.superuser().batch_execute(&suspend).await.unwrap();

    hears(&mut changes).await;
}

/// What is not to be heard is committed before what is: notifications arrive in the order of commits, so the second one
/// would have to be waited for if the first had been heard.
async fn is_not_heard(unheard: &str) {
    let (world, mut changes) = listening().await;
    world.superuser().batch_execute(unheard).await.unwrap();
    world.superuser().batch_execute("update company_users set role = 'viewer'").await.unwrap();

    hears(&mut changes).await;
    let more = timeout(Duration::from_millis(200), changes.next()).await;
    assert!(more.is_err(), "{more:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_no_change() {
    is_not_heard(&format!("select update_user_last_login('{USER_1}', '{COMPANY_A}')")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_companys_change_is_not_heard() {
    is_not_heard(&format!("update companies set status = 'suspended' where id = '{COMPANY_B}'")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_lost_is_an_error() {
    let (world, mut changes) = listening().await;
    let end = "select pg_terminate_backend(pid) from pg_stat_activity where query like '%listen cortex_membership%' \
               and pid <> pg_backend_pid() and datname = current_database()";

    world.superuser().batch_execute(end).await.unwrap();

    assert!(timeout(Duration::from_secs(20), changes.next()).await.expect("it is told soon").is_err());
}
