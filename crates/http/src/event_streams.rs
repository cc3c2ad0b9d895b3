//! How many event streams are open, and how they run.
//!
//! Each takes a connection and looks at the database again and again, so there are only so many: of a process, and of a
//! member, so that no member takes all of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cortex_kernel::UserId;
use cortex_sync_jobs::ports::CancellationToken;

use crate::problem::{Problem, ProblemKind};

/// Room for event streams, and when they end.
pub struct EventStreams {
    stop: CancellationToken,
    look_every: Duration,
    admit_every: Duration,
    open: Mutex<HashMap<UserId, usize>>,
}

/// The room that one stream takes; dropped, it is free again.
pub(crate) struct Place {
    streams: Arc<EventStreams>,
    user_id: UserId,
}

/// Most streams of a process: so many looks a second are nothing for a database.
const MOST: usize = 256;
/// Most streams of a member: a few windows with all accounts of his.
const MOST_OF_ONE: usize = 16;
/// Fast enough for people who watch, and slower than pages come.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// As soon as it is forgotten who was a member, it is asked again.
const ADMIT_EVERY: Duration = Duration::from_secs(5);

impl EventStreams {
    /// Streams that end once `stop` is cancelled.
    #[must_use]
    pub fn new(stop: CancellationToken) -> Self {
        Self { stop, look_every: LOOK_EVERY, admit_every: ADMIT_EVERY, open: Mutex::default() }
    }

    /// The same for tests, which do not wait: they look all the time, and ask as often who is there.
    #[cfg(test)]
    pub(crate) fn restless(stop: CancellationToken) -> Self {
        let (look_every, admit_every) = (Duration::from_millis(1), Duration::ZERO);
        Self { look_every, admit_every, ..Self::new(stop) }
    }

    /// Takes the room for one more stream of the member.
    pub(crate) fn open(self: &Arc<Self>, user_id: UserId) -> Result<Place, Problem> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |kind, whose| {
            let detail = format!("Too many event streams {whose} are open: close one, or look at the job itself.");
            Err(Problem::new(kind).detail(detail))
        };
        if open.get(&user_id).is_some_and(|of_one| *of_one >= MOST_OF_ONE) {
            return full(ProblemKind::RateLimited, "of yours");
        }
        if open.values().sum::<usize>() >= MOST {
            return full(ProblemKind::Unavailable, "of all members");
        }
        *open.entry(user_id).or_default() += 1;
        Ok(Place { streams: Arc::clone(self), user_id })
    }

    fn close(&self, user_id: UserId) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_one) = open.get_mut(&user_id) {
            *of_one -= 1;
            if *of_one == 0 {
                open.remove(&user_id);
            }
        }
    }
}

impl Place {
    /// Waits until it is time to look again. False when the stream is to end.
    pub(crate) async fn pause(&self) -> bool {
        let EventStreams { stop, look_every, .. } = &*self.streams;
        stop.run_until_cancelled(actix_web::rt::time::sleep(*look_every)).await.is_some()
    }

    /// How long whoever was let in may watch before it is asked again whether he may come in.
    pub(crate) fn admit_every(&self) -> Duration {
        self.streams.admit_every
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.streams.close(self.user_id);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn user(n: u128) -> UserId {
        UserId::new(Uuid::from_u128(n))
    }

    #[test]
    fn a_member_has_only_so_many_and_a_closed_one_makes_room() {
        let streams = Arc::new(EventStreams::new(CancellationToken::new()));
        let mut places: Vec<_> = (0..MOST_OF_ONE).map(|_| streams.open(user(1)).ok().unwrap()).collect();

        assert_eq!(streams.open(user(1)).err().unwrap().kind(), ProblemKind::RateLimited);
        assert!(streams.open(user(2)).is_ok(), "a colleague has his own");
        places.pop();
        assert!(streams.open(user(1)).is_ok());
        drop(places);
        assert!(streams.open.lock().unwrap().is_empty());
    }

    #[test]
    fn a_process_has_only_so_many() {
        let streams = Arc::new(EventStreams::new(CancellationToken::new()));
        let _places: Vec<_> = (0..MOST).map(|n| streams.open(user(n as u128)).ok().unwrap()).collect();

        assert_eq!(streams.open(user(9_999)).err().unwrap().kind(), ProblemKind::Unavailable);
    }
}
