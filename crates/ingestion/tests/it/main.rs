//! The contracts of this domain's ports, on the fakes.

mod page_store {
    use cortex_ingestion::testing::page_store::InMemoryHarness;

    cortex_ingestion::page_store_contract!(InMemoryHarness::default());
}
