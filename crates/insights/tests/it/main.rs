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

mod company_overview {
    use cortex_insights::testing::company_overview::InMemoryHarness;

    cortex_insights::company_overview_contract!(InMemoryHarness::default());
}

mod mail_signals {
    use cortex_insights::testing::mail_signals::InMemoryHarness;

    cortex_insights::mail_signals_contract!(InMemoryHarness::default());
}
