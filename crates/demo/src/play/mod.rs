//! The journey, one scene a file. A step that does not hold is marked and the journey goes on; what makes it senseless
//! to go on is an error.

mod accounts;
mod connecting;
mod entering;
mod interrupted_sync;
mod numbers;
mod reconnecting;
mod searching;
mod shared_message;
mod syncing;
mod tables;
mod uploading;
mod webhooks;

use anyhow::Result;

use crate::client::Client;
use crate::library::Library;
use crate::people::{A1, A2, B1};
use crate::report::Report;
use crate::stack::Stack;

/// The members, each signed in at the own company.
struct Seats {
    a1: Client,
    a2: Client,
    b1: Client,
}

/// Plays all of it.
pub(crate) async fn play(stack: &mut Stack<'_>, report: &mut Report) -> Result<()> {
    let seats = Seats {
        a1: stack.seat(&A1, &stack.a).await?,
        a2: stack.seat(&A2, &stack.a).await?,
        b1: stack.seat(&B1, &stack.b).await?,
    };
    entering::play(stack, &seats, report).await?;
    webhooks::play(stack, report).await?;
    connecting::play(stack, &seats, report).await?;
    syncing::play(stack, &seats, report).await?;
    interrupted_sync::play(stack, &seats, report).await?;
    let library = Library::read(&seats.a1).await?;
    interrupted_sync::count(stack, &seats, &library, report).await?;
    searching::play(stack, &seats, &library, report).await?;
    shared_message::play(stack, &seats, &library, report).await?;
    reconnecting::play(stack, &seats, report).await?;
    accounts::play(stack, &seats, report).await?;
    uploading::play(&seats, report).await?;
    let library = Library::read(&seats.a1).await?;
    numbers::play(&seats, &library, report).await?;
    numbers::show(&seats, report).await?;
    tables::show(&seats, &library, report).await
}
