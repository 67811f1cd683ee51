//! Values that must not be seen: read by reference, taken out of messages.

use std::fmt;

use datafusion::common::plan_err;
use datafusion::error::Result;

use crate::config::StoreConfig;

/// Parts of the names of options that are credentials and so never written out.
const SECRET_WORDS: [&str; 8] = [
    "secret",
    "token",
    "password",
    "access_key",
    "account_key",
    "sas",
    "credential",
    "service_account_key",
];

/// Options whose names hold such a word, but which are no secrets themselves.
const OPEN_OPTIONS: [&str; 4] = [
    "container_credentials_relative_uri",
    "instance_credentials",
    "application_credentials",
    "web_identity_token_file",
];

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
            if is_secret(&name) {
                return plan_err!(
                    "[stores.\"{prefix}\"]: option \"{name}\" is a credential, which is not written out: \
                     name an environment variable under env or a file under files"
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
            .filter(|(name, value)| is_secret(name) && value.len() >= 4);
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

fn is_secret(name: &str) -> bool {
    SECRET_WORDS.iter().any(|word| name.contains(word))
        && !OPEN_OPTIONS.iter().any(|open| name.ends_with(open))
}

/// Values that no message may hold.
#[derive(Clone, Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// A text without secrets and without the query parts of URLs, where signatures are.
    pub(super) fn hide(&self, text: &str) -> String {
        let mut text = text.to_string();
        for secret in &self.0 {
            text = text.replace(secret.as_str(), "***");
        }
        let mut out = String::with_capacity(text.len());
        for word in text.split_inclusive(char::is_whitespace) {
            match (word.contains("://"), word.find('?')) {
                (true, Some(at)) => {
                    out.push_str(&word[..at]);
                    if word.ends_with(char::is_whitespace) {
                        out.push(' ');
                    }
                }
                _ => out.push_str(word),
            }
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
        let options = BTreeMap::from([("secret_access_key".to_string(), "hunter2".to_string())]);
        let config = StoreConfig {
            options,
            ..StoreConfig::default()
        };
        let message = Options::read("s3://b", &config).unwrap_err().to_string();
        assert!(message.contains("under env or a file"), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
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
            .hide("GET https://h/x?sig=abc failed: hunter2 is wrong");
        assert_eq!(hidden, "GET https://h/x failed: *** is wrong");
        assert!(!format!("{options:?}").contains("hunter2"));
    }
}
