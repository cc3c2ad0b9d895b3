//! The contracts of this domain's ports, on the fakes.

mod company_jobs {
    use cortex_sync_jobs::testing::company_jobs::InMemoryHarness;

    cortex_sync_jobs::company_jobs_contract!(InMemoryHarness::default());
}

mod due_accounts {
    use cortex_sync_jobs::testing::due_accounts::InMemoryHarness;

    cortex_sync_jobs::due_accounts_contract!(InMemoryHarness::default());
}

mod job_directory {
    use cortex_sync_jobs::testing::job_directory::InMemoryHarness;

    cortex_sync_jobs::job_directory_contract!(InMemoryHarness::default());
}

mod job_queue {
    use cortex_sync_jobs::testing::job_queue::InMemoryHarness;

    cortex_sync_jobs::job_queue_contract!(InMemoryHarness::default());
}

mod live_jobs {
    use cortex_sync_jobs::testing::live_jobs::InMemoryHarness;

    cortex_sync_jobs::live_jobs_contract!(InMemoryHarness::default());
}

mod sync_starter {
    use cortex_sync_jobs::testing::sync_starter::InMemoryHarness;

    cortex_sync_jobs::sync_starter_contract!(InMemoryHarness::default());
}

mod workers {
    use cortex_sync_jobs::testing::workers::InMemoryHarness;

    cortex_sync_jobs::workers_contract!(InMemoryHarness::default());
}
