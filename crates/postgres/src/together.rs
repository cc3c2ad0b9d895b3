//! What comes in while the database is at work goes to it together.
//!
//! A statement costs a round trip and a commit, whether it stores one row or fifty. So of those who come at once one works
//! for all: while his batch is stored the others gather, and then the one who has waited longest takes the next batch.
//! Nobody waits for company: who comes alone is served at once.

use std::collections::VecDeque;
use std::error::Error as StdError;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cortex_kernel::StoreError;
use tokio::sync::oneshot;

/// Gathers items of a kind, each of which is answered.
pub(crate) struct Together<T, R> {
    gathered: Arc<Mutex<Gathered<T, R>>>,
    batch: Batch<T>,
}

/// How large a batch may be.
pub(crate) struct Batch<T> {
    /// Most items.
    pub(crate) most: usize,
    /// How much an item weighs.
    pub(crate) weight: fn(&T) -> usize,
    /// How much a batch of several may weigh.
    pub(crate) heaviest: usize,
}

struct Gathered<T, R> {
    waiting: VecDeque<Waiting<T, R>>,
    is_led: bool,
}

struct Waiting<T, R> {
    item: T,
    told: oneshot::Sender<Told<T, R>>,
}

enum Told<T, R> {
    Answer(Result<R, StoreError>),
    /// It is for this one to work for all. Its item comes back.
    Lead(T, Lead<T, R>),
}

/// Whoever has it works for all. Let go of, however that happens, it goes to who has waited longest.
struct Lead<T, R> {
    gathered: Arc<Mutex<Gathered<T, R>>>,
}

enum Joined<T, R> {
    Leads(Lead<T, R>),
    Waits(oneshot::Receiver<Told<T, R>>),
}

impl<T: Clone, R> Together<T, R> {
    pub(crate) fn new(batch: Batch<T>) -> Self {
        let gathered = Gathered { waiting: VecDeque::new(), is_led: false };
        Self { gathered: Arc::new(Mutex::new(gathered)), batch }
    }

    /// Has the item worked on, by `work` or by that of somebody who came with it. `work` answers each item of a batch, in
    /// their order. Where whoever worked for all was called off, nobody knows what came of it, and the item is worked on
    /// again: `work` must bear that.
    pub(crate) async fn put<F>(&self, item: &T, work: impl FnOnce(Vec<T>) -> F) -> Result<R, StoreError>
    where
        F: Future<Output = Result<Vec<R>, StoreError>>,
    {
        loop {
            match self.join(item) {
                Joined::Leads(lead) => return self.lead(lead, item.clone(), work).await,
                Joined::Waits(told) => match told.await {
                    Ok(Told::Answer(answer)) => return answer,
                    Ok(Told::Lead(item, lead)) => return self.lead(lead, item, work).await,
                    Err(_) => {}
                },
            }
        }
    }

    fn join(&self, item: &T) -> Joined<T, R> {
        let mut gathered = lock(&self.gathered);
        if gathered.is_led {
            let (told, hears) = oneshot::channel();
            gathered.waiting.push_back(Waiting { item: item.clone(), told });
            Joined::Waits(hears)
        } else {
            gathered.is_led = true;
            Joined::Leads(Lead { gathered: Arc::clone(&self.gathered) })
        }
    }

    async fn lead<F>(&self, lead: Lead<T, R>, own: T, work: impl FnOnce(Vec<T>) -> F) -> Result<R, StoreError>
    where
        F: Future<Output = Result<Vec<R>, StoreError>>,
    {
        let (batch, others) = self.take(own);
        let outcome = work(batch).await;
        // The next one need not wait until all of these are told.
        drop(lead);
        match outcome {
            Ok(answers) => {
                debug_assert_eq!(answers.len(), others.len() + 1, "each item is answered");
                let mut answers = answers.into_iter();
                let own = answers.next();
                for (other, answer) in others.into_iter().zip(answers) {
                    tell(other, Ok(answer));
                }
                own.ok_or_else(|| StoreError::Broken("an item was not answered".into()))
            }
            Err(error) => {
                let error = Shared::from(error);
                for other in others {
                    tell(other, Err(error.tell()));
                }
                Err(error.tell())
            }
        }
    }

    /// One's own item with those that have waited longest, as many as go together.
    fn take(&self, own: T) -> (Vec<T>, Vec<oneshot::Sender<Told<T, R>>>) {
        let Batch { most, weight, heaviest } = self.batch;
        let mut weighs = weight(&own);
        let (mut batch, mut others) = (vec![own], Vec::new());
        let mut gathered = lock(&self.gathered);
        while batch.len() < most
            && let Some(next) = gathered.waiting.pop_front()
        {
            if next.told.is_closed() {
                continue;
            }
            weighs += weight(&next.item);
            if weighs > heaviest {
                gathered.waiting.push_front(next);
                break;
            }
            batch.push(next.item);
            others.push(next.told);
        }
        (batch, others)
    }
}

impl<T, R> Drop for Lead<T, R> {
    fn drop(&mut self) {
        let next = {
            let mut gathered = lock(&self.gathered);
            loop {
                match gathered.waiting.pop_front() {
                    Some(next) if next.told.is_closed() => {}
                    Some(next) => break next,
                    None => {
                        gathered.is_led = false;
                        return;
                    }
                }
            }
        };
        // Not received, it is let go of, and passes on.
        let _ = next.told.send(Told::Lead(next.item, Self { gathered: Arc::clone(&self.gathered) }));
    }
}

/// An error that several are told.
enum Shared {
    Unavailable(Arc<dyn StdError + Send + Sync>),
    Broken(Arc<dyn StdError + Send + Sync>),
}

impl From<StoreError> for Shared {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(source) => Self::Unavailable(source.into()),
            StoreError::Broken(source) => Self::Broken(source.into()),
        }
    }
}

impl Shared {
    fn tell(&self) -> StoreError {
        match self {
            Self::Unavailable(source) => StoreError::Unavailable(Box::new(Arc::clone(source))),
            Self::Broken(source) => StoreError::Broken(Box::new(Arc::clone(source))),
        }
    }
}

/// Who was called off need not be told.
fn tell<T, R>(other: oneshot::Sender<Told<T, R>>, answer: Result<R, StoreError>) {
    let _ = other.send(Told::Answer(answer));
}

/// Nothing that is done while it is held panics.
fn lock<T, R>(gathered: &Mutex<Gathered<T, R>>) -> MutexGuard<'_, Gathered<T, R>> {
    gathered.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
