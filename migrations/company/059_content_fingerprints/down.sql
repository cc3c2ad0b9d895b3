alter table document_sources drop column fingerprint;
