//! What a month's mails come to, kept once it is over.

use cortex_kernel::CompanyId;
use diesel::prelude::*;
use diesel::sql_types::{Date as SqlDate, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::Date;

use super::sql;

/// The months, by UTC, that the time from `$2` until `$3` has a part of, of the company `$1`; and whether what is kept of one
/// serves: if all of it lies within, and none of its mails was written to since.
macro_rules! months {
    () => {
        "months as materialized ( \
           select begins::date as month, greatest(begins at time zone 'UTC', $2) as begins_at, \
             least((begins + interval '1 month') at time zone 'UTC', $3) as ends_at, kept.month is not null as is_kept \
           from generate_series(date_trunc('month', $2 at time zone 'UTC'), \
             $3 at time zone 'UTC' - interval '1 microsecond', interval '1 month') begins \
           left join mail_months kept on kept.tenant_id = $1 and kept.month = begins::date \
             and begins at time zone 'UTC' >= $2 and (begins + interval '1 month') at time zone 'UTC' <= $3 \
             and not exists ( \
               select from mail_month_changes changed where changed.tenant_id = $1 and changed.month = kept.month)) "
    };
}
pub(super) use months;

#[derive(QueryableByName)]
struct Latest {
    #[diesel(sql_type = Nullable<SqlDate>)]
    month: Option<Date>,
}

/// The latest month that has been over for a day, of which nothing is kept that serves. Nobody asks for what is more than two
/// years ago.
pub(crate) async fn find_unkept(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
) -> QueryResult<Option<Date>> {
    let latest: Latest = sql("select max(begins)::date as month \
         from generate_series(date_trunc('month', now() at time zone 'UTC') - interval '25 months', \
           (now() - interval '1 day') at time zone 'UTC' - interval '1 month', interval '1 month') begins \
         where exists (select from mail_month_changes where tenant_id = $1 and month = begins::date) \
           or (not exists (select from mail_months where tenant_id = $1 and month = begins::date) \
             and exists ( \
               select from mail_records where tenant_id = $1 and sent_at >= begins at time zone 'UTC' \
                 and sent_at < (begins + interval '1 month') at time zone 'UTC'))")
    .bind::<Text, _>(company_id.to_string())
    .get_result(connection)
    .await?;
    Ok(latest.month)
}

/// Keeps what the month's mails come to. One statement sees them and the changes that it settles as of one moment: what is
/// written meanwhile is told by a change that is still there afterwards. Whoever does so holds a lock on the month.
pub(crate) async fn keep(connection: &mut AsyncPgConnection, company_id: CompanyId, month: Date) -> QueryResult<()> {
    sql("with settled as (delete from mail_month_changes where tenant_id = $1 and month = $2), \
         gone as (delete from mail_month_ties where tenant_id = $1 and month = $2), \
         mails as materialized ( \
           select sender, sender_name, receivers, sent_at from mail_records \
           where tenant_id = $1 and sent_at >= $2::timestamp at time zone 'UTC' \
             and sent_at < ($2 + interval '1 month') at time zone 'UTC'), \
         kept as ( \
           insert into mail_months (tenant_id, month, mails_by_day) \
           select $1, $2, array( \
             select coalesce(counted.mails, 0) \
             from generate_series($2, $2 + interval '1 month' - interval '1 day', interval '1 day') begins \
             left join ( \
               select (sent_at at time zone 'UTC')::date as day, count(*)::integer as mails from mails group by 1) counted \
             on counted.day = begins::date \
             order by begins) \
           on conflict (tenant_id, month) do update set mails_by_day = excluded.mails_by_day) \
         insert into mail_month_ties (tenant_id, month, role, sender, sender_name, receiver, mails, last_at) \
         select $1, $2, role, sender, max(sender_name), receiver, count(*), max(sent_at) \
         from ( \
           select 'wrote' as role, sender, sender_name, null as receiver, sent_at from mails where sender is not null \
           union all \
           select 'got', null, null, receiver, sent_at from mails cross join unnest(receivers) receiver \
           where receiver <> sender \
           union all \
           select 'tie', sender, null, unnest(receivers), sent_at from mails) sent \
         group by role, sender, receiver")
    .bind::<Text, _>(company_id.to_string())
    .bind::<SqlDate, _>(month)
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets months that nobody asks for any more.
pub(crate) async fn forget_old(connection: &mut AsyncPgConnection, company_id: CompanyId) -> QueryResult<()> {
    for text in [
        "delete from mail_months where tenant_id = $1 and month < now() - interval '27 months'",
        "delete from mail_month_changes where tenant_id = $1 and month < now() - interval '28 months'",
    ] {
        sql(text).bind::<Text, _>(company_id.to_string()).execute(connection).await?;
    }
    Ok(())
}
