//! The end of a connection, as somebody wants it.

use std::sync::Arc;

use cortex_kernel::{Clock, CompanyId, ConnectionId, Origin, StoreError, UserId};
use thiserror::Error;

use crate::model::{Documents, EndConnection, Holder, Purge};
use crate::ports::ConnectionEndings;
use crate::remove_at_broker::RemoveAtBroker;

/// Ends connections, here and at the broker.
pub struct Disconnect {
    endings: Arc<dyn ConnectionEndings>,
    remove: RemoveAtBroker,
    clock: Arc<dyn Clock>,
}

/// Somebody wants a connection to be ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisconnectRequest {
    /// Of which company.
    pub company_id: CompanyId,
    /// Our number of the connection.
    pub id: ConnectionId,
    /// Who wants it.
    pub by: UserId,
    /// What becomes of the documents that it brought in.
    pub documents: Documents,
    /// Whether he may end what is not his own.
    pub may_end_others: bool,
    /// Whether he may have removed what others brought in.
    pub may_purge_others: bool,
    /// Where the request came from, for the audit rows.
    pub origin: Origin,
}

/// The connection was not ended.
#[derive(Debug, Error)]
pub enum DisconnectError {
    /// There is none, or it is somebody else's business.
    #[error("there is no such connection")]
    NotFound,
    /// What others brought in is not his to remove.
    #[error("documents that others brought in are not for everybody to remove")]
    PurgeNotAllowed,
    /// The database could not be asked, or did not take it. What was removed until then is removed: asking again goes
    /// on.
    #[error("the connection could not be ended")]
    Store(#[from] StoreError),
}

impl Disconnect {
    /// Ends connections in `endings`.
    #[must_use]
    pub const fn new(endings: Arc<dyn ConnectionEndings>, remove: RemoveAtBroker, clock: Arc<dyn Clock>) -> Self {
        Self { endings, remove, clock }
    }

    /// Ends the connection, and answers how many documents went with it. One that is ended already is ended all the
    /// same, and a purge goes on where one was broken off.
    pub async fn disconnect(&self, request: DisconnectRequest) -> Result<u64, DisconnectError> {
        let DisconnectRequest { company_id, id, by, documents, may_end_others, may_purge_others, origin } = request;
        let holder = self.endings.find_holder(company_id, id).await?.ok_or(DisconnectError::NotFound)?;
        let is_own = holder == Holder::Person(by);
        if !is_own && !may_end_others {
            return Err(DisconnectError::NotFound);
        }
        if !is_own && documents == Documents::Purge && !may_purge_others {
            return Err(DisconnectError::PurgeNotAllowed);
        }
        let end = EndConnection { company_id, id, by, documents, at: self.clock.now(), origin };
        let ended = self.endings.end(&end).await?.ok_or(DisconnectError::NotFound)?;
        if ended.is_new {
            tracing::info!("connection {id} of company {company_id} is disconnected by user {by}");
            self.remove.at_once(&ended.reference).await;
        }
        let mut removed = 0;
        if documents == Documents::Purge {
            let purge = Purge { company_id, id, by, origin: end.origin };
            loop {
                let step = self.endings.purge_some(&purge).await?;
                removed += step.documents;
                if step.is_done {
                    break;
                }
            }
        }
        Ok(removed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ConnectionStatus, EndedConnection, Purged};
    use crate::ports::MockConnectionEndings;
    use crate::scene::{Scene, at_broker};
    use crate::testing::{COMPANY_A, InMemoryBrokerRemovals, NOON, USER_1, USER_2, a_connection, an_origin};

    fn wish(by: UserId, documents: Documents) -> DisconnectRequest {
        DisconnectRequest {
            company_id: COMPANY_A,
            id: a_connection().id,
            by,
            documents,
            may_end_others: false,
            may_purge_others: false,
            origin: an_origin(),
        }
    }

    fn disconnect_over(scene: &Scene, endings: impl ConnectionEndings + 'static) -> Disconnect {
        let removals = Arc::new(InMemoryBrokerRemovals::default());
        let remove = RemoveAtBroker::new(COMPANY_A, scene.broker.clone(), removals);
        Disconnect::new(Arc::new(endings), remove, Arc::new(|| NOON))
    }

    fn disconnect(scene: &Scene) -> Disconnect {
        let removals = Arc::new(InMemoryBrokerRemovals::default());
        let remove = RemoveAtBroker::new(COMPANY_A, scene.broker.clone(), removals);
        Disconnect::new(scene.connections.clone(), remove, Arc::new(|| NOON))
    }

    #[tokio::test]
    async fn ones_own_connection_is_ended_here_and_at_the_broker() {
        let scene = Scene::with([a_connection()]);
        scene.broker.has(at_broker("broker-1"), None);

        let removed = disconnect(&scene).disconnect(wish(USER_1, Documents::Keep)).await.unwrap();

        assert_eq!(removed, 0);
        assert_eq!(scene.row().await.unwrap().status, ConnectionStatus::Disconnected);
        assert_eq!(scene.broker.deleted(), ["broker-1"]);
    }

    #[tokio::test]
    async fn the_end_of_what_is_ended_changes_nothing() {
        let scene = Scene::with([a_connection()]);
        let disconnect = disconnect(&scene);

        for _ in 0..2 {
            disconnect.disconnect(wish(USER_1, Documents::Keep)).await.unwrap();
        }

        assert_eq!(scene.broker.deleted(), ["broker-1"]);
        assert_eq!(scene.connections.audited(COMPANY_A), ["connection_disconnected"]);
    }

    #[tokio::test]
    async fn a_colleagues_connection_is_absent_but_for_who_may_end_it() {
        let scene = Scene::with([a_connection()]);
        let disconnect = disconnect(&scene);

        let refused = disconnect.disconnect(wish(USER_2, Documents::Keep)).await;
        assert!(matches!(refused, Err(DisconnectError::NotFound)), "{refused:?}");
        assert_eq!(scene.row().await, Some(a_connection()));

        let admin = DisconnectRequest { may_end_others: true, ..wish(USER_2, Documents::Purge) };
        let refused = disconnect.disconnect(admin.clone()).await;
        assert!(matches!(refused, Err(DisconnectError::PurgeNotAllowed)), "{refused:?}");
        assert_eq!(scene.row().await, Some(a_connection()));

        disconnect.disconnect(DisconnectRequest { documents: Documents::Keep, ..admin }).await.unwrap();
        assert_eq!(scene.row().await.unwrap().status, ConnectionStatus::Disconnected);
    }

    #[tokio::test]
    async fn a_purge_goes_on_until_nothing_is_left() {
        let scene = Scene::new();
        let mut endings = MockConnectionEndings::new();
        endings.expect_find_holder().returning(|_, _| Ok(Some(Holder::Person(USER_1))));
        let ended = EndedConnection { reference: at_broker("broker-1").reference, is_new: false };
        endings.expect_end().return_once(move |_| Ok(Some(ended)));
        let mut steps = vec![(3, true), (500, false), (500, false)];
        endings.expect_purge_some().times(3).returning(move |_| {
            let (documents, is_done) = steps.pop().unwrap();
            Ok(Purged { documents, is_done })
        });

        let removed = disconnect_over(&scene, endings).disconnect(wish(USER_1, Documents::Purge)).await.unwrap();

        assert_eq!(removed, 1003);
    }

    #[tokio::test]
    async fn what_is_not_there_is_not_ended() {
        let scene = Scene::new();

        let refused = disconnect(&scene).disconnect(wish(USER_1, Documents::Keep)).await;

        assert!(matches!(refused, Err(DisconnectError::NotFound)), "{refused:?}");
    }
}
