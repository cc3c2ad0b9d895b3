//! The contracts of this domain's ports, on the fakes.

mod content_ledger {
    use cortex_ingestion::testing::page_store::InMemoryHarness;

    cortex_ingestion::content_ledger_contract!(InMemoryHarness::default());
}

mod document_counts {
    use cortex_ingestion::testing::library::InMemoryHarness;

    cortex_ingestion::document_counts_contract!(InMemoryHarness::default());
}

mod document_reader {
    use cortex_ingestion::testing::library::InMemoryHarness;

    cortex_ingestion::document_reader_contract!(InMemoryHarness::default());
}

mod page_store {
    use cortex_ingestion::testing::page_store::InMemoryHarness;

    cortex_ingestion::page_store_contract!(InMemoryHarness::default());
}

mod search_index {
    use cortex_ingestion::testing::library::InMemoryHarness;

    cortex_ingestion::search_index_contract!(InMemoryHarness::default());
}

mod set_aside_records {
    use cortex_ingestion::testing::page_store::InMemoryHarness;

    cortex_ingestion::set_aside_records_contract!(InMemoryHarness::default());
}
