-- What a month's mails come to, kept once it is over: who wrote how many to whom, and how many there were on each day. What
-- is read of months that are kept need not be counted again.
create table mail_months (
  tenant_id text not null,
  month date not null,
  -- From the first day on.
  mails_by_day integer[] not null,
  primary key (tenant_id, month)
);
create table mail_month_ties (
  tenant_id text not null,
  month date not null,
  -- 'wrote': a sender's mails, to whomever. 'got': those that others wrote to a receiver. 'tie': those of a sender, or of
  -- nobody, to a receiver.
  role text not null check (role in ('wrote', 'got', 'tie')),
  sender text,
  sender_name text,
  receiver text,
  mails integer not null,
  last_at timestamptz not null,
  foreign key (tenant_id, month) references mail_months (tenant_id, month) on delete cascade
);
create index idx_mail_month_ties on mail_month_ties (tenant_id, month, role);

-- Months whose mails were written to. A month that stands here is counted from its mails, whatever is kept of it, until it
-- is kept anew. Rows are only added, so that nobody waits for a row of somebody else.
create table mail_month_changes (
  id bigint generated always as identity primary key,
  tenant_id text not null,
  month date not null
);
create index idx_mail_month_changes on mail_month_changes (tenant_id, month);

select cortex_wall('mail_months', 'select, insert, update, delete');
select cortex_wall('mail_month_ties', 'select, insert, delete');
select cortex_wall('mail_month_changes', 'select, insert, delete');

-- The month, by UTC, in which `mail_records` has a mail.
create function cortex_month_of(p_created timestamptz, p_ingested timestamptz) returns date
language sql immutable parallel safe set search_path = '' as $$
  select date_trunc('month', coalesce(p_created, p_ingested, timestamptz '1970-01-01 00:00:00+00') at time zone 'UTC')::date
$$;
-- Months are kept a day after they end at the earliest, and those of two years. What is written to one that ends within a day
-- is told, too: the transaction may take hours.
create function cortex_may_be_kept(p_month date) returns boolean
language sql stable set search_path = '' as $$
  select p_month + interval '1 month' <= (now() + interval '1 day') at time zone 'UTC'
    and p_month >= (now() - interval '27 months') at time zone 'UTC'
$$;
select cortex_wall_function('cortex_may_be_kept(date)', '{cortex_app}');
select cortex_wall_function('cortex_month_of(timestamptz, timestamptz)', '{cortex_app}');
create function cortex_mark_mail_months() returns trigger language plpgsql set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    insert into public.mail_month_changes (tenant_id, month)
    select distinct tenant_id, month
    from (
      select tenant_id, source_created_at, ingested_at from added where document_type = 'email'
    ) touched
    cross join lateral public.cortex_month_of(source_created_at, ingested_at) month
    where public.cortex_may_be_kept(month);
  elsif tg_op = 'DELETE' then
    insert into public.mail_month_changes (tenant_id, month)
    select distinct tenant_id, month
    from (
      select tenant_id, source_created_at, ingested_at from removed where document_type = 'email'
    ) touched
    cross join lateral public.cortex_month_of(source_created_at, ingested_at) month
    where public.cortex_may_be_kept(month);
  else
    insert into public.mail_month_changes (tenant_id, month)
    select distinct sides.tenant_id, month
    from added
    join removed using (id)
    cross join lateral (values
      (added.tenant_id, added.document_type, added.source_created_at, added.ingested_at),
      (removed.tenant_id, removed.document_type, removed.source_created_at, removed.ingested_at)
    ) sides(tenant_id, document_type, source_created_at, ingested_at)
    cross join lateral public.cortex_month_of(sides.source_created_at, sides.ingested_at) month
    where sides.document_type = 'email'
      and (added.tenant_id, added.document_type, added.source_created_at, added.ingested_at, added.superseded_at,
           added.metadata)
        is distinct from (removed.tenant_id, removed.document_type, removed.source_created_at, removed.ingested_at,
           removed.superseded_at, removed.metadata)
      and public.cortex_may_be_kept(month);
  end if;
  return null;
end
$$;
select cortex_wall_function('cortex_mark_mail_months()');

create trigger mark_months_of_new_mails after insert on documents
  referencing new table as added for each statement execute function cortex_mark_mail_months();
create trigger mark_months_of_changed_mails after update on documents
  referencing new table as added old table as removed for each statement execute function cortex_mark_mail_months();
create trigger mark_months_of_gone_mails after delete on documents
  referencing old table as removed for each statement execute function cortex_mark_mail_months();
