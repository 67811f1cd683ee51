//! What the terminal can do.

use std::env;
use std::io::{IsTerminal, stderr, stdout};

/// Columns and lines of the terminal at standard output; without one, what
/// `COLUMNS` says and no limit otherwise.
pub(crate) fn size() -> (Option<usize>, Option<usize>) {
    if stdout().is_terminal()
        && let Some((width, height)) = terminal_size::terminal_size()
    {
        return (Some(usize::from(width.0)), Some(usize::from(height.0)));
    }
    let columns = env::var("COLUMNS").ok().and_then(|n| n.parse().ok());
    (columns.filter(|&n| n > 0), None)
}

/// How many colours may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colours {
    /// None: no terminal, a plain one, or `NO_COLOR` is set.
    None,
    /// The 256 of xterm.
    Indexed,
    /// Any.
    True,
}

impl Colours {
    /// For standard output.
    pub(crate) fn of_stdout() -> Self {
        Self::detect(stdout().is_terminal(), |name| env::var(name).ok())
    }

    /// For standard error.
    pub(crate) fn of_stderr() -> Self {
        Self::detect(stderr().is_terminal(), |name| env::var(name).ok())
    }

    /// Whether there are any.
    pub(crate) fn any(self) -> bool {
        self != Self::None
    }

    fn detect(is_terminal: bool, variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| variable(name).is_some_and(|value| !value.is_empty());
        let term = variable("TERM").unwrap_or_default();
        if !is_terminal || set("NO_COLOR") || term == "dumb" {
            return Self::None;
        }
        let colorterm = variable("COLORTERM").unwrap_or_default();
        if matches!(colorterm.as_str(), "truecolor" | "24bit") || term.ends_with("-direct") {
            Self::True
        } else {
            Self::Indexed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(is_terminal: bool, variables: &[(&str, &str)]) -> Colours {
        Colours::detect(is_terminal, |name| {
            let found = variables.iter().find(|(n, _)| *n == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn colours_follow_the_terminal() {
        let rich = [("TERM", "xterm-256color"), ("COLORTERM", "truecolor")];
        assert_eq!(detect(true, &rich), Colours::True);
        assert_eq!(detect(true, &rich[..1]), Colours::Indexed);
        assert_eq!(detect(false, &rich), Colours::None);
        assert_eq!(detect(true, &[("TERM", "dumb")]), Colours::None);
        assert_eq!(detect(true, &[rich[1], ("NO_COLOR", "1")]), Colours::None);
        assert_eq!(detect(true, &[rich[1], ("NO_COLOR", "")]), Colours::True);
    }
}
