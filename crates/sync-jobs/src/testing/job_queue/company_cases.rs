//! One case a bullet of the contract: those about jobs of the company.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use super::Harness;
use super::cases::{
    BLINK, NOBODY_WAITS, SOMEBODY_WAITS, beat, claim_one, claim_request, enqueued, find, finish, job_id, new_job, queue,
};
use crate::model::{Ending, JobKind, JobStatus, JobSubject, NOBODY, NewJob, Trigger};
use crate::ports::{ClaimRequest, EnqueueOutcome, FinishOutcome};
use crate::testing::{COMPANY_A, a_new_company_job};

/// Made by the schedule, for a period of this number.
fn by_schedule(n: u128) -> NewJob {
    NewJob {
        id: job_id(n),
        user_id: NOBODY,
        subject: JobSubject::Company(n.to_string().parse().expect("a short text")),
        trigger: Trigger::Schedule,
        triggered_by: None,
        ..a_new_company_job()
    }
}

pub async fn a_job_of_the_company_is_found_queued_without_a_connection(harness: &impl Harness) {
    let wanted = a_new_company_job();

    let job = enqueued(harness, &wanted).await;

    let NewJob { subject, kind, user_id, .. } = wanted;
    assert_eq!((&job.subject, job.kind, job.user_id, job.status), (&subject, kind, user_id, JobStatus::Queued));
    assert_eq!(find(harness, wanted.id).await, job);
}

pub async fn the_company_has_one_live_job_of_a_kind_and_period(harness: &impl Harness) {
    let wanted = a_new_company_job();
    let first = enqueued(harness, &wanted).await;
    let again = NewJob { id: job_id(2), ..wanted.clone() };

    let outcome = queue(harness).enqueue(&again).await.expect("an outcome");
    assert_eq!(outcome, EnqueueOutcome::AlreadyLive(first));
    enqueued(harness, &NewJob { id: job_id(3), kind: JobKind::DailyReports, ..wanted.clone() }).await;
    enqueued(harness, &NewJob { subject: by_schedule(4).subject, id: job_id(4), ..wanted }).await;

    for claimed in queue(harness).claim(&claim_request(10)).await.expect("an answer") {
        finish(harness, claimed.lease, &Ending::Completed).await;
    }
    enqueued(harness, &again).await;
}

pub async fn a_job_of_the_company_asked_for_again_while_it_runs_is_done_once_more(harness: &impl Harness) {
    let wanted = a_new_company_job();
    enqueued(harness, &wanted).await;
    let claimed = claim_one(harness).await;
    assert_eq!(claimed.job.subject, wanted.subject);

    queue(harness).enqueue(&NewJob { id: job_id(2), ..wanted.clone() }).await.expect("an outcome");

    let once_more = queue(harness).finish(COMPANY_A, claimed.lease, &Ending::Completed).await.expect("an outcome");
    assert_eq!(once_more, FinishOutcome::AskedAgain);
    finish(harness, claimed.lease, &Ending::Completed).await;
    assert_eq!(find(harness, wanted.id).await.status, JobStatus::Completed);
}

pub async fn what_nobody_asked_for_counts_as_a_person_of_its_own(harness: &impl Harness) {
    for n in 11..=13 {
        enqueued(harness, &by_schedule(n)).await;
        harness.pass(BLINK).await;
    }
    let claim = async || {
        let request = ClaimRequest { most_per_user: 2, ..claim_request(10) };
        let mut claimed = queue(harness).claim(&request).await.expect("an answer");
        claimed.sort_by_key(|claimed| claimed.job.id);
        claimed.into_iter().map(|claimed| claimed.job.id).collect::<Vec<_>>()
    };

    assert_eq!((claim().await, claim().await), ([11, 12].map(job_id).to_vec(), vec![]));

    enqueued(harness, &new_job(harness, 1).await).await;
    assert_eq!(claim().await, [job_id(1)], "a member waits for none of it");
}

pub async fn a_heartbeat_tells_that_a_job_of_the_company_waits(harness: &impl Harness) {
    enqueued(harness, &new_job(harness, 1).await).await;
    let lease = claim_one(harness).await.lease;
    assert_eq!(beat(harness, lease).await, NOBODY_WAITS);

    enqueued(harness, &by_schedule(11)).await;
    harness.pass(BLINK).await;

    assert_eq!(beat(harness, lease).await, SOMEBODY_WAITS);
}
