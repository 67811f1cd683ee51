//! Checks as headers and declarations of sources have them: a word, or a word with arguments.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::freshness::DeclaredFreshness;
use crate::models::yaml::Scalar;
use crate::nearest::did_you_mean;

/// Something that must hold.
#[derive(Debug, Clone)]
pub struct Check {
    /// What is checked.
    pub name: CheckName,
    /// How it is checked.
    pub arguments: Arguments,
}

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckName {
    /// There is a value in every row.
    NotNull,
    /// No two rows have the same.
    Unique,
    /// No value is below 0.
    NonNegative,
    /// Values are those of a list.
    AcceptedValues,
    /// Values lie between `min` and `max`.
    Range,
    /// Values are those of a column of another relation.
    Relationships,
    /// There are as many rows as another relation has, or fewer.
    RowCount,
    /// A condition in SQL holds in every row.
    Expression,
    /// The latest value of an aggregate is like those before it.
    Anomaly,
}

/// The arguments of a check.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Arguments {
    /// The test's name, where the one that it has by itself will not do.
    pub name: Option<String>,
    /// Whether a failure is an error; `warn` only says it.
    pub severity: Option<Severity>,
    /// Above how many failing rows it warns, or above which share of those looked at.
    pub warn_above: Option<Scalar>,
    /// Above how many it fails.
    pub error_above: Option<Scalar>,
    /// A condition in SQL on the rows that are looked at.
    #[serde(rename = "where")]
    pub condition: Option<String>,
    /// The columns of `unique`.
    pub columns: Vec<String>,
    /// The values of `accepted_values`.
    pub values: Vec<Scalar>,
    /// The least value of `range`.
    pub min: Option<Scalar>,
    /// The greatest value of `range`.
    pub max: Option<Scalar>,
    /// The relation of `relationships`.
    pub to: Option<String>,
    /// The column of `relationships` there.
    pub column: Option<String>,
    /// The relation of `row_count`, or the aggregate of `anomaly`.
    pub of: Option<String>,
    /// `equal` or `at_most`, of `row_count`.
    pub at: Option<String>,
    /// The condition of `expression`.
    pub sql: Option<String>,
    /// The day of `anomaly`; without one, values of earlier builds are its past.
    pub by: Option<String>,
    /// How many days, or builds, the past of `anomaly` has.
    pub over: Option<u32>,
    /// How many spreads of the past a value may be off.
    pub sensitivity: Option<f64>,
    /// Which fraction of the past's median a value may be off in any case.
    pub tolerance: Option<f64>,
    /// Whether the past of `anomaly` has only days of the same weekday.
    pub same_weekday: Option<bool>,
}

/// What must hold for a source.
#[derive(Debug, Clone)]
pub(in crate::models) struct SourceTests {
    /// What messages call the place that says so.
    pub(in crate::models) label: String,
    pub(in crate::models) freshness: Option<DeclaredFreshness>,
    /// Columns, and what must hold for their values.
    pub(in crate::models) columns: Vec<(String, Vec<Check>)>,
    /// What must hold for all rows together.
    pub(in crate::models) tests: Vec<Check>,
}

/// What a failed check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The build fails.
    Error,
    /// It is said, and the build goes on.
    Warn,
}

impl Severity {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
        }
    }
}

impl CheckName {
    const ALL: [(&str, Self); 9] = [
        ("not_null", Self::NotNull),
        ("unique", Self::Unique),
        ("non_negative", Self::NonNegative),
        ("accepted_values", Self::AcceptedValues),
        ("range", Self::Range),
        ("relationships", Self::Relationships),
        ("row_count", Self::RowCount),
        ("expression", Self::Expression),
        ("anomaly", Self::Anomaly),
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        let known = Self::ALL.iter().find(|(_, name)| *name == self);
        known.map_or("", |(word, _)| word)
    }

    /// The arguments that it takes besides those of all checks.
    fn takes(self) -> &'static [&'static str] {
        match self {
            Self::NotNull | Self::NonNegative => &[],
            Self::Unique => &["columns"],
            Self::AcceptedValues => &["values"],
            Self::Range => &["min", "max"],
            Self::Relationships => &["to", "column"],
            Self::RowCount => &["of", "at"],
            Self::Expression => &["sql"],
            Self::Anomaly => &[
                "of",
                "by",
                "over",
                "sensitivity",
                "tolerance",
                "same_weekday",
            ],
        }
    }

    fn parse<E: Error>(text: &str) -> Result<Self, E> {
        let known = Self::ALL.iter().find(|(word, _)| *word == text);
        known.map(|(_, name)| *name).ok_or_else(|| {
            let words = Self::ALL.map(|(word, _)| word);
            E::custom(format!(
                "expected a test: {}, got {text:?}{}",
                words.join(", "),
                did_you_mean(text, words)
            ))
        })
    }
}

impl Arguments {
    /// An argument that is given and that this check does not take.
    pub(super) fn foreign(&self, check: CheckName) -> Option<&'static str> {
        let given = [
            ("columns", !self.columns.is_empty()),
            ("values", !self.values.is_empty()),
            ("min", self.min.is_some()),
            ("max", self.max.is_some()),
            ("to", self.to.is_some()),
            ("column", self.column.is_some()),
            ("of", self.of.is_some()),
            ("at", self.at.is_some()),
            ("sql", self.sql.is_some()),
            ("by", self.by.is_some()),
            ("over", self.over.is_some()),
            ("sensitivity", self.sensitivity.is_some()),
            ("tolerance", self.tolerance.is_some()),
            ("same_weekday", self.same_weekday.is_some()),
        ];
        let mut given = given.into_iter().filter(|(_, given)| *given);
        given
            .find(|(name, _)| !check.takes().contains(name))
            .map(|(name, _)| name)
    }
}

impl<'de> Deserialize<'de> for CheckName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text)
    }
}

impl<'de> Deserialize<'de> for Check {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneCheck)
    }
}

/// Reads `not_null`, and `range: {min: 0}`.
struct OneCheck;

impl<'de> Visitor<'de> for OneCheck {
    type Value = Check;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a test, such as not_null, or one with arguments: range: {min: 0}")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Check, E> {
        Ok(Check {
            name: CheckName::deserialize(StrDeserializer::new(text))?,
            arguments: Arguments::default(),
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Check, A::Error> {
        let Some((name, arguments)) = map.next_entry()? else {
            return Err(A::Error::custom("expected a test, got nothing"));
        };
        if map.next_key::<IgnoredAny>()?.is_some() {
            return Err(A::Error::custom(
                "expected one test, got several: begin each with - on a line of its own",
            ));
        }
        Ok(Check { name, arguments })
    }
}
