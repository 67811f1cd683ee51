//! Which types a client wants to be sent.

use std::fmt;
use std::str::FromStr;

/// The types that results, parameters and tables come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Types {
    /// Types that every client knows, in place of Arrow's newer or more compact ones.
    #[default]
    Plain,
    /// Arrow's own, as the engine has them.
    Arrow,
    /// Texts, whole numbers, numbers, truth values and times, and nothing else.
    Simple,
}

impl Types {
    const ALL: [(Self, &'static str); 3] = [
        (Self::Plain, "plain"),
        (Self::Arrow, "arrow"),
        (Self::Simple, "simple"),
    ];
}

impl fmt::Display for Types {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(types, _)| types == self);
        formatter.write_str(name.map_or("", |(_, name)| name))
    }
}

impl FromStr for Types {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL
            .iter()
            .find(|(_, name)| text.eq_ignore_ascii_case(name));
        known
            .map(|(types, _)| *types)
            .ok_or_else(|| format!("types must be plain, arrow or simple, got {text:?}"))
    }
}
