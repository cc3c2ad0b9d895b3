-- Mail documents from before are one per thread. When the messages of a thread come in one by one, its old document is
-- left out of lists, counts and search, and kept.
alter table documents add column if not exists superseded_at timestamptz;
