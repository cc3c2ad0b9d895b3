//! The HTTP API: where it listens, whom it believes, how much it takes.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;

use ipnet::IpNet;
use url::Url;

use super::reader::{Reader, Reading, Scheme, network, quoted};
use super::variable::{Fallback, SERVE, Variable};

pub(super) const VARIABLES: &[Variable] = &[
    Variable::new(
        "HOST",
        Fallback::ByEnvironment { development: Some("127.0.0.1"), production: Some("0.0.0.0") },
        SERVE,
        "address to listen on",
    ),
    Variable::preset("PORT", "8080", SERVE, "port to listen on; 0 takes a free one and logs it").within(0, 65_535),
    Variable::optional(
        "TRUSTED_PROXIES",
        SERVE,
        "addresses and ranges of proxies whose `X-Forwarded-For` is believed; otherwise the address of the peer counts",
    ),
    Variable::preset("RATE_LIMIT_READ", "600", SERVE, "reading requests of a user in a minute; 0 is without limit")
        .within(0, 1_000_000),
    Variable::preset("RATE_LIMIT_WRITE", "120", SERVE, "writing requests of a user in a minute; 0 is without limit")
        .within(0, 1_000_000),
    Variable::preset("RATE_LIMIT_CONNECT", "20", SERVE, "connects of a user in a minute; 0 is without limit")
        .within(0, 1_000_000),
    Variable::optional(
        "CORS_ALLOWED_ORIGINS",
        SERVE,
        "origins of browser applications that may call the API, like `https://app.example.com`, with commas between \
         them",
    ),
    Variable::new(
        "EXPOSE_DOCS",
        Fallback::ByEnvironment { development: Some("true"), production: Some("false") },
        SERVE,
        "whether `/docs` and `/openapi.json` are served",
    ),
    Variable::preset("UPLOAD_MAX_BYTES", "104857600", SERVE, "largest file that may be uploaded")
        // What the process that reads files takes.
        .within(1, 134_217_728),
    Variable::preset("UPLOAD_MAX_FILES", "10", SERVE, "most files in one upload").within(1, 100),
];

/// The HTTP API.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The deployment's own URL, as others reach it.
    pub public_url: Option<Url>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How often a user may call.
    pub rate_limits: RateLimits,
    /// Origins of browser applications, as browsers spell them.
    pub cors_origins: Vec<String>,
    /// Whether the documentation of the API is served.
    pub expose_docs: bool,
    /// Largest upload in bytes.
    pub upload_max_bytes: u64,
    /// Most files in one upload.
    pub upload_max_files: usize,
}

/// Requests per user and minute; none is without limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimits {
    /// Requests that read.
    pub read: Option<NonZeroU32>,
    /// Requests that write.
    pub write: Option<NonZeroU32>,
    /// Requests that start a connect.
    pub connect: Option<NonZeroU32>,
}

impl HttpConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Reading<Self> {
        let public_url = reader.optional_url("PUBLIC_URL", Scheme::SecureInProduction);
        let host = reader.required("HOST", address);
        let port = reader.integer("PORT");
        let trusted_proxies = reader.list("TRUSTED_PROXIES", network);
        let rate_limits = RateLimits::read(reader);
        let cors_origins = reader.list("CORS_ALLOWED_ORIGINS", origin);
        let expose_docs = reader.flag("EXPOSE_DOCS");
        let upload_max_bytes = reader.integer("UPLOAD_MAX_BYTES");
        let upload_max_files = reader.integer("UPLOAD_MAX_FILES");
        Ok(Self {
            listen: SocketAddr::new(host?, port?),
            public_url: public_url?,
            trusted_proxies: trusted_proxies?,
            rate_limits: rate_limits?,
            cors_origins: cors_origins?,
            expose_docs: expose_docs?,
            upload_max_bytes: upload_max_bytes?,
            upload_max_files: upload_max_files?,
        })
    }
}

impl RateLimits {
    fn read(reader: &mut Reader<'_>) -> Reading<Self> {
        let read = reader.integer("RATE_LIMIT_READ");
        let write = reader.integer("RATE_LIMIT_WRITE");
        let connect = reader.integer("RATE_LIMIT_CONNECT");
        Ok(Self { read: NonZeroU32::new(read?), write: NonZeroU32::new(write?), connect: NonZeroU32::new(connect?) })
    }
}

fn address(text: &str) -> Result<IpAddr, String> {
    if text == "localhost" {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    text.trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .map_err(|_| format!("expected an address like 0.0.0.0, 127.0.0.1 or ::, found {}", quoted(text)))
}

/// An origin in the one spelling that browsers send.
fn origin(text: &str) -> Result<String, String> {
    if text == "*" {
        return Err("`*` would let every web site call the API: name the origins".to_owned());
    }
    let url = Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    });
    let url = url.ok_or_else(|| "expected origins like https://app.example.com, without a path".to_owned())?;
    Ok(url.origin().ascii_serialization())
}
