//! YAML of headers and of the files beside models, with errors that name file, line and column.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_saphyr::{DefaultMessageFormatter, MessageFormatter};

use crate::EngineError;

/// A value without parts.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged, expecting = "expected a single value")]
pub enum Scalar {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Another number.
    Number(f64),
    /// Anything else.
    Text(String),
}

impl Scalar {
    /// The value as text; none for `null`.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Boolean(value) => Some(value.to_string()),
            Self::Integer(value) => Some(value.to_string()),
            Self::Number(value) => Some(value.to_string()),
            Self::Text(value) => Some(value.clone()),
        }
    }
}

/// Reads YAML that stands in a file below so many other lines.
pub(super) fn read<T: DeserializeOwned>(
    yaml: &str,
    label: &str,
    lines_before: usize,
) -> Result<T, EngineError> {
    serde_saphyr::from_str(yaml).map_err(|error| {
        let error = error.without_snippet();
        let message = DefaultMessageFormatter.format_message(error);
        let message = message.escape_debug();
        let lines_before = u64::try_from(lines_before).unwrap_or(u64::MAX);
        let place = error.location().map_or(String::new(), |place| {
            format!(
                ":{}:{}",
                place.line().saturating_add(lines_before),
                place.column()
            )
        });
        EngineError::Config {
            message: format!("{label}{place}: {}", unescaped(&message.to_string())),
        }
    })
}

/// The quotes of a message as they were; only what would break its line stays escaped.
fn unescaped(message: &str) -> String {
    message.replace("\\\"", "\"").replace("\\'", "'")
}
