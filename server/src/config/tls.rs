//! `[server.tls]`: the server's certificate, and what it asks of its clients'.

use std::path::{Path, PathBuf};

use super::document::Document;
use super::raw;
use crate::error::ServerError;

/// How connections are encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsConfig {
    /// PEM file of the certificate and the chain above it.
    pub certificate: PathBuf,
    /// PEM file of the certificate's private key.
    pub key: PathBuf,
    /// Whether clients show certificates.
    pub client_certificates: ClientCertificates,
}

/// Whether clients show certificates, and whose are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientCertificates {
    /// They are not asked.
    Off,
    /// They may, and are refused if it is not of one of these authorities (a PEM file).
    Optional(PathBuf),
    /// They must.
    Required(PathBuf),
}

impl TlsConfig {
    pub(super) fn validate(document: &Document<'_>, raw: raw::Tls) -> Result<Self, ServerError> {
        let client_ca = raw.client_ca.as_ref();
        let authorities = client_ca
            .map(|path| document.path("server.tls.client_ca", path))
            .transpose()?;
        let key = "server.tls.client_certificates";
        let wanted = raw.client_certificates.as_ref();
        let client_certificates = match (wanted.map(|text| text.get_ref().as_str()), authorities) {
            (Some("off"), _) | (None, None) => ClientCertificates::Off,
            (Some("optional") | None, Some(file)) => ClientCertificates::Optional(file),
            (Some("required"), Some(file)) => ClientCertificates::Required(file),
            (Some("optional" | "required"), None) => {
                let span = wanted.map_or(0..0, toml::Spanned::span);
                let message = "expected server.tls.client_ca beside it, got none";
                return Err(document.wrong(&span, key, message));
            }
            (Some(other), _) => {
                let span = wanted.map_or(0..0, toml::Spanned::span);
                let message =
                    format!("expected \"off\", \"optional\" or \"required\", got {other:?}");
                return Err(document.wrong(&span, key, &message));
            }
        };
        Ok(Self {
            certificate: document.path("server.tls.certificate", &raw.certificate)?,
            key: document.path("server.tls.key", &raw.key)?,
            client_certificates,
        })
    }

    /// The files of authorities whose clients are believed.
    pub(crate) fn client_ca(&self) -> Option<&Path> {
        match &self.client_certificates {
            ClientCertificates::Off => None,
            ClientCertificates::Optional(file) | ClientCertificates::Required(file) => Some(file),
        }
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        [self.certificate.as_path(), self.key.as_path()]
            .into_iter()
            .chain(self.client_ca())
    }
}
