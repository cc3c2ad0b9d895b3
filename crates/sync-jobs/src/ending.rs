//! What a failed run means for its job. A pure decision, apart from the queue that makes it durable.

use std::time::Duration;

use crate::back_off::{BackOff, spread};
use crate::model::{Ending, Job, JobFailure};

/// A snooze is no attempt, so nothing but its length keeps a job from running over and over.
const SHORTEST_SNOOZE: Duration = Duration::from_secs(1);

/// A snooze of which nobody said how long, before spreading.
const FIRST_SNOOZE: Duration = Duration::from_secs(2);
const LONGEST_SNOOZE: Duration = Duration::from_mins(1);

/// How a run of `job` that failed ends: what may pass is tried again until the attempts are used up, who asks us to wait
/// is obeyed, and what only a person can mend is given up at once.
#[must_use]
pub fn of_failure(failure: JobFailure, job: &Job, back_off: &BackOff, jitter: f64) -> Ending {
    match failure {
        JobFailure::Transient(failure) if job.attempt < job.max_attempts => {
            Ending::Retried { failure, after: back_off.wait(job.attempt, jitter) }
        }
        JobFailure::Throttled { retry_after, failure } => {
            let after = retry_after.unwrap_or_else(|| snooze(job).mul_f64(spread(jitter)));
            Ending::Snoozed { failure, after: after.max(SHORTEST_SNOOZE) }
        }
        JobFailure::Transient(failure) | JobFailure::Unauthorised(failure) | JobFailure::Permanent(failure) => {
            Ending::Failed(failure)
        }
    }
}

/// A quarter of the time that the job has waited since it last got on, so that it comes back at most that much too late. An
/// account that is read for hours waits no longer after a single failure than a small one.
fn snooze(job: &Job) -> Duration {
    let since = job.progressed_at.unwrap_or(job.created_at);
    let waited = Duration::try_from(job.run_after - since).unwrap_or_default();
    (waited / 4).clamp(FIRST_SNOOZE, LONGEST_SNOOZE)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::Failure;
    use crate::testing::a_job;

    const BACK_OFF: BackOff = BackOff { first: Duration::from_secs(10), longest: Duration::from_mins(10) };
    const MAX: u32 = 3;

    fn failure() -> Failure {
        Failure::new("some_code", "Some sentence.")
    }

    fn throttled(seconds: Option<u64>) -> JobFailure {
        JobFailure::Throttled { retry_after: seconds.map(Duration::from_secs), failure: failure() }
    }

    #[rstest]
    #[case::first_try(JobFailure::Transient(failure()), 1, retried(10))]
    #[case::second_try(JobFailure::Transient(failure()), 2, retried(20))]
    #[case::last_try(JobFailure::Transient(failure()), MAX, Ending::Failed(failure()))]
    #[case::asked_to_wait(throttled(Some(77)), 1, snoozed(77))]
    #[case::asked_to_wait_at_the_last_try(throttled(Some(77)), MAX, snoozed(77))]
    #[case::refused(JobFailure::Unauthorised(failure()), 1, Ending::Failed(failure()))]
    #[case::hopeless(JobFailure::Permanent(failure()), 1, Ending::Failed(failure()))]
    fn how_a_run_ends_follows_from_its_failure_and_its_attempts(
        #[case] of: JobFailure,
        #[case] attempt: u32,
        #[case] expected: Ending,
    ) {
        let job = Job { attempt, max_attempts: MAX, ..a_job() };

        assert_eq!(of_failure(of, &job, &BACK_OFF, 1.0), expected);
    }

    #[rstest]
    #[case::no_time_at_all(Some(0), 0, None, 0.0, 1_000)]
    #[case::a_moment(Some(1), 0, None, 0.0, 1_000)]
    #[case::unsaid_and_new(None, 0, None, 1.0, 2_000)]
    #[case::unsaid_new_and_spread(None, 0, None, 0.0, 1_000)]
    #[case::unsaid_and_waiting(None, 100, None, 1.0, 25_000)]
    #[case::unsaid_and_waiting_for_long(None, 100_000, None, 1.0, 60_000)]
    #[case::unsaid_and_due_before_it_was_made(None, -5, None, 1.0, 2_000)]
    #[case::unsaid_and_waiting_since_it_got_on(None, 1_100, Some(1_000), 1.0, 25_000)]
    #[case::unsaid_and_it_got_on_since_it_was_due(None, 1_000, Some(1_100), 1.0, 2_000)]
    fn a_snooze_lasts_at_least_a_second_and_grows_with_the_time_that_was_waited(
        #[case] said: Option<u64>,
        #[case] waited: i64,
        #[case] got_on: Option<i64>,
        #[case] jitter: f64,
        #[case] millis: u64,
    ) {
        let made = a_job();
        let after = |seconds| made.created_at + time::Duration::seconds(seconds);
        let (run_after, progressed_at) = (after(waited), got_on.map(after));
        let job = Job { run_after, progressed_at, attempt: 1, ..made };

        let ending = of_failure(throttled(said), &job, &BACK_OFF, jitter);

        assert_eq!(ending, Ending::Snoozed { failure: failure(), after: Duration::from_millis(millis) });
    }

    fn retried(seconds: u64) -> Ending {
        Ending::Retried { failure: failure(), after: Duration::from_secs(seconds) }
    }

    fn snoozed(seconds: u64) -> Ending {
        Ending::Snoozed { failure: failure(), after: Duration::from_secs(seconds) }
    }
}
