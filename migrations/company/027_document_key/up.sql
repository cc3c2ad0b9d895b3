select cortex_drop_constraint('documents', 'u', 'tenant_id', 'source', 'source_id');
