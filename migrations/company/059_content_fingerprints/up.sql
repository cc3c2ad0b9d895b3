-- What a record said when all that it does not carry was had: one that says the same again is not fetched again.
alter table document_sources add column fingerprint text;
