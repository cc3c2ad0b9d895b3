//! How much of uploads is in flight, and who waits.
//!
//! A file lies in the temporary directory from its first byte until its request is answered, and the files within a
//! message are in memory meanwhile, so there is only so much room: of a process, and of a member, so that no member
//! takes all of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use actix_web::rt::time::timeout;
use cortex_kernel::UserId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::UploadLimits;
use crate::problem::{Problem, ProblemKind};

/// Room for uploads, in KiB: whoever asks first has it first, so that a large one is not passed by small ones for ever.
pub struct UploadRoom {
    all: Arc<Semaphore>,
    most_of_one: u32,
    /// The shares of those who have something in flight.
    shares: Mutex<HashMap<UserId, Weak<Semaphore>>>,
}

/// The room that one request has; dropped, it is free again.
pub(crate) struct Place {
    _own: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

/// Bytes of all uploads of a process, where two requests of the largest size do not need more.
const LEAST: u64 = 1 << 30;

/// What stands around the files of a request, at most.
const FRAME: u64 = 64 * 1024;

/// When to come again, in seconds. Few uploads take longer.
const COME_AGAIN: u64 = 30;

const KIB: u64 = 1024;

impl UploadRoom {
    /// Room for uploads within these limits: one GiB, or twice the largest request. A member may have half of it.
    #[must_use]
    pub fn new(limits: UploadLimits) -> Self {
        let most_of_one = (LEAST / 2).max(largest(limits.most_bytes, limits.most_files)).div_ceil(KIB);
        // As many permits as one may ask for at once, and twice as many are no more than there can be.
        let most_of_one = u32::try_from(most_of_one).unwrap_or(u32::MAX);
        let all = Arc::new(Semaphore::new(2 * most_of_one as usize));
        Self { all, most_of_one, shares: Mutex::default() }
    }

    /// Takes room for a request of so many bytes as soon as there is some, unless it takes longer than anybody waits.
    pub(crate) async fn take(&self, user_id: UserId, bytes: u64, patience: Duration) -> Result<Place, Problem> {
        let kib = u32::try_from(bytes.div_ceil(KIB)).unwrap_or(u32::MAX).clamp(1, self.most_of_one);
        let share = self.share_of(user_id);
        let mut own = None;
        let taking = async {
            own = Some(permits(share, kib).await);
            permits(Arc::clone(&self.all), kib).await
        };
        let all = timeout(patience, taking).await;
        match (own, all) {
            (Some(own), Ok(all)) => Ok(Place { _own: own, _all: all }),
            (Some(_), Err(_)) => Err(full(ProblemKind::Unavailable, "of all members")),
            (None, _) => Err(full(ProblemKind::RateLimited, "of yours")),
        }
    }

    fn share_of(&self, user_id: UserId) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        shares.retain(|_, share| share.strong_count() > 0);
        shares.get(&user_id).and_then(Weak::upgrade).unwrap_or_else(|| {
            let share = Arc::new(Semaphore::new(self.most_of_one as usize));
            shares.insert(user_id, Arc::downgrade(&share));
            share
        })
    }
}

/// The most bytes that the body of a request may have with so many files of this size.
pub(crate) fn largest(most_bytes: u64, most_files: usize) -> u64 {
    most_bytes.saturating_mul(most_files as u64).saturating_add(FRAME)
}

async fn permits(of: Arc<Semaphore>, kib: u32) -> OwnedSemaphorePermit {
    of.acquire_many_owned(kib).await.expect("nobody closes it")
}

fn full(kind: ProblemKind, whose: &str) -> Problem {
    let detail = format!("Too much is being uploaded: uploads {whose} take all the room that there is for them.");
    Problem::new(kind).detail(detail).retry_after(COME_AGAIN)
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt as _;
    use uuid::Uuid;

    use super::*;

    const LONG: Duration = Duration::from_mins(1);
    const MIB: u64 = 1024 * KIB;

    fn user(n: u128) -> UserId {
        UserId::new(Uuid::from_u128(n))
    }

    fn room() -> UploadRoom {
        UploadRoom::new(UploadLimits { most_bytes: 25 * MIB, most_files: 10 })
    }

    async fn refusal(room: &UploadRoom, user_id: UserId, bytes: u64) -> ProblemKind {
        room.take(user_id, bytes, Duration::from_millis(5)).await.err().unwrap().kind()
    }

    #[actix_web::test]
    async fn a_member_has_half_of_it_and_a_colleague_the_rest() {
        let room = room();
        let half = room.take(user(1), 512 * MIB, LONG).await.ok().unwrap();

        assert_eq!(refusal(&room, user(1), 1).await, ProblemKind::RateLimited);
        let rest = room.take(user(2), 512 * MIB, LONG).await.ok().unwrap();
        assert_eq!(refusal(&room, user(3), 1).await, ProblemKind::Unavailable);
        drop((half, rest));
        assert!(room.take(user(1), 512 * MIB, LONG).await.is_ok(), "who was refused keeps nothing");
        assert!(room.shares.lock().unwrap().len() <= 2, "who has nothing in flight is forgotten");
    }

    #[actix_web::test]
    async fn whoever_finds_none_has_it_once_there_is_some_and_a_large_one_is_not_passed_by() {
        let room = room();
        let (first, _second) =
            (room.take(user(1), 512 * MIB, LONG).await.ok(), room.take(user(2), 256 * MIB, LONG).await.ok());
        let (mut large, mut small) = (pin!(room.take(user(3), 512 * MIB, LONG)), pin!(room.take(user(4), MIB, LONG)));
        assert!(large.as_mut().now_or_never().is_none());
        assert!(small.as_mut().now_or_never().is_none(), "there is room for it, and somebody waits for that");

        drop(first);

        assert!(matches!(large.now_or_never(), Some(Ok(_))));
        assert!(matches!(small.now_or_never(), Some(Ok(_))));
    }

    #[actix_web::test]
    async fn two_of_the_largest_requests_have_room_whatever_is_allowed() {
        for (most_bytes, most_files) in [(1, 1), (100 * MIB, 20), (u64::MAX, 10)] {
            let room = UploadRoom::new(UploadLimits { most_bytes, most_files });
            let largest = largest(most_bytes, most_files);
            let first = room.take(user(1), largest, LONG).now_or_never();
            let second = room.take(user(2), largest, LONG).now_or_never();
            assert!(matches!((first, second), (Some(Ok(_)), Some(Ok(_)))), "{most_files} of {most_bytes}");
        }
    }
}
