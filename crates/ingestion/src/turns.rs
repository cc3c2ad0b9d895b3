//! Taking turns at what only so many may do at once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_channel::oneshot;

/// Turns, of which only so many are taken at once. Whoever asks first comes first.
pub(crate) struct Turns {
    state: Arc<Mutex<State>>,
}

/// Whoever has this one is at it; dropped, it is the next one's.
pub(crate) struct Turn {
    state: Arc<Mutex<State>>,
}

struct State {
    free: usize,
    waiting: VecDeque<oneshot::Sender<Turn>>,
}

impl Turns {
    /// So many at once.
    pub(crate) fn new(most: usize) -> Self {
        Self { state: Arc::new(Mutex::new(State { free: most, waiting: VecDeque::new() })) }
    }

    /// Waits for a turn. Whoever is dropped meanwhile waits no more.
    pub(crate) async fn take(&self) -> Turn {
        let called = {
            let mut state = lock(&self.state);
            if state.free > 0 {
                state.free -= 1;
                None
            } else {
                let (call, called) = oneshot::channel();
                state.waiting.push_back(call);
                Some(called)
            }
        };
        match called {
            None => Turn { state: Arc::clone(&self.state) },
            Some(called) => called.await.expect("`self` keeps those who wait"),
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let next = {
            let mut state = lock(&self.state);
            let next = state.waiting.iter().position(|call| !call.is_canceled());
            let Some(next) = next else {
                state.waiting.clear();
                state.free += 1;
                return;
            };
            state.waiting.drain(..=next).next_back()
        };
        if let Some(call) = next {
            // If he leaves at this very moment, the turn comes back, and its end calls the one after him.
            drop(call.send(Self { state: Arc::clone(&self.state) }));
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn so_many_have_one_at_once_and_who_asked_first_is_next() {
        let turns = Turns::new(2);
        let (first, second) = (turns.take().await, turns.take().await);
        let (mut third, mut fourth) = (pin!(turns.take()), pin!(turns.take()));
        assert!(third.as_mut().now_or_never().is_none());
        assert!(fourth.as_mut().now_or_never().is_none());

        drop(second);

        assert!(fourth.as_mut().now_or_never().is_none(), "the third asked before");
        let third = third.now_or_never().expect("his turn");
        drop((first, third));
        let fourth = fourth.now_or_never().expect("his turn");
        let fifth = turns.take().now_or_never().expect("one is free");
        assert!(turns.take().now_or_never().is_none());
        drop((fourth, fifth));
        assert!(turns.take().now_or_never().is_some());
    }

    #[tokio::test]
    async fn who_leaves_keeps_nobody_waiting() {
        let turns = Turns::new(1);
        let first = turns.take().await;
        let mut left = Box::pin(turns.take());
        let mut called = Box::pin(turns.take());
        let mut last = pin!(turns.take());
        for waits in [left.as_mut(), called.as_mut(), last.as_mut()] {
            assert!(waits.now_or_never().is_none());
        }

        drop(left);
        drop(first);
        drop(called);

        assert!(last.now_or_never().is_some(), "it was called, had a turn, and left without a word");
        assert!(turns.take().now_or_never().is_some());
    }
}
