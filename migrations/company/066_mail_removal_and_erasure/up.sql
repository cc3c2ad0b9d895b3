-- What a provider no longer tells, because something newer stands in its place, says so here.
alter table documents add column if not exists superseded_at timestamptz;

-- Everything that a mail can be asked for, as words of one kind each: s: of its subject, n: of its sender's name, f: its
-- sender's address, d: the domain of that, t: an address that it went to, h: its thread. Whatever stands in the metadata,
-- also what a client of the API put there, gives words and no error: an index is made of this.
create function cortex_mail_words(p_title text, p_metadata jsonb) returns text[]
language plpgsql immutable parallel safe cost 1000 set search_path = '' as $$
declare
  v_sender text := left(lower(p_metadata ->> 'sender_address'), 320);
  v_thread text := left(p_metadata ->> 'thread_id', 512);
begin
  return array(
      select 's:' || left(word, 64) from regexp_split_to_table(lower(left(p_title, 2000)), '[^[:alnum:]]+') word
      where word <> ''
      union all
      select 'n:' || left(word, 64)
      from regexp_split_to_table(lower(left(p_metadata ->> 'sender_name', 2000)), '[^[:alnum:]]+') word
      where word <> ''
      union all
      select 't:' || left(lower(address #>> '{}'), 320)
      from jsonb_path_query(p_metadata, 'lax $.to_addresses[*]') address
      union all
      select 't:' || left(lower(address #>> '{}'), 320)
      from jsonb_path_query(p_metadata, 'lax $.cc_addresses[*]') address)
    || case when v_sender is not null then array['f:' || v_sender, 'd:' || split_part(v_sender, '@', 2)] else '{}' end
    || case when v_thread is not null then array['h:' || v_thread] else '{}' end;
end
$$;
select cortex_wall_function('cortex_mail_words(text, jsonb)', '{cortex_app,cortex_search}');

-- Neither @> nor what takes JSON apart is leakproof, so that row level security keeps an index of them from being used.
-- Like search, mail is therefore listed as a role that sees all rows, by functions that show those of the connection's
-- company only, and none when there is none.
grant select (title, metadata, superseded_at) on table documents to cortex_search;

-- The newest mails before (p_at, p_id). p_from is an address, a domain, or words of a name; p_to an address; p_subject
-- words. What many mails fit is found among the thousand newest; only what few of these fit is looked up by its words.
create function cortex_list_mail(
  p_from text,
  p_to text,
  p_subject text,
  p_since timestamptz,
  p_until timestamptz,
  p_at timestamptz,
  p_id bigint,
  p_limit integer
) returns table (document_id bigint, moment timestamptz)
language plpgsql stable rows 50 security definer set search_path = '' as $$
declare
  c_split constant text := '[^[:alnum:]]+';
  c_moment constant text := 'case when d.source_created_at is not null then d.source_created_at'
    ' when d.ingested_at is not null then d.ingested_at else timestamptz ''1970-01-01 00:00:00+00'' end';
  c_mail constant text := 'select d.id, ' || c_moment || ' as moment from public.documents d where d.tenant_id = $1'
    ' and d.document_type = ''email'' and d.superseded_at is null and ' || c_moment || ' >= $2 and ' || c_moment
    || ' < $3 and (' || c_moment || ', d.id) < ($4, $5)';
  c_newest constant text := ' order by ' || c_moment || ' desc, d.id desc';
  c_words constant text := ' and public.cortex_mail_words(d.title, d.metadata) @> $6';
  v_company text := nullif(current_setting('cortex.tenant_id', true), '');
  v_from text := lower(btrim(p_from));
  v_part text[];
  v_words text[] := '{}';
  v_since timestamptz := coalesce(p_since, '-infinity');
  v_until timestamptz := coalesce(p_until, 'infinity');
  v_at timestamptz := coalesce(p_at, 'infinity');
  v_id bigint := coalesce(p_id, 9223372036854775807);
  v_window_at timestamptz;
  v_window_id bigint;
  v_found integer;
begin
  if v_company is null then
    return;
  end if;
  if v_from is not null then
    v_part := case
      when v_from like '%_@%' then array['f:' || left(v_from, 320)]
      when v_from ~ '^@?[^[:space:]]+[.][^[:space:]]+$' then array['d:' || left(ltrim(v_from, '@'), 320)]
      else array(select 'n:' || left(word, 64) from regexp_split_to_table(v_from, c_split) word where word <> '')
    end;
    if cardinality(v_part) = 0 then
      return;
    end if;
    v_words := v_words || v_part;
  end if;
  if p_to is not null then
    v_words := v_words || ('t:' || left(lower(btrim(p_to)), 320));
  end if;
  if p_subject is not null then
    v_part := array(
      select 's:' || left(word, 64) from regexp_split_to_table(lower(p_subject), c_split) word where word <> '');
    if cardinality(v_part) = 0 then
      return;
    end if;
    v_words := v_words || v_part;
  end if;

  if cardinality(v_words) = 0 then
    return query execute c_mail || c_newest || ' limit $6' using v_company, v_since, v_until, v_at, v_id, p_limit;
    return;
  end if;
  execute c_mail || c_newest || ' offset 999 limit 1' into v_window_id, v_window_at
    using v_company, v_since, v_until, v_at, v_id;
  return query execute
    c_mail || c_words || ' and (' || c_moment || ', d.id) >= ($7, $8)' || c_newest || ' limit $9'
    using v_company, v_since, v_until, v_at, v_id, v_words,
      coalesce(v_window_at, '-infinity'), coalesce(v_window_id, 0), p_limit;
  get diagnostics v_found = row_count;
  if v_found >= p_limit or v_window_at is null then
    return;
  end if;
  return query execute
    'with found as materialized (' || c_mail || c_words || ')'
    ' select id, moment from found order by moment desc, id desc limit $7'
    using v_company, v_since, v_until, v_window_at, v_window_id, v_words, p_limit - v_found;
end
$$;
select cortex_wall_function(
  'cortex_list_mail(text, text, text, timestamptz, timestamptz, timestamptz, bigint, integer)', '{cortex_app}');

-- The mails of a thread after (p_at, p_id), the oldest first.
create function cortex_list_thread(p_thread text, p_at timestamptz, p_id bigint, p_limit integer)
returns table (document_id bigint, moment timestamptz)
language plpgsql stable rows 50 security definer set search_path = '' as $$
declare
  v_company text := nullif(current_setting('cortex.tenant_id', true), '');
begin
  return query
    with found as materialized (
      select d.id,
        case when d.source_created_at is not null then d.source_created_at
          when d.ingested_at is not null then d.ingested_at
          else timestamptz '1970-01-01 00:00:00+00' end as moment
      from public.documents d
      where d.tenant_id = v_company and d.document_type = 'email' and d.superseded_at is null
        and public.cortex_mail_words(d.title, d.metadata) @> array['h:' || left(p_thread, 512)]
        and d.metadata ->> 'thread_id' = p_thread)
    select found.id, found.moment from found
    where (found.moment, found.id) > (coalesce(p_at, '-infinity'), coalesce(p_id, 0))
    order by found.moment, found.id limit p_limit;
end
$$;
select cortex_wall_function('cortex_list_thread(text, timestamptz, bigint, integer)', '{cortex_app}');

-- Only a member may give an object to a role, and only one that may create in the schema may take it. Nobody is a
-- member when this is over.
do $$
declare
  v_is_superuser boolean := (select rolsuper from pg_roles where rolname = current_user);
  v_is_member boolean := pg_has_role(current_user, 'cortex_search', 'member')
    and current_setting('server_version_num')::int < 160000;
begin
  for attempt in 1..50 loop
    begin
      if not v_is_superuser then
        if not v_is_member then
          execute format('grant cortex_search to %I', current_user);
        end if;
        grant create on schema public to cortex_search;
      end if;
      alter function cortex_list_mail(text, text, text, timestamptz, timestamptz, timestamptz, bigint, integer)
        owner to cortex_search;
      alter function cortex_list_thread(text, timestamptz, bigint, integer) owner to cortex_search;
      if not v_is_superuser then
        revoke create on schema public from cortex_search;
        -- A membership that was there before is somebody else's to take.
        if not v_is_member then
          execute format('revoke cortex_search from %I', current_user);
        end if;
      end if;
      exit;
    exception
      when insufficient_privilege then
        raise exception '% may not hand the functions that list mail to cortex_search', current_user
          using hint = format('Run as a superuser: grant cortex_search to %I; then migrate again.',
                              current_user);
      when unique_violation or internal_error then
        perform pg_sleep(0.01 * attempt);
    end;
  end loop;
end
$$;

-- What an admin deleted: as long as its record says the same, no sync brings it back, and likewise the same message from
-- another mailbox. One whose text is not whole does not say that it changed.
create table deleted_documents (
  tenant_id text not null,
  source text not null,
  source_account text not null,
  source_id text not null,
  content_hash text,
  message_key text,
  deleted_at timestamptz not null default now(),
  primary key (tenant_id, source, source_account, source_id)
);
create index idx_deleted_documents_message on deleted_documents (tenant_id, message_key) where message_key is not null;
select cortex_wall('deleted_documents', 'select, insert, update, delete');

create function cortex_keep_deleted_away() returns trigger language plpgsql set search_path = '' as $$
begin
  if exists (
    select from public.deleted_documents deleted
    where deleted.tenant_id = new.tenant_id and deleted.source = new.source
      and deleted.source_account = new.source_account and deleted.source_id = new.source_id
      and (new.content_incomplete or deleted.content_hash is not distinct from new.content_hash)
  ) or exists (
    select from public.deleted_documents deleted
    where deleted.tenant_id = new.tenant_id and deleted.message_key = new.message_key
      and (new.content_incomplete or deleted.content_hash is not distinct from new.content_hash)
  ) then
    return null;
  end if;
  return new;
end
$$;
select cortex_wall_function('cortex_keep_deleted_away()');

-- What somebody uploads or sends himself he wants to be there.
create trigger keep_deleted_away before insert on documents
  for each row when (new.ingestion_method in ('oauth_sync', 'webhook')) execute function cortex_keep_deleted_away();

-- That somebody's contributions were erased, for whom, by whom, and how much it was. While it goes on, erased_at is empty
-- and the numbers grow with every part.
create table erasure_receipts (
  id uuid primary key default gen_random_uuid(),
  tenant_id text not null,
  user_id text not null,
  by_user_id text not null,
  documents bigint not null default 0,
  documents_kept bigint not null default 0,
  sources bigint not null default 0,
  connections bigint not null default 0,
  jobs bigint not null default 0,
  chats bigint not null default 0,
  begun_at timestamptz not null default now(),
  erased_at timestamptz
);
create unique index unique_open_erasure on erasure_receipts (tenant_id, user_id) where erased_at is null;
select cortex_wall('erasure_receipts', 'select, insert, update');

-- Erasing a person takes his turns too.
select cortex_wall('sync_turns', 'select, insert, update, delete');
