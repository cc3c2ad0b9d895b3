//! The contracts of this domain's ports, on the fakes.

mod blob_removals {
    use cortex_ingestion::testing::page_store::InMemoryHarness;

    cortex_ingestion::blob_removals_contract!(InMemoryHarness::default());
}

mod blob_store {
    use cortex_ingestion::testing::blob_store::InMemoryHarness;

    cortex_ingestion::blob_store_contract!(InMemoryHarness::default());
}

mod content_ledger {
    use cortex_ingestion::testing::page_store::InMemoryHarness;

    cortex_ingestion::content_ledger_contract!(InMemoryHarness::default());
}

mod document_counts {
    use cortex_ingestion::testing::library::InMemoryHarness;

    cortex_ingestion::document_counts_contract!(InMemoryHarness::default());
}

mod document_export {
    use cortex_ingestion::testing::library::InMemoryHarness;

    cortex_ingestion::document_export_contract!(InMemoryHarness::default());
}

mod document_reader {
    use cortex_ingestion::testing::library::InMemoryHarness;

    cortex_ingestion::document_reader_contract!(InMemoryHarness::default());
}

mod document_removal {
    use cortex_ingestion::testing::library::InMemoryHarness;

    cortex_ingestion::document_removal_contract!(InMemoryHarness::default());
}

mod erasure {
    use cortex_ingestion::testing::library::InMemoryHarness;

    cortex_ingestion::erasure_contract!(InMemoryHarness::default());
}

mod held_deletions {
    use cortex_ingestion::testing::page_store::InMemoryHarness;

    cortex_ingestion::held_deletions_contract!(InMemoryHarness::default());
}

mod intake {
    use cortex_ingestion::testing::intake::InMemoryHarness;

    cortex_ingestion::intake_contract!(InMemoryHarness::default());
}

mod mail_reader {
    use cortex_ingestion::testing::library::InMemoryHarness;

    cortex_ingestion::mail_reader_contract!(InMemoryHarness::default());
}

mod page_store {
    use cortex_ingestion::testing::page_store::InMemoryHarness;

    cortex_ingestion::page_store_contract!(InMemoryHarness::default());
}

mod passage_finder {
    use cortex_ingestion::testing::library::InMemoryHarness;

    cortex_ingestion::passage_finder_contract!(InMemoryHarness::default());
}

mod search_index {
    use cortex_ingestion::testing::library::InMemoryHarness;

    cortex_ingestion::search_index_contract!(InMemoryHarness::default());
}

mod set_aside_records {
    use cortex_ingestion::testing::page_store::InMemoryHarness;

    cortex_ingestion::set_aside_records_contract!(InMemoryHarness::default());
}
