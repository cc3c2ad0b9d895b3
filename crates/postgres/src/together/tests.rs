//! Batches, without a database.

use std::pin::pin;
use std::task::Poll;

use futures_util::future::{join_all, poll_immediate};
use tokio::sync::{Notify, mpsc};

use super::*;

/// Doubles numbers when it may, and tells of each batch.
struct Doubling {
    together: Together<u32, u32>,
    may: Notify,
    batches: mpsc::UnboundedSender<Vec<u32>>,
}

impl Doubling {
    fn new() -> (Self, mpsc::UnboundedReceiver<Vec<u32>>) {
        let (batches, told) = mpsc::unbounded_channel();
        let batch = Batch { most: 3, weight: |item| usize::try_from(*item).unwrap(), heaviest: 100 };
        (Self { together: Together::new(batch), may: Notify::new(), batches }, told)
    }

    async fn put(&self, number: u32) -> Result<u32, StoreError> {
        self.together
            .put(&number, async |batch: Vec<u32>| {
                self.batches.send(batch.clone()).unwrap();
                self.may.notified().await;
                if batch.contains(&13) {
                    return Err(StoreError::Unavailable("thirteen".into()));
                }
                Ok(batch.into_iter().map(|number| 2 * number).collect())
            })
            .await
    }
}

#[tokio::test]
async fn who_comes_alone_is_served_at_once() {
    let (doubling, mut told) = Doubling::new();

    for number in [1, 2] {
        doubling.may.notify_one();
        assert_eq!(doubling.put(number).await.unwrap(), 2 * number);
        assert_eq!(told.try_recv(), Ok(vec![number]));
    }
}

#[tokio::test]
async fn those_who_come_meanwhile_go_together_and_each_has_its_answer() {
    let (doubling, mut told) = Doubling::new();
    let all = join_all([1, 2, 3, 4, 5].map(|number| doubling.put(number)));
    let control = async {
        let mut batches = Vec::new();
        while let Some(batch) = told.recv().await {
            doubling.may.notify_one();
            batches.push(batch);
            if batches.len() == 3 {
                break;
            }
        }
        batches
    };

    let (answers, batches) = tokio::join!(all, control);

    assert_eq!(answers.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [2, 4, 6, 8, 10]);
    assert_eq!(batches, [vec![1], vec![2, 3, 4], vec![5]]);
}

#[tokio::test]
async fn a_batch_of_several_is_no_heavier_than_it_may_be() {
    let (doubling, mut told) = Doubling::new();
    let all = join_all([1, 60, 50, 300].map(|number| doubling.put(number)));
    let control = async {
        let mut batches = Vec::new();
        for _ in 0..4 {
            batches.push(told.recv().await.unwrap());
            doubling.may.notify_one();
        }
        batches
    };

    let (answers, batches) = tokio::join!(all, control);

    assert_eq!(answers.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [2, 120, 100, 600]);
    assert_eq!(batches, [vec![1], vec![60], vec![50], vec![300]]);
}

#[tokio::test]
async fn all_of_a_batch_are_told_why_it_failed() {
    let (doubling, mut told) = Doubling::new();
    let all = join_all([1, 2, 13].map(|number| doubling.put(number)));
    let control = async {
        for _ in 0..2 {
            told.recv().await.unwrap();
            doubling.may.notify_one();
        }
    };

    let (answers, ()) = tokio::join!(all, control);

    let [one, two, thirteen] = answers.try_into().unwrap();
    assert_eq!(one.unwrap(), 2);
    for answer in [two, thirteen] {
        let error = answer.unwrap_err();
        assert!(error.is_transient());
        assert_eq!(error.source().unwrap().to_string(), "thirteen");
    }
}

#[tokio::test]
async fn who_is_called_off_while_he_works_for_all_leaves_nobody_waiting() {
    let (doubling, mut told) = Doubling::new();
    let mut first = Box::pin(doubling.put(1));
    assert_eq!(poll_immediate(&mut first).await.map(drop), None);
    let mut second = Box::pin(doubling.put(2));
    let mut third = pin!(doubling.put(3));
    assert_eq!(poll_immediate(&mut second).await.map(drop), None);
    assert_eq!(poll_immediate(&mut third).await.map(drop), None);
    assert_eq!(told.try_recv(), Ok(vec![1]));

    // The second is to go on, takes the third with him, and is called off, too.
    drop(first);
    assert_eq!(poll_immediate(&mut second).await.map(drop), None);
    assert_eq!(told.try_recv(), Ok(vec![2, 3]));
    drop(second);

    doubling.may.notify_one();
    assert_eq!(third.await.unwrap(), 6);
    assert_eq!(told.try_recv(), Ok(vec![3]));
}

#[tokio::test]
async fn who_was_called_off_is_worked_on_by_nobody_and_stops_nobody() {
    let (doubling, mut told) = Doubling::new();
    let mut first = Box::pin(doubling.put(1));
    assert_eq!(poll_immediate(&mut first).await.map(drop), None);
    for number in [2, 3] {
        let mut waits = Box::pin(doubling.put(number));
        assert_eq!(poll_immediate(&mut waits).await.map(drop), None);
    }
    let mut fourth = Box::pin(doubling.put(4));
    let mut fifth = pin!(doubling.put(5));
    assert_eq!(poll_immediate(&mut fourth).await.map(drop), None);
    assert_eq!(poll_immediate(&mut fifth).await.map(drop), None);

    // Told to go on, and gone before he hears it.
    doubling.may.notify_one();
    assert_eq!(first.await.unwrap(), 2);
    drop(fourth);

    doubling.may.notify_one();
    assert_eq!(fifth.await.unwrap(), 10);
    let batches: Vec<_> = std::iter::from_fn(|| told.try_recv().ok()).collect();
    assert_eq!(batches, [vec![1], vec![5]]);
    doubling.may.notify_one();
    assert!(matches!(futures_util::poll!(pin!(doubling.put(6))), Poll::Ready(Ok(12))));
}
