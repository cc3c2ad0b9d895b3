//! The contracts of this domain's ports, on the fakes.

mod connection_store {
    use cortex_connections::testing::connection_store::InMemoryHarness;

    cortex_connections::connection_store_contract!(InMemoryHarness::default());
}

mod connect_session_store {
    use cortex_connections::testing::connect_session_store::InMemoryHarness;

    cortex_connections::connect_session_store_contract!(InMemoryHarness::default());
}

mod connect_session_endings {
    use cortex_connections::testing::connect_session_endings::InMemoryHarness;

    cortex_connections::connect_session_endings_contract!(InMemoryHarness::default());
}

mod members {
    use cortex_connections::testing::members::InMemoryHarness;

    cortex_connections::members_contract!(InMemoryHarness::default());
}

mod original_connections {
    use cortex_connections::testing::original_connections::InMemoryHarness;

    cortex_connections::original_connections_contract!(InMemoryHarness::default());
}

mod quarantine_store {
    use cortex_connections::testing::quarantine_store::InMemoryHarness;

    cortex_connections::quarantine_store_contract!(InMemoryHarness::default());
}

mod webhook_inbox {
    use cortex_connections::testing::webhook_inbox::InMemoryHarness;

    cortex_connections::webhook_inbox_contract!(InMemoryHarness::default());
}

mod directory {
    use cortex_connections::testing::directory::InMemoryHarness;

    cortex_connections::connection_directory_contract!(InMemoryHarness::default());
    cortex_connections::member_directory_contract!(InMemoryHarness::default());
}

mod connection_health {
    use cortex_connections::testing::connection_health::InMemoryHarness;

    cortex_connections::connection_health_contract!(InMemoryHarness::default());
}

mod connection_endings {
    use cortex_connections::testing::connection_endings::InMemoryHarness;

    cortex_connections::connection_endings_contract!(InMemoryHarness::default());
}

mod connection_views {
    use cortex_connections::testing::connection_views::InMemoryHarness;

    cortex_connections::connection_views_contract!(InMemoryHarness::default());
}

mod broker_removals {
    use cortex_connections::testing::broker_removals::InMemoryHarness;

    cortex_connections::broker_removals_contract!(InMemoryHarness::default());
}

mod turns {
    use cortex_connections::testing::turns::InMemoryHarness;

    cortex_connections::turns_contract!(InMemoryHarness::default());
}

mod unclaimed_connections {
    use cortex_connections::testing::unclaimed_connections::InMemoryHarness;

    cortex_connections::unclaimed_connections_contract!(InMemoryHarness::default());
}
