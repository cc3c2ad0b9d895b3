//! Who may come in: Master Supabase Auth and its tokens.

use std::time::Duration;

use url::Url;

use super::reader::{Reader, Reading, Scheme};
use super::secret::Secret;
use super::variable::{Fallback, SERVE, SERVE_BIND, SERVE_WORK_BIND, Variable};

pub(super) const VARIABLES: &[Variable] = &[
    Variable::required(
        "MASTER_SUPABASE_URL",
        SERVE_WORK_BIND,
        "Master's Supabase project, like `https://abc.supabase.co`; `http://` only for this machine's own addresses",
    ),
    Variable::new(
        "JWT_ISSUER",
        Fallback::Derived("`{MASTER_SUPABASE_URL}/auth/v1`"),
        SERVE,
        "the `iss` that tokens must carry",
    ),
    Variable::preset("JWT_AUDIENCE", "authenticated", SERVE, "the `aud` that tokens must carry"),
    Variable::preset("JWT_LEEWAY_SECONDS", "30", SERVE, "how far the clocks of issuer and service may differ")
        .within(0, 60),
    Variable::optional(
        "JWT_ALLOWED_CLIENT_IDS",
        SERVE,
        "third-party OAuth clients whose tokens are accepted, with commas between them",
    ),
    Variable::optional(
        "SUPABASE_JWT_SECRET",
        SERVE,
        "legacy HS256 signing secret, at least 32 bytes in production; HS256 tokens are accepted only when it is set",
    )
    .secret(),
    Variable::optional(
        "MASTER_SUPABASE_SERVICE_KEY",
        SERVE_BIND,
        "key of the Auth admin API, for invitations; without it inviting answers 501, and `users bind` does not start",
    )
    .secret(),
    Variable::optional("MASTER_SUPABASE_ANON_KEY", SERVE, "`apikey` header for sign-in from a console").secret(),
    Variable::preset("INVITATION_DAYS", "7", SERVE, "how long an invitation is valid").within(1, 365),
    Variable::optional("FRONTEND_URL", SERVE, "where the link of an invitation leads"),
];

/// Shortest HS256 secret that production accepts: RFC 7518, section 3.2, asks for the size of the hash.
const MIN_SECRET_BYTES: usize = 32;

/// What tokens must look like, and invitations.
#[derive(Clone, Debug)]
pub struct IdentityConfig {
    /// The required `iss`.
    pub issuer: String,
    /// The required `aud`.
    pub audience: String,
    /// How far clocks may differ.
    pub leeway: Duration,
    /// OAuth clients whose tokens are accepted.
    pub allowed_client_ids: Vec<String>,
    /// Secret of HS256 tokens; without it there are none.
    pub legacy_secret: Option<Secret>,
    /// Key of Supabase's user administration.
    pub service_key: Option<Secret>,
    /// Key of a sign-in by password.
    pub anon_key: Option<Secret>,
    /// How long an invitation is valid.
    pub invitation_validity: Duration,
    /// Where an invitation leads.
    pub frontend_url: Option<Url>,
}

/// The base URL of Master's Supabase project.
pub(super) fn read_supabase_url(reader: &mut Reader<'_>) -> Reading<Url> {
    reader.url("MASTER_SUPABASE_URL", Scheme::Secure)
}

/// The key of Supabase's user administration, for a command that does nothing else.
pub(super) fn read_service_key(reader: &mut Reader<'_>) -> Reading<Secret> {
    reader.secret("MASTER_SUPABASE_SERVICE_KEY")
}

impl IdentityConfig {
    pub(super) fn read(reader: &mut Reader<'_>, supabase_url: Reading<&Url>) -> Reading<Self> {
        let issuer = reader.optional_word("JWT_ISSUER");
        let audience = reader.word("JWT_AUDIENCE");
        let leeway = reader.seconds("JWT_LEEWAY_SECONDS");
        let allowed_client_ids = reader.list("JWT_ALLOWED_CLIENT_IDS", |word| Ok(word.to_owned()));
        let production = reader.environment().is_production();
        let legacy_secret = reader.optional("SUPABASE_JWT_SECRET", |text| {
            if production && text.len() < MIN_SECRET_BYTES {
                return Err(format!(
                    "shorter than {MIN_SECRET_BYTES} bytes, which production refuses: take Supabase's own secret, or unset it"
                ));
            }
            Ok(Secret::new(text))
        });
        let service_key = reader.optional_secret("MASTER_SUPABASE_SERVICE_KEY");
        let anon_key = reader.optional_secret("MASTER_SUPABASE_ANON_KEY");
        let invitation_days = reader.integer::<u32>("INVITATION_DAYS");
        let frontend_url = reader.optional_url("FRONTEND_URL", Scheme::Any);
        let issuer = match issuer? {
            Some(issuer) => issuer,
            None => format!("{}/auth/v1", supabase_url?.as_str().trim_end_matches('/')),
        };
        Ok(Self {
            issuer,
            audience: audience?,
            leeway: leeway?,
            allowed_client_ids: allowed_client_ids?,
            legacy_secret: legacy_secret?,
            service_key: service_key?,
            anon_key: anon_key?,
            invitation_validity: Duration::from_hours(24) * invitation_days?,
            frontend_url: frontend_url?,
        })
    }
}
