//! The configuration as a whole: what is needed, what is refused, and that the table tells the truth.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::io::Write;
use std::time::Duration;

use cortex_kernel::Provider;
use cortex_postgres::Pooler;
use rstest::rstest;

use super::variable::BOTH_DATABASES;
use super::*;

const COMPANY: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";
const PIN_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA";

/// The least that every command starts with, in production.
fn least() -> HashMap<String, String> {
    variables(&[
        ("COMPANY_ID", COMPANY),
        ("DATABASE_URL", "postgres://cortex:pw-company@db.internal/acme"),
        ("MASTER_DATABASE_URL", "postgres://cortex:pw-master@db.internal/master"),
        ("MASTER_SUPABASE_URL", "https://abc.supabase.co"),
        ("MASTER_SUPABASE_SERVICE_KEY", "service-key"),
        ("NANGO_SECRET_KEY", "nango-key"),
    ])
}

/// Files are kept in a bucket.
const A_BUCKET: [(&str, &str); 3] =
    [("BLOB_STORE", "s3://bucket/a/b/"), ("AWS_ACCESS_KEY_ID", "id-geheim"), ("AWS_SECRET_ACCESS_KEY", "key-geheim")];

fn variables(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn least_with(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    let mut all = least();
    all.extend(variables(pairs));
    all
}

fn serve(variables: &HashMap<String, String>) -> Result<ServeConfig, ConfigErrors> {
    ServeConfig::from_env(&|name| variables.get(name).cloned())
}

/// Reads the configuration of any command and forgets it.
fn check(command: Command, read: &dyn Fn(&str) -> Option<String>) -> Result<(), ConfigErrors> {
    match command {
        Command::Serve => ServeConfig::from_env(read).map(drop),
        Command::Work => WorkConfig::from_env(read).map(drop),
        Command::Migrate => MigrateConfig::from_env(read).map(drop),
        Command::MigrateFleet => MigrateFleetConfig::from_env(read).map(drop),
        Command::Doctor => DoctorConfig::from_env(read).1.map_or(Ok(()), Err),
        Command::Users => UsersConfig::from_env(read).map(drop),
        Command::UsersBind => UsersBindConfig::from_env(read).map(drop),
        Command::Audit => AuditConfig::from_env(read).map(drop),
    }
}

fn file(content: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content.as_bytes()).unwrap();
    file
}

fn names(errors: &ConfigErrors) -> Vec<&str> {
    errors.mistakes().iter().map(|mistake| mistake.variable.as_str()).collect()
}

#[test]
fn the_table_names_every_variable_once_and_no_file_form_clashes() {
    let rows: Vec<_> = GROUPS.iter().flat_map(|group| group.variables).collect();
    let mut seen = BTreeSet::new();
    for row in &rows {
        assert!(seen.insert(row.name.to_owned()), "{} twice", row.name);
    }
    for row in rows.iter().filter(|row| row.secret) {
        assert!(seen.insert(row.file_form()), "{} is taken", row.file_form());
    }
}

#[rstest]
fn a_command_reads_exactly_what_the_table_gives_it(
    #[values(
        Command::Serve,
        Command::Work,
        Command::Migrate,
        Command::MigrateFleet,
        Command::Doctor,
        Command::Users,
        Command::UsersBind,
        Command::Audit
    )]
    command: Command,
    #[values(true, false)] set: bool,
) {
    let least = if set { least_with(&A_BUCKET) } else { HashMap::new() };
    let asked = RefCell::new(BTreeSet::new());
    let outcome = check(command, &|name| {
        asked.borrow_mut().insert(name.to_owned());
        least.get(name).cloned()
    });

    // Of a bucket nothing is read where there is none.
    let may_be_read = |row: &&Variable| row.commands.contains(&command) && (set || !row.name.starts_with("AWS_"));
    let mine = || GROUPS.iter().flat_map(|group| group.variables).filter(may_be_read);
    let mut expected: BTreeSet<_> = mine().map(|row| row.name.to_owned()).collect();
    expected.extend(mine().filter(|row| row.secret).map(Variable::file_form));
    assert_eq!(asked.into_inner(), expected);
    if set {
        assert_eq!(outcome, Ok(()));
    } else {
        // What others can do without is all that this one works with.
        let needs = |row: &&Variable| {
            let is_its_own = command == Command::UsersBind && row.name == "MASTER_SUPABASE_SERVICE_KEY";
            row.fallback == Fallback::Required || is_its_own
        };
        let required: Vec<_> = mine().filter(needs).map(|row| row.name).collect();
        assert_eq!(names(&outcome.unwrap_err()), required);
    }
}

#[rstest]
#[case::production(deployment::Environment::Production, "production")]
#[case::development(deployment::Environment::Development, "development")]
fn every_default_is_a_value_that_may_be_set(#[case] environment: Environment, #[case] word: &str) {
    for row in GROUPS.iter().flat_map(|group| group.variables) {
        let Some(default) = row.default_text(environment).filter(|_| row.name != "ENVIRONMENT") else {
            continue;
        };
        for command in row.commands {
            let set = least_with(&[("ENVIRONMENT", word), (row.name, default)]);
            assert_eq!(check(*command, &|name| set.get(name).cloned()), Ok(()), "{}", row.name);
        }
    }
}

#[test]
fn bounds_hold_for_every_number_of_the_table() {
    for row in GROUPS.iter().flat_map(|group| group.variables) {
        let Some((least, greatest)) = row.bounds else {
            continue;
        };
        let command = row.commands[0];
        let outcome = |text: &str| {
            let set = least_with(&[(row.name, text)]);
            check(command, &|name| set.get(name).cloned())
        };
        for inside in [least, greatest] {
            assert_eq!(outcome(&inside.to_string()), Ok(()), "{}={inside}", row.name);
        }
        let below = least.checked_sub(1).map_or("-1".to_owned(), |below| below.to_string());
        for outside in [below, (greatest + 1).to_string(), "many".to_owned(), "1.5".to_owned()] {
            let errors = outcome(&outside).unwrap_err();
            assert_eq!(names(&errors), [row.name], "{outside}");
            assert!(errors.to_string().contains(&format!("from {least} to {greatest}")), "{errors}");
        }
    }
}

#[test]
fn defaults_of_production() {
    let config = serve(&least()).unwrap();

    let runtime = &config.runtime;
    assert!(runtime.deployment.environment.is_production());
    assert_eq!(runtime.deployment.company_id.to_string(), COMPANY);
    assert_eq!(runtime.databases.company_pool_size.get(), 16);
    assert_eq!(runtime.databases.master_pool_size.get(), 8);
    assert_eq!(runtime.databases.pooler, Pooler::Session);
    assert_eq!(runtime.databases.acquire_timeout, Duration::from_secs(5));
    assert_eq!(runtime.databases.statement_timeout, Duration::from_secs(15));
    assert_eq!(runtime.nango.access.host.as_str(), "https://api.nango.dev/");
    assert_eq!(runtime.nango.timeout, Duration::from_secs(20));
    assert_eq!(runtime.nango.provider_keys[&Provider::Gmail], "google-mail");
    assert_eq!(runtime.nango.provider_keys.len(), 4);
    assert_eq!(runtime.sync.interval, Some(Duration::from_hours(1)));
    assert!(!runtime.sync.on_connect);
    assert!(matches!(runtime.storage.blobs, BlobStore::Postgres));
    assert_eq!(runtime.storage.audit_retention, None);
    assert!(runtime.summarizer.is_none() && runtime.metrics.listen.is_none() && runtime.metrics.token.is_none());
    assert_eq!(runtime.log, LogConfig { format: LogFormat::Text, filter: "info".to_owned() });
    assert_eq!(config.identity.issuer, "https://abc.supabase.co/auth/v1");
    assert_eq!(config.identity.audience, "authenticated");
    assert_eq!(config.identity.leeway, Duration::from_secs(30));
    assert_eq!(config.identity.invitation_validity, Duration::from_hours(7 * 24));
    assert_eq!(config.webhook_keys.current.expose(), "nango-key");
    assert!(config.admin.pin.is_none());
    assert_eq!(config.http.listen.to_string(), "0.0.0.0:8080");
    assert!(!config.http.expose_docs);
}

#[test]
fn defaults_of_development() {
    let config = serve(&least_with(&[("ENVIRONMENT", "development")])).unwrap();

    assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
    assert!(config.http.expose_docs);
    assert!(matches!(&config.admin.pin, Some(AdminPin::Plain(pin)) if pin.expose() == "2525"));
}

#[rstest]
#[case("ENVIRONMENT", "staging", "expected production or development")]
#[case("COMPANY_ID", "acme", "expected a UUID")]
#[case("DATABASE_URL", "mysql://x@h/db", "begins with postgres://")]
#[case("DATABASE_URL", "host=db dbname=x", "not a URL")]
#[case("DATABASE_URL", "postgres://u@h", "names no database")]
#[case("DATABASE_URL", "postgres:///db", "names no host")]
#[case("DATABASE_URL", "postgres://u@h/db?sslmode=maybe", "sslmode=maybe is not known")]
#[case("DATABASE_CA_FILE", "/nonexistent/ca.pem", "cannot be read")]
#[case("DATABASE_POOLER", "statement", "expected session or transaction")]
#[case("MASTER_SUPABASE_URL", "http://abc.supabase.co", "use https://")]
#[case("MASTER_SUPABASE_URL", "abc.supabase.co", "not a URL")]
#[case("MASTER_SUPABASE_URL", "ftp://abc.supabase.co", "begins with https://")]
#[case("MASTER_SUPABASE_URL", "https://abc.supabase.co?key=1", "base URL alone")]
#[case("NANGO_HOST", "https://me:geheim@nango.dev", "remove it")]
#[case("NANGO_HOST", "http://nango.internal", "use https://")]
#[case("PUBLIC_URL", "http://acme.example.com", "use https://")]
#[case("SUMMARIZER_URL", "http://llm.internal", "use https://")]
#[case("SUPABASE_JWT_SECRET", "0123456789012345678901234567890", "shorter than 32 bytes")]
#[case("JWT_ALLOWED_CLIENT_IDS", " , ", "holds no entry")]
#[case("NANGO_PROVIDER_KEY_GMAIL", "outlook", "the same key as NANGO_PROVIDER_KEY_OUTLOOK")]
#[case("NANGO_RATE_SHARE", "0", "above 0 and up to 1")]
#[case("NANGO_RATE_SHARE", "1.01", "above 0 and up to 1")]
#[case("NANGO_RATE_SHARE", "NaN", "above 0 and up to 1")]
#[case("ADMIN_PIN", "918273", "production refuses a plain PIN")]
#[case("ADMIN_PIN_HASH", "918273", "not an Argon2id hash")]
#[case("ADMIN_IP_WHITELIST", "10.0.0.0/8,office", "found `office`")]
#[case("ADMIN_IP_WHITELIST", ",", "holds no entry")]
#[case("TRUSTED_PROXIES", "10.0.0.0/40", "expected addresses or ranges")]
#[case("HOST", "example.com", "expected an address")]
#[case("CORS_ALLOWED_ORIGINS", "*", "name the origins")]
#[case("CORS_ALLOWED_ORIGINS", "https://app.example.com/login", "without a path")]
#[case("EXPOSE_DOCS", "perhaps", "expected true or false")]
#[case("SYNC_ON_CONNECT", "2", "expected true or false")]
#[case("BLOB_STORE", "ftp://x/y", "expected postgres, file:///directory or s3://bucket/prefix")]
#[case("BLOB_STORE", "s3://key:geheim@bucket/x", "remove it")]
#[case("LOG_FORMAT", "xml", "expected text or json")]
#[case("RUST_LOG", "info,cortex_http=loud", "not a filter")]
#[case("METRICS_ADDR", "9090", "expected address:port")]
#[case("METRICS_TOKEN", "two words", "no request header")]
#[case("NANGO_SECRET_KEY", "two\nlines", "control character")]
fn a_mistake_names_its_variable_and_what_to_do(#[case] name: &str, #[case] value: &str, #[case] said: &str) {
    let errors = serve(&least_with(&[(name, value)])).unwrap_err();

    assert_eq!(names(&errors), [name], "{errors}");
    assert!(errors.to_string().contains(said), "{errors}");
    assert!(!errors.to_string().contains("geheim"), "{errors}");
}

#[test]
fn all_mistakes_are_told_together_in_the_order_of_the_table() {
    let set = variables(&[
        ("COMPANY_ID", "acme"),
        ("DATABASE_URL", "postgres://cortex@db/acme"),
        ("SYNC_WORKERS", "0"),
        ("ADMIN_PIN", "2525"),
        ("PORT", "http"),
        ("LOG_FORMAT", "xml"),
    ]);

    let errors = serve(&set).unwrap_err();

    let expected = [
        "COMPANY_ID",
        "MASTER_DATABASE_URL",
        "MASTER_SUPABASE_URL",
        "NANGO_SECRET_KEY",
        "ADMIN_PIN",
        "PORT",
        "SYNC_WORKERS",
        "LOG_FORMAT",
    ];
    assert_eq!(names(&errors), expected);
    assert!(errors.to_string().starts_with("the configuration has 8 mistakes:\n  COMPANY_ID: "), "{errors}");
}

#[test]
fn what_another_command_needs_is_not_checked() {
    let set = least_with(&[("ADMIN_PIN", "2525"), ("PORT", "http"), ("SUPABASE_JWT_SECRET", "short")]);

    assert_eq!(check(Command::Work, &|name| set.get(name).cloned()), Ok(()));
    assert_eq!(check(Command::Migrate, &|name| set.get(name).cloned()), Ok(()));
}

#[rstest]
#[case::other_spelling("postgres://a@DB.internal:5432/acme", "postgresql://b@db.internal/acme?sslmode=require", true)]
#[case::this_machine("postgres://a@localhost/acme", "postgres://b@127.0.0.1:5432/acme", true)]
#[case::other_name("postgres://a@db/acme", "postgres://a@db/master", false)]
#[case::other_port("postgres://a@db:5432/acme", "postgres://a@db:5433/acme", false)]
#[case::other_tenant_of_a_pooler(
    "postgres://app.one@pool:6543/postgres",
    "postgres://app.two@pool:6543/postgres",
    false
)]
#[case::same_tenant_of_a_pooler("postgres://app.one@pool:6543/postgres", "postgres://own.one@pool:6543/postgres", true)]
#[case::sockets("postgres:///acme?host=/run/pg", "postgres:///acme?host=/run/pg", true)]
fn master_needs_a_database_of_its_own(#[case] company: &str, #[case] master: &str, #[case] refused: bool) {
    let set = least_with(&[("DATABASE_URL", company), ("MASTER_DATABASE_URL", master)]);

    for command in BOTH_DATABASES {
        match check(*command, &|name| set.get(name).cloned()) {
            Ok(()) => assert!(!refused),
            Err(errors) => {
                assert!(refused, "{errors}");
                // `migrate` falls back to these and has nothing to add.
                assert_eq!(names(&errors), ["MASTER_DATABASE_URL"]);
            }
        }
    }
}

#[test]
fn the_owners_of_the_tables_need_two_databases_as_well() {
    let owner = "postgres://owner@direct.internal/acme";
    let set = least_with(&[("MIGRATION_DATABASE_URL", owner), ("MASTER_MIGRATION_DATABASE_URL", owner)]);

    let errors = check(Command::Migrate, &|name| set.get(name).cloned()).unwrap_err();

    assert_eq!(names(&errors), ["MASTER_MIGRATION_DATABASE_URL"]);
}

#[rstest]
#[case("http://127.0.0.1:9999")]
#[case("http://localhost:9999")]
#[case("http://[::1]:9999")]
fn http_is_for_this_machine(#[case] url: &str) {
    let set = least_with(&[("MASTER_SUPABASE_URL", url), ("NANGO_HOST", url), ("PUBLIC_URL", url)]);

    assert!(serve(&set).is_ok());
}

#[rstest]
#[case("http://nango:3003")]
#[case("http://10.1.2.3:3003")]
#[case("http://[fd00::1]:3003")]
fn nango_may_be_in_our_own_network(#[case] url: &str) {
    let config = least_with(&[("NANGO_HOST", url)]);

    assert!(serve(&config).is_ok());
}

#[test]
fn development_reaches_other_machines_by_http_but_not_master() {
    let nango = least_with(&[("ENVIRONMENT", "development"), ("NANGO_HOST", "http://nango.example:3003")]);
    let master = least_with(&[("ENVIRONMENT", "development"), ("MASTER_SUPABASE_URL", "http://supabase:8000")]);

    assert!(serve(&nango).is_ok());
    assert_eq!(names(&serve(&master).unwrap_err()), ["MASTER_SUPABASE_URL"]);
}

#[test]
fn the_empty_string_is_not_set_but_for_provider_keys() {
    let empty = least_with(&[("PORT", ""), ("SUPABASE_JWT_SECRET", ""), ("NANGO_PROVIDER_KEY_OUTLOOK", "")]);

    let config = serve(&empty).unwrap();

    assert_eq!(config.http.listen.port(), 8080);
    assert!(config.identity.legacy_secret.is_none());
    let on: Vec<_> = config.runtime.nango.provider_keys.keys().copied().collect();
    assert_eq!(on, [Provider::Gmail, Provider::GoogleDrive, Provider::QuickBooks]);
}

#[test]
fn two_providers_may_both_be_off() {
    let off = least_with(&[("NANGO_PROVIDER_KEY_OUTLOOK", ""), ("NANGO_PROVIDER_KEY_GMAIL", "")]);

    assert_eq!(serve(&off).unwrap().runtime.nango.provider_keys.len(), 2);
}

#[test]
fn every_secret_can_stand_in_a_file() {
    for row in GROUPS.iter().flat_map(|group| group.variables).filter(|row| row.secret) {
        let value = match row.name {
            "DATABASE_URL" | "MIGRATION_DATABASE_URL" => "postgres://x:y@files.internal/company",
            "MASTER_DATABASE_URL" | "MASTER_MIGRATION_DATABASE_URL" => "postgres://x:y@files.internal/other",
            "ADMIN_PIN_HASH" => PIN_HASH,
            _ => "a-secret-of-thirty-two-bytes-here",
        };
        let file = file(&format!("{value}\r\n"));
        let mut set = least_with(&A_BUCKET);
        set.insert("ENVIRONMENT".to_owned(), "development".to_owned());
        set.remove(row.name);
        set.insert(row.file_form(), file.path().to_str().unwrap().to_owned());
        let command = row.commands[0];
        assert_eq!(check(command, &|name| set.get(name).cloned()), Ok(()), "{}", row.name);

        set.insert(row.name.to_owned(), value.to_owned());
        let errors = check(command, &|name| set.get(name).cloned()).unwrap_err();
        assert_eq!(names(&errors), [row.file_form()]);
        assert!(errors.to_string().contains("keep one of the two"), "{errors}");
    }
}

#[test]
fn a_secret_from_a_file_loses_its_line_break_and_nothing_else() {
    let file = file(" geheim \n");
    let mut set = least();
    set.remove("NANGO_SECRET_KEY");
    set.insert("NANGO_SECRET_KEY_FILE".to_owned(), file.path().to_str().unwrap().to_owned());

    assert_eq!(serve(&set).unwrap().runtime.nango.access.secret_key.expose(), " geheim ");
}

#[rstest]
#[case::not_there(None, "cannot be read")]
#[case::empty(Some("\n"), "is empty")]
fn a_file_that_holds_no_secret_is_a_mistake(#[case] content: Option<&str>, #[case] said: &str) {
    let file = content.map(file);
    let path = file.as_ref().map_or("/nonexistent/key", |file| file.path().to_str().unwrap());

    let errors = serve(&least_with(&[("METRICS_TOKEN_FILE", path)])).unwrap_err();

    assert_eq!(names(&errors), ["METRICS_TOKEN_FILE"]);
    assert!(errors.to_string().contains(said), "{errors}");
}

#[test]
fn no_secret_shows() {
    let mut set =
        least_with(&[("ENVIRONMENT", "development"), ("ADMIN_PIN_HASH", PIN_HASH), ("SUMMARIZER_MODEL", "m")]);
    set.insert("SUMMARIZER_URL".to_owned(), "https://llm.example.com/v1".to_owned());
    set.extend(variables(&A_BUCKET));
    for row in GROUPS.iter().flat_map(|group| group.variables).filter(|row| row.secret) {
        let value = match row.name {
            name if name.ends_with("DATABASE_URL") => {
                format!(
                    "postgres://login-geheim:geheim@{}.internal/db?password=geheim",
                    name.to_lowercase().replace('_', "-")
                )
            }
            "ADMIN_PIN_HASH" => PIN_HASH.replace("aGFzaGhhc2", "geheim"),
            _ => "geheim-geheim-geheim-geheim-geheim".to_owned(),
        };
        set.insert(row.name.to_owned(), value);
    }

    let read = |name: &str| set.get(name).cloned();
    let shown = [
        format!("{:#?}", ServeConfig::from_env(&read).unwrap()),
        format!("{:?}", WorkConfig::from_env(&read).unwrap()),
        format!("{:?}", MigrateConfig::from_env(&read).unwrap()),
        format!("{:?}", MigrateFleetConfig::from_env(&read).unwrap()),
        format!("{:?}", DoctorConfig::from_env(&read)),
        format!("{:?}", UsersConfig::from_env(&read).unwrap()),
        format!("{:?}", UsersBindConfig::from_env(&read).unwrap()),
    ];

    for text in shown {
        assert!(!text.contains("geheim") && !text.contains("argon2id"), "{text}");
        // A fleet is migrated by Master's owner only.
        let hosts = ["master-database-url", "master-migration-database-url"];
        assert!(hosts.iter().any(|host| text.contains(&format!("postgres://{host}.internal:5432/db"))), "{text}");
    }
}

#[test]
fn a_hash_counts_before_a_plain_pin() {
    let set = least_with(&[("ENVIRONMENT", "development"), ("ADMIN_PIN", "1111"), ("ADMIN_PIN_HASH", PIN_HASH)]);

    assert!(matches!(serve(&set).unwrap().admin.pin, Some(AdminPin::Hash(_))));
}

#[test]
fn lists_and_choices_are_read() {
    let set = least_with(&[
        ("ADMIN_IP_WHITELIST", "10.1.2.3/8, 192.168.0.7 ,::1"),
        ("CORS_ALLOWED_ORIGINS", "https://App.example.com/,http://localhost:3000"),
        ("RATE_LIMIT_READ", "0"),
        ("SYNC_INTERVAL_SECONDS", "0"),
        ("METRICS_ADDR", "localhost:9090"),
        ("JWT_ISSUER", "https://issuer.example.com"),
        ("NANGO_WEBHOOK_SIGNING_KEY", "signing"),
        ("SUMMARIZER_URL", "https://llm.example.com/v1"),
        ("SUMMARIZER_MODEL", "small"),
    ]);

    let config = serve(&set).unwrap();

    let networks: Vec<_> = config.admin.allowed_networks.iter().map(ToString::to_string).collect();
    assert_eq!(networks, ["10.0.0.0/8", "192.168.0.7/32", "::1/128"]);
    assert_eq!(config.http.cors_origins, ["https://app.example.com", "http://localhost:3000"]);
    assert_eq!(config.http.rate_limits.read, None);
    assert_eq!(config.runtime.sync.interval, None);
    assert_eq!(config.runtime.metrics.listen.unwrap().to_string(), "127.0.0.1:9090");
    assert_eq!(config.identity.issuer, "https://issuer.example.com");
    assert_eq!(config.webhook_keys.current.expose(), "signing");
    assert_eq!(config.runtime.summarizer.unwrap().model, "small");
}

#[test]
fn a_bucket_comes_with_its_key() {
    let file = file("token-geheim\n");
    let token = ("AWS_SESSION_TOKEN_FILE", file.path().to_str().unwrap());
    let mut set = least_with(&A_BUCKET);
    set.extend(variables(&[token, ("AWS_ENDPOINT_URL", "http://minio:9000"), ("AWS_REGION", "eu-central-1")]));

    let config = serve(&set).unwrap();

    assert!(!format!("{config:?}").contains("geheim"));
    let BlobStore::S3(bucket) = config.runtime.storage.blobs else { panic!("no bucket") };
    assert_eq!((bucket.name.as_str(), bucket.prefix.as_str()), ("bucket", "a/b"));
    assert_eq!((bucket.region.as_str(), bucket.endpoint.unwrap().as_str()), ("eu-central-1", "http://minio:9000/"));
    assert_eq!((bucket.access_key_id.expose(), bucket.secret_access_key.expose()), ("id-geheim", "key-geheim"));
    assert_eq!(bucket.session_token.unwrap().expose(), "token-geheim");

    let bucket = |set: &HashMap<String, String>| match serve(set).unwrap().runtime.storage.blobs {
        BlobStore::S3(bucket) => bucket,
        BlobStore::Postgres | BlobStore::Directory(_) => panic!("no bucket"),
    };
    let plain = bucket(&least_with(&A_BUCKET));
    assert_eq!((plain.region.as_str(), plain.endpoint, plain.session_token.is_none()), ("us-east-1", None, true));
}

#[test]
fn all_that_is_wrong_with_a_bucket_is_told_together_and_only_where_there_is_one() {
    let set = least_with(&[("BLOB_STORE", "s3://bucket"), ("AWS_ENDPOINT_URL", "http://s3.example.com")]);
    let elsewhere = least_with(&[("BLOB_STORE", "file:///files"), ("AWS_ENDPOINT_URL", "http://s3.example.com")]);

    let errors = serve(&set).unwrap_err();

    assert_eq!(names(&errors), ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"], "{errors}");
    let blobs = serve(&elsewhere).unwrap().runtime.storage.blobs;
    assert!(matches!(&blobs, BlobStore::Directory(directory) if directory.as_os_str() == "/files"), "{blobs:?}");
}

#[test]
fn a_summarizer_needs_a_model() {
    let errors = serve(&least_with(&[("SUMMARIZER_URL", "https://llm.example.com")])).unwrap_err();

    assert_eq!(names(&errors), ["SUMMARIZER_MODEL"]);
}
