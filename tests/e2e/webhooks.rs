//! Webhooks by the thousand, of every kind, from many clients at once, while Nango goes away and comes back.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use cortex_sandbox::nango::Part;
use futures_util::future::join_all;

use crate::client::visit_with_nango as visit;
use crate::stack::{Stack, http};
use crate::webhook_mix::{Kind, Sent, connect_everything, mix};

const CLIENTS: usize = 32;

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_webhooks_every_valid_one_is_accounted_for_and_nothing_else_is_saved() {
    let stack = Stack::with(&[("RATE_LIMIT_CONNECT", "0")]).await;
    visit(&stack, async |client| {
        let made = connect_everything(&client).await;
        let all = mix(&stack, &made, 1_000);
        assert_eq!(all.len(), 1_000);
        let (next, answered) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let http = http();
        let sender = async || {
            loop {
                // 619 has no divisor in common with 1,000: every one is taken once, and the kinds are mixed.
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= all.len() {
                    return;
                }
                all[n * 619 % all.len()].send(&http, &client).await;
                answered.fetch_add(1, Ordering::Relaxed);
            }
        };
        let outage = async {
            while answered.load(Ordering::Relaxed) < 300 {
                tokio::task::yield_now().await;
            }
            stack.nango.go_down(Part::Api).await;
            while answered.load(Ordering::Relaxed) < all.len() {
                tokio::task::yield_now().await;
            }
            stack.nango.come_up(Part::Api).unwrap();
        };
        tokio::join!(join_all((0..CLIENTS).map(|_| sender())), outage);

        let database = stack.company.connect().await;
        let pending = "select count(*) from webhook_inbox where state = 'pending'";
        while database.query_one(pending, &[]).await.unwrap().get::<_, i64>(0) > 0 {
            // What waits for Nango, or for the webhook that it overtook, need not wait for long here. What somebody is
            // at is his for longer than a minute.
            let hurry = "update webhook_inbox set run_after = now() where state = 'pending' \
                and run_after between now() + interval '1 second' and now() + interval '1 minute'";
            database.execute(hurry, &[]).await.unwrap();
            tokio::task::yield_now().await;
        }
        let rows = database.query("select body, state, last_error from webhook_inbox", &[]).await.unwrap();
        let states: Vec<(Vec<u8>, String, Option<String>)> =
            rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
        let dead: Vec<_> = states.iter().filter(|(_, state, _)| state == "dead").collect();
        assert!(dead.is_empty(), "{dead:?}");
        let kept: HashSet<&[u8]> = states.iter().map(|(body, _, _)| body.as_slice()).collect();
        for Sent { kind, body, .. } in &all {
            let is_kept = !matches!(kind, Kind::Forged | Kind::Foreign);
            assert_eq!(kept.contains(body.as_slice()), is_kept, "{}", String::from_utf8_lossy(body));
        }
        for (_, body) in &made {
            let done = states.iter().any(|(kept, state, _)| kept == body && state == "done");
            assert!(done, "{}", String::from_utf8_lossy(body));
        }
        let expected: HashSet<String> = made.iter().map(|(name, _)| name.connection_id.clone()).collect();
        let rows = database.query("select connection_id from connections where status = 'active'", &[]).await.unwrap();
        let saved: HashSet<String> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(saved, expected, "one connection a person and provider, and no other");
        let stray = "select count(*) from quarantined_connections";
        assert_eq!(database.query_one(stray, &[]).await.unwrap().get::<_, i64>(0), 0);
        let created = "select count(*) from admin_audit_log where action = 'connection_created'";
        assert_eq!(database.query_one(created, &[]).await.unwrap().get::<_, i64>(0), 8);
    })
    .await;
}
