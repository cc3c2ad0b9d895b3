//! A throw-away certificate authority, and the server's certificate by it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};

/// Writes `server.crt` and `server.key` into one directory, and the authority's certificate to a file.
pub(super) fn write(server_directory: &Path, ca_file: &Path) -> Result<()> {
    let authority_key = KeyPair::generate()?;
    let mut authority = params(Vec::new(), "Cortex throw-away authority")?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_certificate = authority.self_signed(&authority_key)?;
    let issuer = Issuer::new(authority, authority_key);

    let server_key = KeyPair::generate()?;
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let mut server = params(names.to_vec(), "localhost")?;
    server.use_authority_key_identifier_extension = true;
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let server_certificate = server.signed_by(&server_key, &issuer)?;

    for (file, text) in [
        (ca_file, authority_certificate.pem()),
        (&server_directory.join("server.crt"), server_certificate.pem()),
        (&server_directory.join("server.key"), server_key.serialize_pem()),
    ] {
        fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn params(names: Vec<String>, common_name: &str) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, common_name);
    let now = now();
    params.not_before = now - Duration::DAY;
    // A development server may run for long.
    params.not_after = now + Duration::days(365);
    Ok(params)
}

#[expect(clippy::disallowed_methods, reason = "a certificate is valid by the clock of whoever checks it")]
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}
