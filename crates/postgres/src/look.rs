//! A short visit to a database, to look at it: a connection for a few questions, without prepared statements, so that it
//! may go through a transaction pooler.

use std::error::Error as StdError;
use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::{Client, Error, SimpleQueryMessage, SimpleQueryRow};

use crate::connect::WireConnection;

/// How long to wait for the server to notice that we leave.
const FAREWELL: Duration = Duration::from_secs(1);

/// Asks over a connection, and takes leave.
pub(crate) async fn with<T, E: Into<Box<dyn StdError + Send + Sync>>>(
    client: Client,
    mut wire: WireConnection,
    ask: impl AsyncFnOnce(&Client) -> Result<T, E>,
) -> Result<T, Box<dyn StdError + Send + Sync>> {
    let found = tokio::select! {
        biased;
        found = ask(&client) => found.map_err(Into::into)?,
        ended = &mut wire => {
            return Err(ended.err().map_or_else(|| "the server hung up".into(), Into::into));
        }
    };
    drop(client);
    // What was found does not depend on it.
    let _ = timeout(FAREWELL, wire).await;
    Ok(found)
}

/// The rows that a statement answers.
pub(crate) async fn rows(client: &Client, query: &str) -> Result<Vec<SimpleQueryRow>, Error> {
    let messages = client.simple_query(query).await?;
    let rows = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    Ok(rows.collect())
}

/// The first column of the rows that a statement answers; what is null is left out.
pub(crate) async fn texts(client: &Client, query: &str) -> Result<Vec<String>, Error> {
    let rows = rows(client, query).await?;
    Ok(rows.iter().filter_map(|row| row.get(0)).map(ToOwned::to_owned).collect())
}
