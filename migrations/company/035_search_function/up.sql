-- Under row level security the full-text index cannot be used: a policy may only be combined with operators that leak
-- nothing, and @@ is not marked so. Search therefore runs as a role that sees all rows, inside a function that shows
-- those of the connection's company only, and none when there is none.
grant select (id, tenant_id, search_vector, source, document_type, source_created_at, ingested_at, ingested_by_user_id)
  on table documents to cortex_search;
create policy search_sees_all on documents for select to cortex_search using (true);

-- p_limit documents from p_offset on, best first, and how many match (counted to 1,001 and no further). Of the matches
-- the newest 1,001 are ranked: ranking all matches of a common word would read the whole table.
create function cortex_search_documents(
  p_query text,
  p_source text,
  p_document_type text,
  p_ingested_by text,
  p_since timestamptz,
  p_until timestamptz,
  p_limit integer,
  p_offset integer
) returns table (document_id bigint, score real, matches bigint)
language sql stable security definer set search_path = '' as $$
  with candidates as (
    select d.id, ts_rank(d.search_vector, q.query) as score
    from (select websearch_to_tsquery('pg_catalog.english', p_query) as query) q
    join public.documents d on d.search_vector @@ q.query
    where d.tenant_id = nullif(current_setting('cortex.tenant_id', true), '')
      and (p_source is null or d.source = p_source)
      and (p_document_type is null or d.document_type = p_document_type)
      and (p_ingested_by is null or d.ingested_by_user_id = p_ingested_by)
      and (p_since is null or coalesce(d.source_created_at, d.ingested_at) >= p_since)
      and (p_until is null or coalesce(d.source_created_at, d.ingested_at) < p_until)
    order by d.source_created_at desc nulls last
    limit 1001
  )
  select id, score, count(*) over ()
  from candidates
  order by score desc, id desc
  limit p_limit offset p_offset
$$;
select cortex_wall_function(
  'cortex_search_documents(text, text, text, text, timestamptz, timestamptz, integer, integer)', '{cortex_app}');

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
      alter function cortex_search_documents(text, text, text, text, timestamptz, timestamptz, integer, integer)
        owner to cortex_search;
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
        raise exception '% may not hand the search function to cortex_search', current_user
          using hint = format('Run as a superuser: grant cortex_search to %I; then migrate again.',
                              current_user);
      when unique_violation or internal_error then
        perform pg_sleep(0.01 * attempt);
    end;
  end loop;
end
$$;
