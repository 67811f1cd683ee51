//! What one statement of a session may take.

use std::time::Duration;

use crate::Settings;

/// Limits that a session sets itself; none of them goes beyond the engine's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SessionLimits {
    /// How long a statement may take to plan, and how long to run.
    pub statement_timeout: Option<Duration>,
    /// Memory for one statement, in bytes.
    pub memory: Option<u64>,
}

impl SessionLimits {
    /// Those in force in an engine: of each two limits the smaller one.
    pub(crate) fn within(self, settings: &Settings) -> Self {
        Self {
            statement_timeout: smaller(self.statement_timeout, settings.statement_timeout),
            memory: smaller(self.memory, settings.limits.query_memory),
        }
    }
}

fn smaller<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    #[test]
    fn the_smaller_limit_is_in_force() {
        let text = "[engine]\nstatement_timeout = '30s'\n[limits]\nquery_memory = '64MB'";
        let settings = Settings::validate(Config::parse(text).unwrap()).unwrap();
        let asked = |seconds, memory| SessionLimits {
            statement_timeout: Some(Duration::from_secs(seconds)),
            memory: Some(memory),
        };
        assert_eq!(asked(60, 128 << 20).within(&settings), asked(30, 64 << 20));
        assert_eq!(asked(5, 1 << 20).within(&settings), asked(5, 1 << 20));
        assert_eq!(
            SessionLimits::default().within(&settings),
            asked(30, 64 << 20)
        );
        let free = Settings::validate(Config::default()).unwrap();
        assert_eq!(asked(60, 1 << 40).within(&free), asked(60, 1 << 40));
    }
}
