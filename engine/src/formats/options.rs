//! The options of a table, as written in `OPTIONS(…)` or in `cohortql.toml`.

use std::collections::BTreeMap;

use datafusion::common::plan_err;
use datafusion::error::Result;

use crate::nearest::did_you_mean;

/// An option's name and what it means, for messages and documentation.
pub type OptionHelp = (&'static str, &'static str);

/// The options every format takes.
pub const COMMON_OPTIONS: [OptionHelp; 2] = [
    (
        "soft_delete_column",
        "column that marks deleted rows, which nobody then sees",
    ),
    ("columns", "renamed columns: 'ours = source, …'"),
];

/// Parts of a name that only a credential has.
const SECRET_WORDS: [&str; 9] = [
    "secret",
    "token",
    "password",
    "passwd",
    "credential",
    "access_key",
    "account_key",
    "private_key",
    "service_account",
];

/// The prefixes under which other engines take storage settings.
const STORE_PREFIXES: [&str; 6] = ["aws", "gcp", "google", "azure", "s3", "gs"];

/// Option names and values, names in lower case and without `format.` or `cohortql.`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableOptions(BTreeMap<String, String>);

impl TableOptions {
    /// Takes over options, refusing those that look like credentials.
    ///
    /// # Errors
    /// When a name belongs to a credential or a storage setting; the message
    /// says where to put it and does not repeat the value.
    pub fn new<K: AsRef<str>, V: Into<String>>(
        options: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self> {
        let mut out = BTreeMap::new();
        for (key, value) in options {
            let name = key.as_ref().to_ascii_lowercase();
            let name = name.strip_prefix("format.").unwrap_or(&name);
            let name = name.strip_prefix("cohortql.").unwrap_or(name);
            let (head, tail) = name.split_once('.').unwrap_or(("", name));
            let secret = SECRET_WORDS.iter().any(|word| name.contains(word)) || tail == "sas";
            if secret || STORE_PREFIXES.contains(&head) {
                return plan_err!(
                    "option \"{name}\" is a storage setting, which is not taken from SQL: set it in the \
                     environment, in a profile, or by reference under [stores.\"scheme://bucket\"] of \
                     cohortql.toml"
                );
            }
            out.insert(name.to_string(), value.into());
        }
        Ok(Self(out))
    }

    /// Checks that every option is one of `known`.
    ///
    /// # Errors
    /// Names the first unknown option, the nearest known one, and all of them.
    pub(crate) fn check(&self, format: &str, known: &[OptionHelp]) -> Result<()> {
        for name in self.0.keys() {
            if !known.iter().any(|(k, _)| k == name) {
                let all: Vec<_> = known.iter().map(|(k, _)| *k).collect();
                return plan_err!(
                    "unknown option \"{name}\" for {format}{}; expected one of {}",
                    did_you_mean(name, all.iter().copied()),
                    all.join(", ")
                );
            }
        }
        Ok(())
    }

    /// Takes an option out.
    pub(crate) fn remove(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// The names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// The text of an option.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// An option that is true or false.
    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>> {
        self.text(name)
            .map(|value| match value.to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "on" => Ok(true),
                "false" | "0" | "no" | "off" => Ok(false),
                _ => plan_err!("option \"{name}\" must be true or false, got \"{value}\""),
            })
            .transpose()
    }

    /// An option that is a count.
    pub(crate) fn count(&self, name: &str) -> Result<Option<usize>> {
        self.text(name)
            .map(|value| match value.parse() {
                Ok(count) => Ok(count),
                Err(_) => plan_err!("option \"{name}\" must be a whole number, got \"{value}\""),
            })
            .transpose()
    }

    /// An option that is one ASCII character; `\t` and `tab` are the tabulator.
    pub(crate) fn character(&self, name: &str) -> Result<Option<u8>> {
        self.text(name)
            .map(|value| match value {
                "\\t" | "tab" => Ok(b'\t'),
                "\\0" => Ok(0),
                _ => match value.as_bytes() {
                    [byte] if byte.is_ascii() => Ok(*byte),
                    _ => {
                        plan_err!("option \"{name}\" must be one ASCII character, got \"{value}\"")
                    }
                },
            })
            .transpose()
    }

    /// An option that is a list, separated by commas.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<&str>> {
        self.text(name)
            .map(|value| value.split(',').map(str::trim).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_refused_without_repeating_them() {
        for key in [
            "aws.secret_access_key",
            "ACCESS_KEY_ID",
            "format.azure.sas",
            "gcp.project",
        ] {
            let message = TableOptions::new([(key, "hunter2")])
                .unwrap_err()
                .to_string();
            assert!(message.contains("cohortql.toml"), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn unknown_options_name_the_nearest() {
        let options = TableOptions::new([("delimeter", ";")]).unwrap();
        let message = options
            .check("csv", &[("delimiter", "")])
            .unwrap_err()
            .to_string();
        assert!(message.contains("did you mean \"delimiter\"?"), "{message}");
    }

    #[test]
    fn characters_and_booleans_are_checked() {
        let options = TableOptions::new([("delimiter", "\\t"), ("header", "maybe")]).unwrap();
        assert_eq!(options.character("delimiter").unwrap(), Some(b'\t'));
        assert!(options.boolean("header").is_err());
    }
}
