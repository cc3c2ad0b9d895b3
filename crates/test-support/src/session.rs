//! Connections for a test's own statements.

use tokio_postgres::{Client, Config, Error, NoTls};

/// Connects to a URL. The connection ends when the client is dropped, or its runtime.
///
/// It speaks no TLS: it is for looking into a database beside the code under test.
pub async fn connect(url: &str) -> Result<Client, Error> {
    connect_named(url, None).await
}

/// Connects, and names the session to other sessions.
pub(crate) async fn connect_named(url: &str, name: Option<&str>) -> Result<Client, Error> {
    let mut config: Config = url.parse()?;
    if let Some(name) = name {
        config.application_name(name);
    }
    let (client, connection) = config.connect(NoTls).await?;
    drive(async move {
        // The client's next statement fails, and says why.
        let _ = connection.await;
    });
    Ok(client)
}

#[expect(clippy::disallowed_methods, reason = "a connection of tokio-postgres is driven beside its client")]
fn drive(connection: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(connection);
}
