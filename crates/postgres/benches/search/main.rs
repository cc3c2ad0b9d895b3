//! scratch
#![expect(clippy::unwrap_used, reason = "what goes wrong on the stage of a benchmark ends it")]
mod words;
mod world;
fn main() {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let n: usize = std::env::var("N").unwrap().parse().unwrap();
        world::fill(&std::env::var("URL").unwrap(), n).await;
    });
}
