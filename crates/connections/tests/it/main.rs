//! The contracts of this domain's ports, on the fakes.

mod connection_store {
    use cortex_connections::testing::connection_store::InMemoryHarness;

    cortex_connections::connection_store_contract!(InMemoryHarness::default());
}

mod connect_session_store {
    use cortex_connections::testing::connect_session_store::InMemoryHarness;

    cortex_connections::connect_session_store_contract!(InMemoryHarness::default());
}
