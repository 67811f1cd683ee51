//! `[limits]`: how many statements run, how long others wait, and what one may use.

use std::time::Duration;

use super::quantities::{parse_duration, parse_size};
use super::raw::LimitsConfig;
use super::settings::{LEAST_MEMORY, parsed, within, wrong};
use crate::EngineError;

/// Statements that run at once unless told otherwise: far more than there are cores, since most
/// of those that run wait for whoever reads them.
const DEFAULT_CONCURRENT_QUERIES: usize = 100;

/// Statements that wait for a place unless told otherwise.
const DEFAULT_QUEUE_LENGTH: usize = 1_000;

/// How long they wait unless told otherwise.
const DEFAULT_QUEUE_TIMEOUT: Duration = Duration::from_secs(60);

/// More would be no limit.
const MOST_QUERIES: usize = 1_000_000;

/// Limits on statements, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Statements that run at once.
    pub concurrent_queries: usize,
    /// Statements that wait for a place.
    pub queue_length: usize,
    /// How long a statement waits for a place.
    pub queue_timeout: Duration,
    /// Memory for one statement, in bytes; what all have together when there is none.
    pub query_memory: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            concurrent_queries: DEFAULT_CONCURRENT_QUERIES,
            queue_length: DEFAULT_QUEUE_LENGTH,
            queue_timeout: DEFAULT_QUEUE_TIMEOUT,
            query_memory: None,
        }
    }
}

impl Limits {
    pub(super) fn validate(raw: LimitsConfig) -> Result<Self, EngineError> {
        let otherwise = Self::default();
        let timeout = parsed("limits.queue_timeout", raw.queue_timeout, parse_duration)?;
        Ok(Self {
            concurrent_queries: raw
                .concurrent_queries
                .unwrap_or(otherwise.concurrent_queries),
            queue_length: raw.queue_length.unwrap_or(otherwise.queue_length),
            queue_timeout: timeout.unwrap_or(otherwise.queue_timeout),
            query_memory: parsed("limits.query_memory", raw.query_memory, parse_size)?,
        })
    }

    /// Checks the values that may also come from the builder.
    pub(super) fn check(&self) -> Result<(), EngineError> {
        within(
            "limits.concurrent_queries",
            self.concurrent_queries,
            1..=MOST_QUERIES,
        )?;
        within("limits.queue_length", self.queue_length, 0..=MOST_QUERIES)?;
        if self.queue_timeout.is_zero() {
            let message = "expected more than nothing, got 0s; queue_length = 0 has nobody wait";
            return Err(wrong("limits.queue_timeout", message));
        }
        match self.query_memory {
            Some(bytes) if bytes < LEAST_MEMORY => Err(wrong(
                "limits.query_memory",
                &format!("expected at least 1MB, got {bytes} bytes"),
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Settings};

    fn limits(text: &str) -> Result<Limits, EngineError> {
        let settings = Config::parse(text).and_then(Settings::validate);
        settings.map(|settings| settings.limits)
    }

    #[test]
    fn every_limit_may_be_set() {
        let set = limits(
            "[limits]\nconcurrent_queries = 4\nqueue_length = 0\nqueue_timeout = '5s'\n\
             query_memory = '64MB'",
        );
        let expected = Limits {
            concurrent_queries: 4,
            queue_length: 0,
            queue_timeout: Duration::from_secs(5),
            query_memory: Some(64 << 20),
        };
        assert_eq!(set.unwrap(), expected);
        assert_eq!(limits("").unwrap(), Limits::default());
    }

    #[test]
    fn wrong_limits_are_named() {
        for (line, expected) in [
            (
                "concurrent_queries = 0",
                "limits.concurrent_queries: expected 1 to 1000000, got 0",
            ),
            (
                "queue_length = 1000001",
                "limits.queue_length: expected 0 to 1000000, got 1000001",
            ),
            (
                "queue_timeout = '0s'",
                "limits.queue_timeout: expected a duration such as",
            ),
            (
                "query_memory = '4KB'",
                "limits.query_memory: expected at least 1MB, got 4096 bytes",
            ),
            (
                "query_memory = 'much'",
                "limits.query_memory: expected a size such as",
            ),
            ("queries = 4", "line 2, column 1: unknown field `queries`"),
        ] {
            let error = limits(&format!("[limits]\n{line}"))
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
