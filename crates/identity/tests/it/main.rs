//! The contracts of this domain's ports, on the fakes.

mod admin_sessions {
    use cortex_identity::testing::admin_sessions::InMemoryHarness;

    cortex_identity::admin_sessions_contract!(InMemoryHarness::default());
}

mod attempt_counters {
    use cortex_identity::testing::attempt_counters::InMemoryHarness;

    cortex_identity::attempt_counters_contract!(InMemoryHarness::default());
}

mod membership_store {
    use cortex_identity::testing::membership_store::InMemoryHarness;

    cortex_identity::membership_store_contract!(InMemoryHarness::default());
}

mod profile_reader {
    use cortex_identity::testing::profile_reader::InMemoryHarness;

    cortex_identity::profile_reader_contract!(InMemoryHarness::default());
}

mod visit_store {
    use cortex_identity::testing::visit_store::InMemoryHarness;

    cortex_identity::visit_store_contract!(InMemoryHarness::default());
}

mod team_store {
    use cortex_identity::testing::team_store::InMemoryHarness;

    cortex_identity::team_store_contract!(InMemoryHarness::default());
}

mod user_directory {
    use cortex_identity::testing::user_directory::InMemoryHarness;

    cortex_identity::user_directory_contract!(InMemoryHarness::default());
}

mod company_audit {
    cortex_identity::company_audit_contract!(cortex_identity::testing::audit::InMemoryCompanyHarness::default());
}

mod master_audit {
    cortex_identity::master_audit_contract!(cortex_identity::testing::audit::InMemoryMasterHarness::default());
}
