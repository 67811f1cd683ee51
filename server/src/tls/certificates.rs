//! Certificates: read from files, and the names in them.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rustls_pki_types::pem::{Error as PemError, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

use crate::config::{ClientCertificates, TlsConfig};
use crate::error::ServerError;

/// The protocol that clients and server agree on.
const HTTP2: &[u8] = b"h2";

/// The keys that name the files.
const CERTIFICATE: &str = "server.tls.certificate";
const CLIENT_CA: &str = "server.tls.client_ca";

/// Reads the files and makes of them what connections are encrypted with.
pub(crate) fn load(config: &TlsConfig) -> Result<Arc<ServerConfig>, ServerError> {
    let provider = Arc::new(ring::default_provider());
    let chain = certificates(CERTIFICATE, &config.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&config.key)
        .map_err(|error| unreadable("server.tls.key", &config.key, "a private key", &error))?;
    let verifier = client_verifier(config, &provider)?;
    let unusable = |error: tokio_rustls::rustls::Error| {
        ServerError::Config(format!(
            "{CERTIFICATE}: {} cannot be used with the key in {}: {error}",
            config.certificate.display(),
            config.key.display()
        ))
    };
    let mut tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(unusable)?;
    tls.alpn_protocols = vec![HTTP2.to_vec()];
    Ok(Arc::new(tls))
}

fn client_verifier(
    config: &TlsConfig,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, ServerError> {
    let Some(file) = config.client_ca() else {
        return Ok(WebPkiClientVerifier::no_client_auth());
    };
    let wrong = |reason: &dyn std::fmt::Display| {
        ServerError::Config(format!("{CLIENT_CA}: {}: {reason}", file.display()))
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(CLIENT_CA, file)? {
        roots.add(certificate).map_err(|error| wrong(&error))?;
    }
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    let verifier = match config.client_certificates {
        ClientCertificates::Required(_) => verifier,
        ClientCertificates::Off | ClientCertificates::Optional(_) => {
            verifier.allow_unauthenticated()
        }
    };
    verifier.build().map_err(|error| wrong(&error))
}

/// All certificates of a file, and at least one.
fn certificates(key: &str, file: &Path) -> Result<Vec<CertificateDer<'static>>, ServerError> {
    let read = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, PemError>>)
        .and_then(|certificates| match certificates.is_empty() {
            true => Err(PemError::NoItemsFound),
            false => Ok(certificates),
        });
    read.map_err(|error| unreadable(key, file, "certificates", &error))
}

fn unreadable(key: &str, file: &Path, what: &str, error: &PemError) -> ServerError {
    let file = file.display();
    ServerError::Config(match error {
        PemError::Io(error) => format!("{key}: {file} cannot be read: {error}"),
        PemError::NoItemsFound => format!("{key}: {file}: expected {what} in PEM, got none"),
        _ => format!("{key}: {file}: expected {what} in PEM, got something malformed"),
    })
}

/// The names in a certificate that a user may be known by: the common name, and the alternative
/// names that are text.
pub(crate) fn names(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok((_, certificate)) = parse_x509_certificate(certificate) else {
        return Vec::new();
    };
    let common = certificate.subject().iter_common_name();
    let mut names: Vec<String> = common
        .filter_map(|name| Some(name.as_str().ok()?.to_owned()))
        .collect();
    if let Ok(Some(alternatives)) = certificate.subject_alternative_name() {
        for name in &alternatives.value.general_names {
            if let GeneralName::DNSName(name)
            | GeneralName::RFC822Name(name)
            | GeneralName::URI(name) = name
            {
                names.push((*name).to_owned());
            }
        }
    }
    names
}

/// Whose the server's certificate is, and the last moment at which it is good.
pub(crate) fn validity(config: &TlsConfig) -> Result<(Vec<String>, DateTime<Utc>), ServerError> {
    let malformed = || {
        let file = config.certificate.display();
        ServerError::Config(format!(
            "{CERTIFICATE}: {file}: the certificate is malformed"
        ))
    };
    let chain = certificates(CERTIFICATE, &config.certificate)?;
    let first = chain.first().ok_or_else(malformed)?;
    let (_, certificate) = parse_x509_certificate(first).map_err(|_| malformed())?;
    let until = certificate.validity().not_after.timestamp();
    let until = DateTime::from_timestamp(until, 0).ok_or_else(malformed)?;
    Ok((names(first), until))
}
