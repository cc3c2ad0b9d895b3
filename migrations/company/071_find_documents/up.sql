grant select (superseded_at) on table documents to cortex_search;

-- The marks of all days from one to another.
create function cortex_search_days(p_first integer, p_last integer) returns integer[]
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  v_marks integer[] := '{}';
  v_day integer := p_first;
begin
  while v_day <= p_last loop
    if v_day & 1023 = 0 and v_day + 1023 <= p_last then
      v_marks := v_marks || ((v_day >> 10) + 4194304 + 33554432);
      v_day := v_day + 1024;
    elsif v_day & 31 = 0 and v_day + 31 <= p_last then
      v_marks := v_marks || ((v_day >> 5) + 4194304 + 16777216);
      v_day := v_day + 32;
    else
      v_marks := v_marks || (v_day + 4194304);
      v_day := v_day + 1;
    end if;
  end loop;
  return v_marks;
end
$$;
select cortex_wall_function('cortex_search_days(integer, integer)', '{cortex_search}');

-- The day that a moment is marked with.
create function cortex_search_day(p_moment timestamptz) returns integer
language sql immutable parallel safe as $$
  select case when isfinite(p_moment) then floor(extract(epoch from p_moment at time zone 'UTC') / 86400)::integer
              when p_moment > '2000-01-01' then 4000000
              else -4000000 end
$$;
select cortex_wall_function('cortex_search_day(timestamptz)', '{cortex_search}');

-- The matches, at most 1,001: if there are more, the newest. How well each fits, of which its age takes a little: a tenth
-- after a year, a fifth at most.
--
-- Under row level security the index cannot be used (see the function before this one), so this runs above the policies
-- and shows the documents of the connection's company only.
--
-- How common the words are is not known before. The newest 2,000 documents are looked at first, through the index, which
-- passes over what is older. By how many of them match, all are taken then, or as many of the newest as should do, until
-- there are enough. Each look has its own plan, which must be the one by the index.
--
-- p_loose is p_matching without order of words, where that matters, and has_more says that not all matches are there.
create function cortex_find_documents(
  p_matching tsquery,
  p_loose tsquery,
  p_ranking tsquery,
  p_source text,
  p_document_type text,
  p_ingested_by text,
  p_since timestamptz,
  p_until timestamptz,
  p_as_of timestamptz
) returns table (document_id bigint, score real, has_more boolean)
language plpgsql stable security definer
set search_path = ''
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
  v_tenant constant text := nullif(current_setting('cortex.tenant_id', true), '');
  v_indexed constant tsquery := coalesce(p_loose, p_matching);
  v_names constant integer[] := array_remove(array[
    hashtext('s' || p_source) | (-2147483648),
    hashtext('t' || p_document_type) | (-2147483648),
    hashtext('u' || p_ingested_by) | (-2147483648)], null);
  v_since constant timestamptz := coalesce(p_since, '-infinity');
  v_until constant timestamptz := coalesce(p_until, 'infinity');
  v_most constant integer := 1001;
  -- Of words in a row the index tells only that all are there. So many documents are looked into.
  v_enough constant integer := case when p_loose is null then v_most else 1500 end;
  -- A look fetches no more documents than that, of however many there are.
  v_bound integer := case when p_loose is null then 4000 else 2000 end;
  v_first_window constant integer := 2000;
  v_in_window bigint;
  v_newest timestamptz;
  v_middle timestamptz;
  -- Where the first window begins, and where the present one does.
  v_start timestamptz;
  v_oldest timestamptz;
  -- Where all documents begin.
  v_first timestamptz;
  -- How many times the first window the present one is.
  v_times double precision := 1;
  v_back double precision;
  v_takes_all boolean;
  v_took_all boolean := false;
  v_is_last boolean := false;
  v_is_complete boolean := false;
  v_days integer[];
  v_ids bigint[];
  v_looked_at bigint;
  v_found bigint;
begin
  if v_tenant is null then
    return;
  end if;
  -- The half of them tells how many there are in a time: one with a date far ahead would mislead.
  select count(*), max(w.moment), min(w.moment) filter (where w.number <= v_first_window / 2), min(w.moment)
  into v_in_window, v_newest, v_middle, v_start
  from (
    select n.moment, row_number() over () as number
    from (
      select coalesce(d.source_created_at, d.ingested_at) as moment from public.documents d
      where d.tenant_id = v_tenant
        and coalesce(d.source_created_at, d.ingested_at) >= v_since
        and coalesce(d.source_created_at, d.ingested_at) < v_until
      order by coalesce(d.source_created_at, d.ingested_at) desc nulls last
      limit v_first_window
    ) n
  ) w;
  v_is_last := v_in_window < v_first_window or not isfinite(v_start);
  v_takes_all := v_is_last;
  v_oldest := v_start;
  loop
    if not v_takes_all then
      v_days := public.cortex_search_days(public.cortex_search_day(v_oldest), public.cortex_search_day(v_newest));
      select (array_agg(f.id order by f.moment desc nulls last, f.id desc) filter (where f.fits))[:v_most],
        count(*), count(*) filter (where f.fits)
      into v_ids, v_looked_at, v_found
      from (
        select d.id, coalesce(d.source_created_at, d.ingested_at) as moment,
          p_loose is null or d.search_vector @@ p_matching as fits
        from public.documents d
        where d.search_vector @@ v_indexed
          and public.cortex_search_marks(
            d.source_created_at, d.ingested_at, d.source, d.document_type, d.ingested_by_user_id) && v_days
          and public.cortex_search_marks(
            d.source_created_at, d.ingested_at, d.source, d.document_type, d.ingested_by_user_id) @> v_names
          and d.tenant_id = v_tenant and d.superseded_at is null
          and (p_source is null or d.source = p_source)
          and (p_document_type is null or d.document_type = p_document_type)
          and (p_ingested_by is null or d.ingested_by_user_id = p_ingested_by)
          and (p_since is null or coalesce(d.source_created_at, d.ingested_at) >= p_since)
          and (p_until is null or coalesce(d.source_created_at, d.ingested_at) < p_until)
        limit v_bound
      ) f;
    elsif v_names = '{}' then
      select (array_agg(f.id order by f.moment desc nulls last, f.id desc) filter (where f.fits))[:v_most],
        count(*), count(*) filter (where f.fits)
      into v_ids, v_looked_at, v_found
      from (
        select d.id, coalesce(d.source_created_at, d.ingested_at) as moment,
          p_loose is null or d.search_vector @@ p_matching as fits
        from public.documents d
        where d.search_vector @@ v_indexed
          and d.tenant_id = v_tenant and d.superseded_at is null
          and (p_source is null or d.source = p_source)
          and (p_document_type is null or d.document_type = p_document_type)
          and (p_ingested_by is null or d.ingested_by_user_id = p_ingested_by)
          and (p_since is null or coalesce(d.source_created_at, d.ingested_at) >= p_since)
          and (p_until is null or coalesce(d.source_created_at, d.ingested_at) < p_until)
        limit v_bound
      ) f;
    else
      select (array_agg(f.id order by f.moment desc nulls last, f.id desc) filter (where f.fits))[:v_most],
        count(*), count(*) filter (where f.fits)
      into v_ids, v_looked_at, v_found
      from (
        select d.id, coalesce(d.source_created_at, d.ingested_at) as moment,
          p_loose is null or d.search_vector @@ p_matching as fits
        from public.documents d
        where d.search_vector @@ v_indexed
          and public.cortex_search_marks(
            d.source_created_at, d.ingested_at, d.source, d.document_type, d.ingested_by_user_id) @> v_names
          and d.tenant_id = v_tenant and d.superseded_at is null
          and (p_source is null or d.source = p_source)
          and (p_document_type is null or d.document_type = p_document_type)
          and (p_ingested_by is null or d.ingested_by_user_id = p_ingested_by)
          and (p_since is null or coalesce(d.source_created_at, d.ingested_at) >= p_since)
          and (p_until is null or coalesce(d.source_created_at, d.ingested_at) < p_until)
        limit v_bound
      ) f;
    end if;
    v_is_complete := v_takes_all and v_looked_at < v_bound;
    exit when v_is_complete or v_is_last and v_found > 0 or not v_takes_all and v_found >= v_most;
    if v_is_last or not v_takes_all and v_looked_at >= v_enough then
      exit when v_found > 0;
      -- Nothing is said to be there only after a look into all of them.
      v_bound := 2147483647;
      v_takes_all := true;
      continue;
    elsif v_takes_all then
      v_took_all := true;
      v_takes_all := false;
      v_times := v_times * 8;
    elsif v_looked_at * 50 < v_in_window and not v_took_all then
      -- Few of the newest match: all that match are few enough, unless the words were more common once.
      v_takes_all := true;
    else
      v_times := v_times * greatest(2, least(16, 1.3 * v_enough / greatest(v_looked_at, 1)));
    end if;
    v_back := greatest(extract(epoch from v_middle) - extract(epoch from v_start), 43200) * 2 * (v_times - 1);
    if v_first is null then
      select coalesce(d.source_created_at, d.ingested_at) into v_first from public.documents d
      where d.tenant_id = v_tenant and coalesce(d.source_created_at, d.ingested_at) >= v_since
      order by coalesce(d.source_created_at, d.ingested_at) nulls first limit 1;
    end if;
    if not v_takes_all then
      -- Before a thousand years there is nothing to look for step by step.
      v_is_last := v_back > 3e10 or v_start - make_interval(secs => v_back) <= v_first;
      v_takes_all := v_is_last;
      v_oldest := case when not v_is_last then v_start - make_interval(secs => v_back) end;
    end if;
  end loop;
  return query
    select d.id, (ts_rank(d.search_vector, p_ranking) * (0.8 + 0.2 / (1 + greatest(0,
        extract(epoch from p_as_of) - coalesce(extract(epoch from coalesce(d.source_created_at, d.ingested_at)), 0)
      )::double precision / 31557600)))::real,
      not v_is_complete
    from public.documents d
    where d.id = any (v_ids);
end
$$;
select cortex_wall_function(
  'cortex_find_documents(tsquery, tsquery, tsquery, text, text, text, timestamptz, timestamptz, timestamptz)', '{cortex_app}');

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
      alter function cortex_find_documents(
        tsquery, tsquery, tsquery, text, text, text, timestamptz, timestamptz, timestamptz) owner to cortex_search;
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
