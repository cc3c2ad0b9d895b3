//! Everything that a deployment under test logs, at every level, and what may stand in no log.

use std::io;
use std::sync::{Mutex, OnceLock, PoisonError};

use cortex_app::logging;
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt, registry};

use crate::stack::{Stack, http};

/// What the tests of this process have logged so far.
pub(crate) struct Log(Mutex<Vec<u8>>);

/// What an operator asks for who wants to see everything. The stand-ins are no part of a deployment.
const LEVELS: &str = "trace,cortex_sandbox=off";

/// What every access token begins with, and every token of a connect session.
const BEGINNINGS: [&str; 2] = ["eyJhbGciOi", "nango_connect_session_"];

/// The shortest line of a document that is looked for.
const TELLING: usize = 30;

/// Begins to listen, once.
pub(crate) fn listen() -> &'static Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    static LISTENING: OnceLock<()> = OnceLock::new();
    let log = LOG.get_or_init(|| Log(Mutex::default()));
    LISTENING.get_or_init(|| {
        let layer = fmt::layer().with_ansi(false).with_writer(log);
        registry().with(layer.with_filter(logging::filter(LEVELS).unwrap())).init();
    });
    log
}

impl Log {
    /// The lines that hold `words`, all of them.
    pub(crate) fn lines_with(&self, words: &[&str]) -> Vec<String> {
        let text = self.text();
        let hits = text.lines().filter(|line| words.iter().all(|word| line.contains(word)));
        hits.map(ToOwned::to_owned).collect()
    }

    /// Looks for everything that nobody may read in a log.
    pub(crate) async fn must_tell_no_secret(&self, stack: &Stack) {
        let text = self.text();
        assert!(text.lines().count() > 3, "the deployment logs something: {text}");
        for beginning in BEGINNINGS {
            assert!(!text.contains(beginning), "a token is logged: {}", around(&text, beginning));
        }
        assert!(!text.contains("with parameters"), "the driver tells what is in the database");
        for (what, secret) in secrets(stack).await {
            assert!(!text.contains(&secret), "{what} is logged: {}", around(&text, &secret));
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl<'a> MakeWriter<'a> for &'static Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self
    }
}

impl io::Write for &'static Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything that the deployment knows and keeps to itself.
async fn secrets(stack: &Stack) -> Vec<(String, String)> {
    let environment = stack.nango.environments().remove(0);
    let mut secrets = vec![
        ("the key of Nango".to_owned(), environment.api_key.to_string()),
        ("the key of webhooks".to_owned(), environment.webhook_signing_key.clone()),
        ("the service key".to_owned(), stack.supabase.service_key().to_owned()),
        ("the secret of tokens".to_owned(), stack.supabase.jwt_secret().to_owned()),
        ("the password of the database".to_owned(), stack.database_password()),
    ];
    secrets.extend(provider_tokens(stack, &environment.api_key.to_string()).await);
    let client = stack.company.connect().await;
    for row in client.query("select id, content from documents", &[]).await.unwrap() {
        let (id, content): (i64, String) = (row.get(0), row.get(1));
        let lines = content.lines().map(str::trim).filter(|line| line.len() >= TELLING);
        secrets.extend(lines.map(|line| (format!("a line of document {id}"), line.to_owned())));
    }
    secrets
}

/// What Nango keeps for us.
async fn provider_tokens(stack: &Stack, key: &str) -> Vec<(String, String)> {
    let get = async |path: String| -> Value {
        let answer = http().get(format!("{}{path}", stack.nango.base_url())).bearer_auth(key).send().await.unwrap();
        answer.json().await.unwrap()
    };
    // An outage or a fault of the test is over for what looks on.
    stack.nango.faults().clear();
    let mut tokens = Vec::new();
    for connection in get("/connections".to_owned()).await["connections"].as_array().unwrap() {
        let (id, integration) =
            (connection["connection_id"].as_str().unwrap(), connection["provider_config_key"].as_str().unwrap());
        let path = format!("/connections/{id}?provider_config_key={integration}&refresh_token=true");
        let read = get(path).await;
        for name in ["access_token", "refresh_token"] {
            let token = read["credentials"][name].as_str().map(ToOwned::to_owned);
            tokens.extend(token.map(|token| (format!("the {name} of connection {id}"), token)));
        }
    }
    tokens
}

fn around(text: &str, word: &str) -> String {
    let lines: Vec<_> = text.lines().filter(|line| line.contains(word)).take(3).collect();
    lines.join("\n")
}
