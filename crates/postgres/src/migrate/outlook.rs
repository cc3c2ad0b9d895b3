//! What a database is and what migrating it would meet, as far as looking tells.

use std::collections::BTreeSet;

use cortex_kernel::CompanyId;

use super::harness::Session;
use super::{MigrateError, Status};
use crate::schema::{BOOKKEEPING_TABLE, Database};

/// A database before it is migrated on behalf of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// The same for two addresses that lead to one database, and for no others: which start of which server, and the
    /// database's number there.
    pub identity: String,
    /// How it stands.
    pub status: Status,
    /// The ids that its rows name as their company. Of ids that nobody asked about there may be more than these.
    pub companies: Vec<String>,
}

/// Something that the pending migrations would meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether a migration would fail because of it. Otherwise it is as it should be told, and nothing to be done first.
    pub is_in_the_way: bool,
    /// What it is, and what to do or what becomes of it.
    pub text: String,
}

/// What is asked of a database, and when.
struct Question {
    /// The migration that would meet it; once it has run there is nothing to ask.
    before: &'static str,
    /// Columns without which there is nothing to ask either, `table.column`.
    needs: &'static [&'static str],
    is_in_the_way: bool,
    /// Answers lines, in a column called `name`. `$company` stands for the company's id.
    sql: &'static str,
}

/// Old spellings of providers' names beside the one that counts.
const SPELLINGS: &str = "(values ('google-mail', 'gmail'), ('microsoft', 'outlook'), ('google-drive', 'google_drive'), \
     ('googledrive', 'google_drive'), ('drive', 'google_drive'), ('qbo', 'quickbooks'), ('intuit', 'quickbooks'), \
     ('gmail', 'gmail'), ('outlook', 'outlook'), ('google_drive', 'google_drive'), ('quickbooks', 'quickbooks')) \
     s (spelling, provider)";

const COMPANY: &[Question] = &[
    Question {
        before: "012",
        needs: &["connections.user_id"],
        is_in_the_way: true,
        sql: "select format('%s connections of %s for the user %s of company %s (%s): a user has one a provider; \
              delete all but one', count(*), provider_key, user_id, tenant_id, string_agg(connection_id, ', ' order by id)) \
              as name from connections where user_id is not null group by tenant_id, provider_key, user_id \
              having count(*) > 1 order by 1 limit 20",
    },
    Question {
        before: "012",
        needs: &["connections.tenant_id"],
        is_in_the_way: false,
        sql: "select format('%s connections of %s of company %s have no user (%s): the unique index is left out until all \
              but one are deleted', count(*), provider_key, tenant_id, string_agg(connection_id, ', ' order by id)) as name \
              from connections c where to_jsonb(c) ->> 'user_id' is null group by tenant_id, provider_key \
              having count(*) > 1 order by 1 limit 20",
    },
    Question {
        before: "021",
        needs: &["connections.tenant_id"],
        is_in_the_way: false,
        sql: "select format('%s connections have no user: they have to be authorized again, by whoever connects the same \
              account', count(*)) as name from connections c where to_jsonb(c) ->> 'user_id' is null having count(*) > 0",
    },
    Question {
        before: "014",
        needs: &["sync_jobs.status"],
        is_in_the_way: false,
        sql: "select format('%s jobs are queued or running: they end as failed, superseded_by_upgrade', count(*)) as name \
              from sync_jobs where status in ('queued', 'running') having count(*) > 0",
    },
    Question {
        before: "014",
        needs: &["sync_jobs.status"],
        is_in_the_way: false,
        sql: "select format('%s rows of sync_jobs name no company: they are given to $company', count(*)) as name \
              from sync_jobs j where to_jsonb(j) ->> 'tenant_id' is null having count(*) > 0",
    },
    Question {
        before: "015",
        needs: &["nango_sync_cursors.connection_id"],
        is_in_the_way: false,
        sql: "select format('%s rows of nango_sync_cursors name no company: they are given to their connection''s, or to \
              $company', count(*)) as name from nango_sync_cursors c where to_jsonb(c) ->> 'tenant_id' is null \
              having count(*) > 0",
    },
    Question {
        before: "019",
        needs: &["connections.provider_key"],
        is_in_the_way: false,
        sql: "select format('connections spell %s as %s beside each other for the same owner in company %s: both are left \
              as they are', s.provider, string_agg(distinct c.provider_key, ' and '), c.tenant_id) as name \
              from connections c join $spellings on s.spelling = c.provider_key \
              group by s.provider, c.tenant_id, to_jsonb(c) ->> 'user_id' having count(distinct c.provider_key) > 1 limit 20",
    },
    Question {
        before: "020",
        needs: &["documents.source_id"],
        is_in_the_way: false,
        sql: "select format('%s documents under %s are there under %s too: both are left as they are', count(*), \
              old.source, twin.source) as name from documents old join $spellings on s.spelling = old.source \
              join documents twin on twin.tenant_id = old.tenant_id and twin.source = s.provider \
              and twin.source_id = old.source_id where old.source <> s.provider group by old.source, twin.source limit 20",
    },
    Question {
        before: "026",
        needs: &["documents.source_id"],
        is_in_the_way: true,
        // Where a unique index says so already there is nothing to look for.
        sql: "select format('%s documents of company %s bear the id %s of %s: delete all but one', count(*), tenant_id, \
              source_id, source) as name from documents where not exists (select from pg_index i \
              where i.indrelid = 'public.documents'::regclass and i.indisunique and i.indisvalid and i.indpred is null \
              and i.indexprs is null and (select array_agg(a.attname::text order by a.attname) from pg_attribute a \
              where a.attrelid = i.indrelid and a.attnum = any (i.indkey::smallint[])) \
              = array['source', 'source_id', 'tenant_id']) \
              group by tenant_id, source, source_id having count(*) > 1 order by 1 limit 20",
    },
    Question {
        before: "037",
        needs: &["admin_audit_log.action"],
        is_in_the_way: false,
        sql: "select format('%s rows of admin_audit_log are given to $company and sealed together', count(*)) as name \
              from admin_audit_log having count(*) > 0",
    },
    Question {
        before: "038",
        needs: &["admin_sessions.session_token"],
        is_in_the_way: false,
        sql: "select format('%s sessions of the admin panel end', count(*)) as name from admin_sessions having count(*) > 0",
    },
    Question {
        before: "039",
        needs: &["chat_messages.chat_id"],
        is_in_the_way: false,
        sql: "select format('%s chat messages belong to no chat: they are given to $company', count(*)) as name \
              from chat_messages where chat_id is null having count(*) > 0",
    },
];

const MASTER: &[Question] = &[
    Question {
        before: "007",
        needs: &["company_users.user_id"],
        is_in_the_way: true,
        sql: "select format('the user %s is a member of company %s %s times: delete all but one row', user_id, company_id, \
              count(*)) as name from company_users group by user_id, company_id having count(*) > 1 and not exists ( \
              select from pg_constraint where conrelid = 'public.company_users'::regclass \
              and conname = 'unique_user_company') order by 1 limit 20",
    },
    Question {
        before: "009",
        needs: &["company_users.is_active", "company_users.email"],
        is_in_the_way: false,
        sql: "select format('active members of company %s share an e-mail address (users %s): the unique index is left out \
              until all but one are deactivated', company_id, string_agg(user_id::text, ', ' order by user_id)) as name \
              from company_users where is_active group by company_id, lower(email) having count(*) > 1 order by 1 limit 20",
    },
    Question {
        before: "010",
        needs: &["companies.database_url_ref"],
        is_in_the_way: true,
        sql: "select format('database_url_ref of %s is neither env:NAME nor file:/path: correct it', slug) as name \
              from companies where database_url_ref !~ '^(env:[A-Za-z_][A-Za-z0-9_]*|file:/.+)$' order by 1 limit 20",
    },
    Question {
        before: "011",
        needs: &["nango_original_connections.provider"],
        is_in_the_way: false,
        sql: "select format('original connections spell %s as %s beside each other for the same user in company %s: both \
              are left as they are', s.provider, string_agg(distinct c.provider, ' and '), c.company_id) as name \
              from nango_original_connections c join $spellings on s.spelling = c.provider \
              group by s.provider, c.company_id, c.tenant_id having count(distinct c.provider) > 1 limit 20",
    },
];

impl Session {
    pub(super) fn survey(&mut self, others: &[CompanyId]) -> Result<Survey, MigrateError> {
        let identity = self.names_by(
            "select pg_postmaster_start_time()::text || ' ' || oid::text as name from pg_database \
             where datname = current_database()",
        )?;
        Ok(Survey {
            identity: identity.into_iter().next().unwrap_or_default(),
            status: self.status()?,
            companies: self.companies_named(others)?,
        })
    }

    pub(super) fn look_ahead(&mut self) -> Result<Vec<Finding>, MigrateError> {
        let status = self.status()?;
        if status.pending.is_empty() {
            return Ok(Vec::new());
        }
        self.names_by("select set_config('search_path', 'public', false) as name")?;
        let mut findings = self.rights()?;
        let may_look = findings.is_empty();
        if status.applied.is_empty() {
            findings.extend(self.names_taken()?);
        }
        // Whoever may not change a table may not read it either.
        if !may_look {
            return Ok(findings);
        }
        let columns = self.columns()?;
        let questions = match self.database() {
            Database::Master => MASTER,
            Database::Company => COMPANY,
        };
        let company = self.company().map(|company| company.to_string()).unwrap_or_default();
        let is_asked = |question: &&Question| {
            status.pending.iter().any(|name| name.starts_with(question.before))
                && question.needs.iter().all(|column| columns.contains(*column))
        };
        for Question { is_in_the_way, sql, .. } in questions.iter().filter(is_asked) {
            let sql = sql.replace("$company", &company).replace("$spellings", SPELLINGS);
            let told = self.names_by(&sql)?;
            findings.extend(told.into_iter().map(|text| Finding { is_in_the_way: *is_in_the_way, text }));
        }
        if let (Database::Company, Some(own)) = (self.database(), self.company()) {
            let strangers = self.companies_named(&[])?;
            let strangers = strangers.into_iter().filter(|named| *named != own.to_string());
            findings.extend(strangers.map(|named| Finding {
                is_in_the_way: false,
                text: format!("rows name {named} as their company, which is not {own}: nobody sees them"),
            }));
        }
        Ok(findings)
    }

    /// What the login may not do that migrations do.
    fn rights(&mut self) -> Result<Vec<Finding>, MigrateError> {
        let roles = match self.database() {
            Database::Master => "'cortex_app', 'anon', 'authenticated', 'service_role'",
            Database::Company => "'cortex_app', 'cortex_search'",
        };
        let mut told = self.names_by(&format!(
            "select format('the role %s is missing and %s may not create roles: as a superuser, create role %s nologin', \
             wanted, current_user, wanted) as name from unnest(array[{roles}]) wanted \
             where not exists (select from pg_roles where rolname = wanted) \
             and not (select rolsuper or rolcreaterole from pg_roles where rolname = current_user)"
        ))?;
        told.extend(self.names_by(&format!(
            "select format('the table %s belongs to %s, whose rights %s does not have: migrate as the owner', c.relname, \
             c.relowner::regrole, current_user) as name from pg_class c where c.relnamespace = 'public'::regnamespace \
             and c.relkind in ('r', 'p') and c.relname = any (array[{}]) \
             and not pg_has_role(current_user, c.relowner, 'usage') order by 1",
            quoted(self.database().adoptable().iter().copied().chain([BOOKKEEPING_TABLE]))
        ))?);
        told.extend(self.names_by(
            "select format('%s may not create tables in the schema public: as its owner, grant create on schema public to \
             %I', current_user, current_user) as name where not has_schema_privilege('public', 'create')",
        )?);
        Ok(told.into_iter().map(|text| Finding { is_in_the_way: true, text }).collect())
    }

    /// Tables of somebody else that bear names of ours.
    fn names_taken(&mut self) -> Result<Vec<Finding>, MigrateError> {
        let adoptable = self.database().adoptable();
        let others = self.database().tables().iter().copied().filter(|table| !adoptable.contains(table));
        let told = self.names_by(&format!(
            "select format('the table %s is not ours and bears a name that a migration needs: rename it', relname) as name \
             from pg_class where relnamespace = 'public'::regnamespace and relname = any (array[{}]) order by 1",
            quoted(others)
        ))?;
        Ok(told.into_iter().map(|text| Finding { is_in_the_way: true, text }).collect())
    }

    /// The columns of our tables, `table.column`.
    fn columns(&mut self) -> Result<BTreeSet<String>, MigrateError> {
        let columns = self.names_by(&format!(
            "select format('%s.%s', c.relname, a.attname) as name from pg_class c \
             join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped \
             where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname = any (array[{}])",
            quoted(self.database().tables().iter().copied())
        ))?;
        Ok(columns.into_iter().collect())
    }

    /// The ids that rows name as their company: our own and the `others` wherever they are named, of further ones those
    /// beside ours in the order of the index, so that no table is read as a whole.
    fn companies_named(&mut self, others: &[CompanyId]) -> Result<Vec<String>, MigrateError> {
        let (Database::Company, Some(own)) = (self.database(), self.company()) else {
            return Ok(Vec::new());
        };
        let columns = self.columns()?;
        // Before their migration, chats name their company in a column of their own.
        let named = columns.iter().filter_map(|column| match column.split_once('.') {
            Some((table, name @ "tenant_id") | (table @ "chats", name @ "company_id")) => Some((table, name)),
            _ => None,
        });
        let others = others.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let mut found = BTreeSet::new();
        for (table, column) in named.map(|(table, column)| (table.to_owned(), column.to_owned())).collect::<Vec<_>>() {
            let mut query = format!(
                "(select {column}::text as name from public.{table} where {column} = '{own}' limit 1) union all \
                 (select {column}::text from public.{table} where {column} < '{own}' order by {column} limit 1) union all \
                 (select {column}::text from public.{table} where {column} > '{own}' order by {column} limit 1)"
            );
            if !others.is_empty() {
                query = format!(
                    "{query} union all \
                     (select {column}::text from public.{table} where {column} = any ('{{{others}}}') limit 1)"
                );
            }
            found.extend(self.names_by(&query)?);
        }
        Ok(found.into_iter().collect())
    }
}

fn quoted(tables: impl IntoIterator<Item = &'static str>) -> String {
    tables.into_iter().map(|table| format!("'{table}'")).collect::<Vec<_>>().join(", ")
}
