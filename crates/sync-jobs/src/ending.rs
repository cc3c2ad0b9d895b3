//! What a failed run means for its job. A pure decision, apart from the queue that makes it durable.

use crate::back_off::BackOff;
use crate::model::{Ending, Job, JobFailure};

/// How a run of `job` that failed ends: what may pass is tried again until the attempts are used up, who asks us to wait
/// is obeyed, and what only a person can mend is given up at once.
#[must_use]
pub fn of_failure(failure: JobFailure, job: &Job, back_off: &BackOff, jitter: f64) -> Ending {
    match failure {
        JobFailure::Transient(failure) if job.attempt < job.max_attempts => {
            Ending::Retried { failure, after: back_off.wait(job.attempt, jitter) }
        }
        JobFailure::Throttled { retry_after, failure } => {
            let after = retry_after.unwrap_or_else(|| back_off.wait(job.attempt, jitter));
            Ending::Snoozed { failure, after }
        }
        JobFailure::Transient(failure) | JobFailure::Unauthorised(failure) | JobFailure::Permanent(failure) => {
            Ending::Failed(failure)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
    #[case::asked_to_wait_for_some_time(throttled(None), 2, snoozed(20))]
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

    fn retried(seconds: u64) -> Ending {
        Ending::Retried { failure: failure(), after: Duration::from_secs(seconds) }
    }

    fn snoozed(seconds: u64) -> Ending {
        Ending::Snoozed { failure: failure(), after: Duration::from_secs(seconds) }
    }
}
