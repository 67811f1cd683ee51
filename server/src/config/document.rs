//! The text of a configuration, in which errors point at their line.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cohortql_engine::config::{parse_duration, parse_size};
use toml::Spanned;

use super::raw::File;
use crate::error::ServerError;

/// The text, and the folder that relative paths count from.
pub(super) struct Document<'a> {
    text: &'a str,
    base: &'a Path,
}

impl<'a> Document<'a> {
    pub(super) fn new(text: &'a str, base: &'a Path) -> Self {
        Self { text, base }
    }

    /// The raw sections.
    pub(super) fn read(&self) -> Result<File, ServerError> {
        toml::from_str(self.text).map_err(|error| {
            let message = without_value(error.message());
            ServerError::Config(match error.span() {
                Some(span) => format!("line {}: {message}", self.line(&span)),
                None => message,
            })
        })
    }

    /// An error about the value at `span`, which is that of `key`.
    pub(super) fn wrong(&self, span: &Range<usize>, key: &str, message: &str) -> ServerError {
        ServerError::Config(format!("line {}: {key}: {message}", self.line(span)))
    }

    /// A length of time.
    pub(super) fn duration(
        &self,
        key: &str,
        value: Option<Spanned<String>>,
    ) -> Result<Option<Duration>, ServerError> {
        self.parsed(key, value, parse_duration)
    }

    /// A number of bytes.
    pub(super) fn size(
        &self,
        key: &str,
        value: Option<Spanned<String>>,
    ) -> Result<Option<usize>, ServerError> {
        self.parsed(key, value, |text| {
            let bytes = parse_size(text)?;
            usize::try_from(bytes).map_err(|_| format!("expected less, got {text:?}"))
        })
    }

    /// A file, which need not exist yet.
    pub(super) fn path(&self, key: &str, value: &Spanned<String>) -> Result<PathBuf, ServerError> {
        if value.get_ref().is_empty() {
            return Err(self.wrong(&value.span(), key, "expected a file, got nothing"));
        }
        Ok(self.base.join(value.get_ref()))
    }

    fn parsed<T>(
        &self,
        key: &str,
        value: Option<Spanned<String>>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ServerError> {
        let parse = |value: Spanned<String>| {
            parse(value.get_ref()).map_err(|message| self.wrong(&value.span(), key, &message))
        };
        value.map(parse).transpose()
    }

    fn line(&self, span: &Range<usize>) -> usize {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        before.matches('\n').count() + 1
    }
}

/// The message without the value that has the wrong type: it may be a secret.
fn without_value(message: &str) -> String {
    for begin in ["invalid type: string \"", "invalid value: string \""] {
        if let Some(rest) = message.strip_prefix(begin) {
            let kind = begin.trim_end_matches(" \"");
            return match rest.rfind("\", expected ") {
                Some(end) => format!("{kind}{}", &rest[end + 1..]),
                None => kind.to_owned(),
            };
        }
    }
    message.to_owned()
}
