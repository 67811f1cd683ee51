//! Values that must not be seen: read by reference, taken out of messages.

use std::fmt;

use datafusion::common::plan_err;
use datafusion::error::Result;

use super::location::redact;
use crate::config::StoreConfig;

/// Options that may be written out, without the prefix of their provider. Any other may be a
/// credential, or hold one as a proxy's URL does.
const OPEN_OPTIONS: [&str; 57] = [
    "account_name",
    "allow_http",
    "allow_invalid_certificates",
    "application_credentials",
    "authority_host",
    "authority_id",
    "base_url",
    "bucket",
    "bucket_name",
    "checksum_algorithm",
    "client_id",
    "conditional_put",
    "connect_timeout",
    "container_authorization_token_file",
    "container_credentials_full_uri",
    "container_credentials_relative_uri",
    "container_name",
    "copy_if_not_exists",
    "default_content_type",
    "default_region",
    "disable_tagging",
    "endpoint",
    "endpoint_url",
    "endpoint_url_s3",
    "endpoint_url_sts",
    "federated_token_file",
    "http1_only",
    "http2_keep_alive_interval",
    "http2_keep_alive_timeout",
    "http2_keep_alive_while_idle",
    "http2_max_frame_size",
    "http2_only",
    "imdsv1_fallback",
    "instance_credentials",
    "metadata_endpoint",
    "msi_endpoint",
    "msi_resource_id",
    "object_id",
    "pool_idle_timeout",
    "pool_max_idle_per_host",
    "profile",
    "proxy_excludes",
    "randomize_addresses",
    "region",
    "request_payer",
    "role_arn",
    "role_session_name",
    "s3_express",
    "server_side_encryption",
    "skip_signature",
    "sse_kms_key_id",
    "tenant_id",
    "timeout",
    "unsigned_payload",
    "use_emulator",
    "user_agent",
    "virtual_hosted_style_request",
];

/// Further ones: whether to take the machine's own credentials, and files that hold some.
const OPEN_SOURCES: [&str; 5] = [
    "service_account",
    "service_account_path",
    "use_azure_cli",
    "use_fabric_endpoint",
    "web_identity_token_file",
];

/// The prefixes that providers' options may have.
const PREFIXES: [&str; 4] = ["aws_", "google_", "azure_storage_", "azure_"];

/// Shorter values than this are words that occur in messages for other reasons.
const SHORTEST_HIDDEN: usize = 6;

/// Option names and values of one store; the values are never shown.
#[derive(Clone, Default)]
pub(super) struct Options(Vec<(String, String)>);

impl Options {
    /// Reads what a `[stores."…"]` section names.
    ///
    /// # Errors
    /// When a credential is written out, or what it is read from is missing;
    /// values are not repeated.
    pub(super) fn read(prefix: &str, config: &StoreConfig) -> Result<Self> {
        let mut out = Self::default();
        for (name, value) in &config.options {
            let name = name.to_ascii_lowercase();
            if !is_open(&name) {
                return plan_err!(
                    "[stores.\"{prefix}\"]: option \"{name}\" may be a credential, which is not written \
                     out: name an environment variable under env or a file under files"
                );
            }
            out.set(&name, value.clone());
        }
        for (name, variable) in &config.env {
            match std::env::var(variable) {
                Ok(value) => out.set(&name.to_ascii_lowercase(), value),
                Err(_) => {
                    return plan_err!(
                        "[stores.\"{prefix}\"]: {name} is read from the environment variable {variable}, \
                         which is not set"
                    );
                }
            }
        }
        for (name, path) in &config.files {
            match std::fs::read_to_string(path) {
                Ok(text) => out.set(&name.to_ascii_lowercase(), text.trim().to_string()),
                Err(error) => {
                    return plan_err!(
                        "[stores.\"{prefix}\"]: {name} is read from the file \"{path}\": {error}"
                    );
                }
            }
        }
        Ok(out)
    }

    /// Variables of the environment whose names begin with `prefix`, in lower case.
    pub(super) fn from_environment(prefixes: &[&str]) -> Self {
        let set = std::env::vars_os().filter_map(|(name, value)| {
            let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
            let wanted = prefixes.iter().any(|prefix| name.starts_with(prefix));
            (wanted && !value.is_empty()).then(|| (name.to_ascii_lowercase(), value))
        });
        Self(set.collect())
    }

    /// The value of the first of some names that is set.
    pub(super) fn get(&self, names: &[&str]) -> Option<&str> {
        let find = |name: &&str| self.0.iter().find(|(n, _)| n == name);
        names.iter().find_map(find).map(|(_, value)| value.as_str())
    }

    pub(super) fn is_true(&self, names: &[&str]) -> bool {
        self.get(names)
            .is_some_and(|v| matches!(v.to_ascii_lowercase().as_str(), "true" | "1" | "yes"))
    }

    pub(super) fn set(&mut self, name: &str, value: String) {
        self.0.retain(|(n, _)| n != name);
        self.0.push((name.to_string(), value));
    }

    /// Takes an option out, so that the client does not meet it.
    pub(super) fn remove(&mut self, name: &str) {
        self.0.retain(|(n, _)| n != name);
    }

    /// Leaves out the options that some test holds for.
    pub(super) fn without(mut self, test: impl Fn(&str) -> bool) -> Self {
        self.0.retain(|(name, _)| !test(name));
        self
    }

    /// These options, and those of `weaker` that are not among them.
    pub(super) fn over(mut self, weaker: Self) -> Self {
        for (name, value) in weaker.0 {
            if !self.0.iter().any(|(n, _)| *n == name) {
                self.0.push((name, value));
            }
        }
        self
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The values to take out of every message.
    pub(super) fn secrets(&self) -> Secrets {
        let secret = self
            .iter()
            .filter(|(name, value)| !is_open(name) && value.len() >= SHORTEST_HIDDEN);
        Secrets(secret.map(|(_, value)| value.to_string()).collect())
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

fn is_open(name: &str) -> bool {
    let bare = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix));
    let bare = bare.unwrap_or(name);
    OPEN_OPTIONS.contains(&bare) || OPEN_SOURCES.contains(&bare)
}

/// Values that no message may hold.
#[derive(Clone, Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// A text without secrets and without the users, passwords and queries of URLs.
    pub(super) fn hide(&self, text: &str) -> String {
        let mut text = text.to_string();
        for secret in &self.0 {
            text = text.replace(secret.as_str(), "***");
        }
        let mut out = String::with_capacity(text.len());
        for word in text.split_inclusive(char::is_whitespace) {
            let bare = word.trim_end();
            match bare.find("://") {
                Some(at) => {
                    let before = bare[..at].trim_end_matches(|c: char| c.is_ascii_alphanumeric());
                    out.push_str(before);
                    out.push_str(&redact(&bare[before.len()..]));
                }
                None => out.push_str(bare),
            }
            out.push_str(&word[bare.len()..]);
        }
        out
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(***)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn credentials_are_not_written_out() {
        for name in [
            "secret_access_key",
            "master_key",
            "azure_storage_account_key",
            "sse_customer_key_base64",
            "proxy_url",
            "Token",
        ] {
            let options = BTreeMap::from([(name.to_string(), "hunter2".to_string())]);
            let config = StoreConfig {
                options,
                ..StoreConfig::default()
            };
            let message = Options::read("s3://b", &config).unwrap_err().to_string();
            assert!(message.contains("under env or a file"), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn what_is_no_secret_is_written_out() {
        for name in [
            "region",
            "aws_region",
            "AZURE_STORAGE_ACCOUNT_NAME",
            "endpoint",
        ] {
            let options = BTreeMap::from([(name.to_string(), "x".to_string())]);
            let config = StoreConfig {
                options,
                ..StoreConfig::default()
            };
            assert!(Options::read("s3://b", &config).is_ok(), "{name}");
        }
    }

    #[test]
    fn missing_references_are_named() {
        let env = BTreeMap::from([("token".to_string(), "COHORTQL_NOT_SET_ANYWHERE".to_string())]);
        let config = StoreConfig {
            env,
            ..StoreConfig::default()
        };
        let message = Options::read("s3://b", &config).unwrap_err().to_string();
        assert!(message.contains("COHORTQL_NOT_SET_ANYWHERE"), "{message}");
    }

    #[test]
    fn messages_lose_secrets_and_signatures() {
        let mut options = Options::default();
        options.set("secret_access_key", "hunter2".to_string());
        let hidden = options
            .secrets()
            .hide("GET https://u:p@h/x?sig=abc failed: hunter2 is wrong");
        assert_eq!(hidden, "GET https://***@h/x failed: *** is wrong");
        assert!(!format!("{options:?}").contains("hunter2"));
    }
}
