//! How long jobs of killed workers waited until somebody ran them again.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::look::Look;

/// The jobs that were interrupted by a kill, and how soon they were taken over.
#[derive(Debug, Default)]
pub(super) struct Rescues {
    waiting: HashMap<Uuid, (i64, Instant)>,
    rescued: Vec<Duration>,
    pub(super) interrupted: usize,
}

impl Rescues {
    /// A worker was killed, a moment after this look; its name begins with its process id.
    pub(super) fn killed(&mut self, process: u32, look: &Look) {
        let owner = format!("{process}-");
        let running = look.jobs.iter().filter(|job| job.owner.as_ref().is_some_and(|name| name.starts_with(&owner)));
        for job in running {
            self.interrupted += 1;
            self.waiting.insert(job.id, (job.epoch, Instant::now()));
        }
    }

    /// Whoever is run by somebody else now, or has ended, was rescued.
    pub(super) fn look(&mut self, look: &Look) {
        let epochs: HashMap<Uuid, i64> = look.jobs.iter().map(|job| (job.id, job.epoch)).collect();
        let rescued = &mut self.rescued;
        self.waiting.retain(|id, (epoch, since)| {
            let waits = epochs.get(id) == Some(epoch);
            if !waits {
                rescued.push(since.elapsed());
            }
            waits
        });
    }

    pub(super) fn longest(&self) -> Option<Duration> {
        self.rescued.iter().max().copied()
    }

    pub(super) fn outstanding(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soak::look::LiveJob;

    fn look(epoch: i64, owner: &str) -> Look {
        let job = LiveJob { id: Uuid::nil(), epoch, owner: Some(owner.to_owned()) };
        Look { jobs: vec![job], ..Look::default() }
    }

    #[test]
    fn a_job_is_rescued_when_somebody_else_runs_it_or_it_has_ended() {
        let mut rescues = Rescues::default();
        rescues.killed(7, &look(1, "7-x"));
        rescues.killed(8, &look(1, "88-x"));
        assert_eq!((rescues.interrupted, rescues.outstanding()), (1, 1));

        rescues.look(&look(1, "7-x"));
        assert_eq!((rescues.longest(), rescues.outstanding()), (None, 1));
        rescues.look(&look(2, "9-x"));
        assert!(rescues.longest().is_some() && rescues.outstanding() == 0);

        rescues.killed(9, &look(2, "9-x"));
        rescues.look(&Look::default());
        assert_eq!(rescues.outstanding(), 0);
    }
}
