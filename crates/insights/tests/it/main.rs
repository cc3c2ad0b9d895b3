//! The contracts of this domain's ports, on the fakes.

mod alerts {
    use cortex_insights::testing::alerts::InMemoryHarness;

    cortex_insights::alerts_contract!(InMemoryHarness::default());
}

mod books {
    use cortex_insights::testing::books::InMemoryHarness;

    cortex_insights::books_contract!(InMemoryHarness::default());
}

mod chats {
    use cortex_insights::testing::chats::InMemoryHarness;

    cortex_insights::chats_contract!(InMemoryHarness::default());
}

mod correspondence {
    use cortex_insights::testing::correspondence::InMemoryHarness;

    cortex_insights::correspondence_contract!(InMemoryHarness::default());
}

mod company_overview {
    use cortex_insights::testing::company_overview::InMemoryHarness;

    cortex_insights::company_overview_contract!(InMemoryHarness::default());
}

mod figures {
    use cortex_insights::testing::figures::InMemoryHarness;

    cortex_insights::figures_contract!(InMemoryHarness::default());
}

mod summaries {
    use cortex_insights::testing::summaries::InMemoryHarness;

    cortex_insights::summaries_contract!(InMemoryHarness::default());
}

mod daily_reports {
    use cortex_insights::testing::daily_reports::InMemoryHarness;

    cortex_insights::daily_reports_contract!(InMemoryHarness::default());
}

mod day_reader {
    use cortex_insights::testing::day_reader::InMemoryHarness;

    cortex_insights::day_reader_contract!(InMemoryHarness::default());
}

mod saved_reports {
    use cortex_insights::testing::saved_reports::InMemoryHarness;

    cortex_insights::saved_reports_contract!(InMemoryHarness::default());
}

mod mail_signals {
    use cortex_insights::testing::mail_signals::InMemoryHarness;

    cortex_insights::mail_signals_contract!(InMemoryHarness::default());
}
