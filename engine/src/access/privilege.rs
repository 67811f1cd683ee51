//! What a principal may do beside reading and writing tables.

use std::fmt;

/// A right that is not about one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Privilege {
    /// CREATE and DROP, of what the principal may write.
    Ddl,
    /// COPY … TO.
    Copy,
    /// CREATE EXTERNAL TABLE, and tables made at a location of the principal's choosing.
    External,
    /// SET and RESET.
    Set,
    /// Functions that read files.
    Files,
    /// Seeing and cancelling the statements of others.
    Monitor,
}

impl Privilege {
    /// All of them, as `cohortql.toml` spells them.
    const NAMES: [(&str, Self); 6] = [
        ("ddl", Self::Ddl),
        ("copy", Self::Copy),
        ("external", Self::External),
        ("set", Self::Set),
        ("files", Self::Files),
        ("monitor", Self::Monitor),
    ];

    /// From its name in `cohortql.toml`.
    pub(super) fn parse(name: &str) -> Result<Self, String> {
        let known = Self::NAMES.iter().find(|(known, _)| *known == name);
        known.map(|(_, privilege)| *privilege).ok_or_else(|| {
            let names = Self::NAMES.map(|(name, _)| name).join(", ");
            format!("expected one of {names}, got {name:?}")
        })
    }

    /// What it allows, for messages.
    pub(super) fn action(self) -> &'static str {
        match self {
            Self::Ddl => "create and drop tables, views and schemas",
            Self::Copy => "COPY to files",
            Self::External => "make tables of files",
            Self::Set => "SET options",
            Self::Files => "use functions that read files",
            Self::Monitor => "see the statements of others",
        }
    }
}

impl fmt::Display for Privilege {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = Self::NAMES.iter().find(|(_, known)| known == self);
        formatter.write_str(named.map_or("", |(name, _)| name))
    }
}
