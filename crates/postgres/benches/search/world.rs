//! A company with many documents.

use std::path::Path;
use std::time::Duration;

use cortex_ingestion::lexemes::{Lexeme, SearchVector, Searchable};
use cortex_ingestion::testing::COMPANY_A;
use cortex_kernel::CompanyId;
use cortex_postgres::migrate::Migrator;
use cortex_postgres::schema::Database;
use cortex_postgres::{Address, Pool, PoolConfig, Pooler};
use cortex_test_support::{Client, Template, TestDatabase, TestRole};

use crate::words::{Dice, text};

pub(crate) const COMPANY: CompanyId = COMPANY_A;

pub(crate) struct World {
    pub(crate) superuser: Client,
    url: String,
    documents: u32,
    dice: Dice,
    database: TestDatabase,
    _login: TestRole,
}

/// Documents are written so many at a time.
const BATCH: u32 = 1_000;
/// Words of the shortest text and, so many more, of the longest: 1 to 4 kB.
const WORDS: (u32, u32) = (130, 400);

impl World {
    pub(crate) async fn new() -> Self {
        let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/company");
        let template = Template::new("company").folder(migrations).unwrap();
        let database = TestDatabase::create(&template, async |url| {
            Migrator::new(Database::Company, address(&url), COMPANY).up(None).await.unwrap();
        })
        .await;
        let login = TestRole::with("IN ROLE cortex_app").await;
        let (superuser, url) = (database.connect().await, database.url_as(&login));
        Self { superuser, url, documents: 0, dice: Dice::new(7), database, _login: login }
    }

    pub(crate) fn pool(&self, size: u16) -> Pool {
        Pool::new(PoolConfig {
            address: address(&self.url),
            company: COMPANY,
            pooler: Pooler::Session,
            size: size.try_into().unwrap(),
            acquire_timeout: Duration::from_secs(30),
            statement_timeout: Duration::from_secs(30),
        })
    }

    /// A session that no policy binds.
    pub(crate) async fn session(&self) -> Client {
        self.database.connect().await
    }

    /// Adds documents until there are so many. Indexes are made afterwards: that takes a fraction of the time.
    pub(crate) async fn grow_to(&mut self, count: u32) {
        let list = "select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index \
                    where indrelid = 'documents'::regclass and not indisunique";
        let indexes = self.superuser.query(list, &[]).await.unwrap();
        for index in &indexes {
            self.superuser.batch_execute(&format!("drop index {}", index.get::<_, String>(0))).await.unwrap();
        }
        while self.documents < count {
            self.add(BATCH.min(count - self.documents)).await;
        }
        self.superuser.batch_execute("set maintenance_work_mem = '256MB'").await.unwrap();
        for index in &indexes {
            self.superuser.batch_execute(index.get(1)).await.unwrap();
        }
        self.superuser.batch_execute("vacuum analyze documents").await.unwrap();
    }

    async fn add(&mut self, count: u32) {
        let [mut ids, mut titles, mut contents, mut lexemes, mut people] = [const { Vec::new() }; 5];
        for number in self.documents..self.documents + count {
            let (title, sender) = (text(&mut self.dice, 6), text(&mut self.dice, 2));
            let words = WORDS.0 + self.dice.up_to(WORDS.1);
            let content = text(&mut self.dice, words);
            let document =
                Searchable { title: &title, sender_name: Some(&sender), sender_address: None, content: &content };
            lexemes.push(literal(&SearchVector::of(&document)));
            ids.push(number.to_string());
            people.push(self.dice.up_to(20).to_string());
            titles.push(title);
            contents.push(content);
        }
        self.documents += count;
        let insert = "insert into documents (tenant_id, source, source_id, document_type, title, content, \
                        search_vector, search_version, ingested_by_user_id, source_created_at) \
                      select $1, 'gmail', id, 'email', title, content, lexemes::tsvector, 1, person, \
                        now() - make_interval(secs => (id::bigint * 7919 % 94608000)::double precision) \
                      from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) \
                        as page(id, title, content, lexemes, person)";
        let company = COMPANY.to_string();
        self.superuser.execute(insert, &[&company, &ids, &titles, &contents, &lexemes, &people]).await.unwrap();
    }
}

/// As the database reads it.
pub(crate) fn literal(vector: &SearchVector) -> String {
    let place = |place: &u16| format!("{}{}", place & 0x3fff, ["", "C", "B", "A"][usize::from(place >> 14)]);
    let lexeme = |lexeme: &Lexeme| {
        let places: Vec<String> = lexeme.places.iter().map(place).collect();
        format!("'{}'{}{}", lexeme.text, if places.is_empty() { "" } else { ":" }, places.join(","))
    };
    vector.lexemes.iter().map(lexeme).collect::<Vec<_>>().join(" ")
}

fn address(url: &str) -> Address {
    Address::parse(&url.into(), None, "cortex-bench").unwrap()
}
