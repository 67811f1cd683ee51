//! What clients can set in a session, by SetSessionOptions.
//!
//! | option | value |
//! |---|---|
//! | `catalog`, `schema` | what names without them refer to; must exist |
//! | `time_zone` | IANA name or offset |
//! | `types` | `plain`, `arrow` or `simple` |
//! | `table_type` | `TABLE` or `BASE TABLE`: what tables are called in metadata |
//! | `statement_timeout` | `"30s"`, or milliseconds; never above the server's |
//! | `memory_limit` | `"512MB"`, or bytes; never above the server's |
//! | `max_result_bytes` | `"1GB"`, or bytes; never above the server's |
//!
//! An option without a value, or with an empty text, goes back to its default.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use cohortql_engine::config::{parse_duration, parse_size};
use cohortql_engine::{Session, SessionLimits};
use cohortql_proto::session::SessionOptionValue;
use cohortql_proto::session::session_option_value::OptionValue;
use cohortql_proto::session::set_session_options_result::{Error, ErrorValue};
use cohortql_protocol::Types;

use super::open::OpenSession;

const CATALOG: &str = "catalog";
const SCHEMA: &str = "schema";
const TIME_ZONE: &str = "time_zone";
const TYPES: &str = "types";
const TABLE_TYPE: &str = "table_type";
const STATEMENT_TIMEOUT: &str = "statement_timeout";
const MEMORY_LIMIT: &str = "memory_limit";
const MAX_RESULT_BYTES: &str = "max_result_bytes";

/// What metadata calls a table that is no view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum TableTerm {
    /// As most tools have it.
    #[default]
    Table,
    /// As the SQL standard has it.
    BaseTable,
}

impl TableTerm {
    /// The term itself.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Table => "TABLE",
            Self::BaseTable => "BASE TABLE",
        }
    }
}

/// The options of a session that are not the engine's, and what those were at first.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) types: Types,
    pub(super) table_term: TableTerm,
    pub(super) max_result_bytes: Option<u64>,
    limits: SessionLimits,
    /// What was set, as it was set.
    set: BTreeMap<&'static str, OptionValue>,
    names: (String, String),
    time_zone: Option<String>,
}

impl Options {
    /// Those of a new session.
    pub(super) fn of(session: &Session) -> Self {
        Self {
            types: Types::default(),
            table_term: TableTerm::default(),
            max_result_bytes: None,
            limits: SessionLimits::default(),
            set: BTreeMap::new(),
            names: session.names(),
            time_zone: session.time_zone(),
        }
    }

    pub(super) fn was_set(&self) -> bool {
        !self.set.is_empty()
    }
}

/// Why an option was not set.
#[derive(Debug)]
struct Refusal {
    value: ErrorValue,
    reason: String,
}

fn invalid(reason: impl Into<String>) -> Refusal {
    Refusal {
        value: ErrorValue::InvalidValue,
        reason: reason.into(),
    }
}

impl OpenSession {
    /// The options in force.
    pub(crate) fn get(&self) -> HashMap<String, SessionOptionValue> {
        shown(self.base(), &self.options())
    }

    /// Sets options, each by itself, and returns those that were not set.
    pub(crate) fn set(
        &self,
        wanted: HashMap<String, SessionOptionValue>,
    ) -> HashMap<String, Error> {
        let mut refused = HashMap::new();
        let mut names = BTreeMap::new();
        let mut refuse = |name: String, refusal: Refusal| {
            tracing::info!(option = %name, reason = %refusal.reason, "a session option was refused");
            let value = refusal.value.into();
            refused.insert(name, Error { value });
        };
        for (name, value) in wanted {
            let value = value.option_value.filter(|value| !is_empty(value));
            match name.as_str() {
                CATALOG => {
                    names.insert(CATALOG, value);
                }
                SCHEMA => {
                    names.insert(SCHEMA, value);
                }
                other => {
                    if let Err(refusal) = self.set_one(other, value) {
                        refuse(name, refusal);
                    }
                }
            }
        }
        for (name, refusal) in self.set_names(names) {
            refuse(name.to_owned(), refusal);
        }
        refused
    }

    fn set_one(&self, name: &str, value: Option<OptionValue>) -> Result<(), Refusal> {
        let mut options = self.options();
        let name = match name {
            TIME_ZONE => {
                let initial = options.time_zone.clone();
                let zone = value.as_ref().map(text).transpose()?.map(str::to_owned);
                let zone = zone.or(initial);
                let mut outcome = Ok(());
                self.each(|session| {
                    if let Err(error) = session.set_time_zone(zone.as_deref()) {
                        outcome = Err(invalid(error.to_string()));
                    }
                });
                outcome?;
                TIME_ZONE
            }
            TYPES => {
                let types = value
                    .as_ref()
                    .map(text)
                    .transpose()?
                    .map(str::parse::<Types>);
                options.types = types.transpose().map_err(invalid)?.unwrap_or_default();
                TYPES
            }
            TABLE_TYPE => {
                options.table_term = match value.as_ref().map(text).transpose()? {
                    None | Some("TABLE") => TableTerm::Table,
                    Some("BASE TABLE") => TableTerm::BaseTable,
                    Some(other) => {
                        return Err(invalid(format!(
                            "table_type must be TABLE or BASE TABLE, got {other:?}"
                        )));
                    }
                };
                TABLE_TYPE
            }
            STATEMENT_TIMEOUT => {
                options.limits.statement_timeout = value.as_ref().map(duration).transpose()?;
                self.each(|session| session.set_limits(options.limits));
                STATEMENT_TIMEOUT
            }
            MEMORY_LIMIT => {
                options.limits.memory = value.as_ref().map(size).transpose()?;
                self.each(|session| session.set_limits(options.limits));
                MEMORY_LIMIT
            }
            MAX_RESULT_BYTES => {
                options.max_result_bytes = value.as_ref().map(size).transpose()?;
                MAX_RESULT_BYTES
            }
            _ => {
                return Err(Refusal {
                    value: ErrorValue::InvalidName,
                    reason: "there is no such option".to_owned(),
                });
            }
        };
        options.remember(name, value);
        Ok(())
    }

    /// Sets the catalog, the schema, or both at once, since a schema must be in its catalog. Where
    /// they don't fit each other, the catalog alone is tried.
    fn set_names(
        &self,
        wanted: BTreeMap<&'static str, Option<OptionValue>>,
    ) -> Vec<(&'static str, Refusal)> {
        if wanted.is_empty() {
            return Vec::new();
        }
        let mut options = self.options();
        let mut refused = Vec::new();
        let mut valid = BTreeMap::new();
        for (name, value) in wanted {
            let checked = value.as_ref().map(text).transpose().map(|_| ());
            match checked {
                Ok(()) => {
                    valid.insert(name, value);
                }
                Err(refusal) => refused.push((name, refusal)),
            }
        }
        let mut attempts = vec![valid.clone()];
        if valid.len() > 1 {
            attempts.extend(
                valid
                    .iter()
                    .map(|(name, value)| BTreeMap::from([(*name, value.clone())])),
            );
        }
        let mut failures = BTreeMap::new();
        for attempt in attempts.into_iter().filter(|attempt| !attempt.is_empty()) {
            match self.point(&options, &attempt) {
                Ok(()) => {
                    for (name, value) in attempt {
                        valid.remove(name);
                        options.remember(name, value);
                    }
                    break;
                }
                Err(reason) => {
                    for name in attempt.keys() {
                        failures.insert(*name, reason.clone());
                    }
                }
            }
        }
        let left = valid.into_keys();
        refused.extend(left.map(|name| {
            let reason = failures.get(name).cloned().unwrap_or_default();
            (name, invalid(reason))
        }));
        refused
    }

    fn point(
        &self,
        options: &Options,
        wanted: &BTreeMap<&'static str, Option<OptionValue>>,
    ) -> Result<(), String> {
        let (catalog, schema) = self.base().names();
        let (first_catalog, first_schema) = &options.names;
        let chosen = |name: &str, first: &str, now: String| match wanted.get(name) {
            Some(Some(OptionValue::StringValue(text))) => text.clone(),
            Some(_) => first.to_owned(),
            None => now,
        };
        let catalog = chosen(CATALOG, first_catalog, catalog);
        let schema = chosen(SCHEMA, first_schema, schema);
        let set = self.base().set_names(&catalog, &schema);
        set.map_err(|error| error.to_string())
    }
}

impl Options {
    fn remember(&mut self, name: &'static str, value: Option<OptionValue>) {
        match value {
            Some(value) => self.set.insert(name, value),
            None => self.set.remove(name),
        };
    }
}

/// The options that a session of the caller's would have at first.
pub(super) fn initial(session: &Session) -> HashMap<String, SessionOptionValue> {
    shown(session, &Options::of(session))
}

/// What was set, and what holds without it having been set.
fn shown(session: &Session, options: &Options) -> HashMap<String, SessionOptionValue> {
    let (catalog, schema) = session.names();
    let own = [
        (CATALOG, catalog),
        (SCHEMA, schema),
        (
            TIME_ZONE,
            session.time_zone().unwrap_or_else(|| "UTC".to_owned()),
        ),
        (TYPES, options.types.to_string()),
        (TABLE_TYPE, options.table_term.name().to_owned()),
    ];
    let own = own.map(|(name, text)| (name, OptionValue::StringValue(text)));
    let set = options.set.iter();
    let set = set.map(|(name, value)| (*name, value.clone()));
    // What `SET` has changed since counts more than what the option was set to.
    let all: BTreeMap<&str, OptionValue> = set.chain(own).collect();
    all.into_iter()
        .map(|(name, value)| {
            let option_value = Some(value);
            (name.to_owned(), SessionOptionValue { option_value })
        })
        .collect()
}

fn is_empty(value: &OptionValue) -> bool {
    matches!(value, OptionValue::StringValue(text) if text.is_empty())
}

fn text(value: &OptionValue) -> Result<&str, Refusal> {
    match value {
        OptionValue::StringValue(text) => Ok(text),
        other => Err(invalid(format!("expected a text, got {other:?}"))),
    }
}

fn duration(value: &OptionValue) -> Result<Duration, Refusal> {
    match value {
        OptionValue::StringValue(text) => parse_duration(text).map_err(invalid),
        other => whole(other).map(Duration::from_millis),
    }
}

fn size(value: &OptionValue) -> Result<u64, Refusal> {
    match value {
        OptionValue::StringValue(text) => parse_size(text).map_err(invalid),
        other => whole(other),
    }
}

fn whole(value: &OptionValue) -> Result<u64, Refusal> {
    match value {
        OptionValue::Int64Value(number) => u64::try_from(*number)
            .ok()
            .filter(|number| *number > 0)
            .ok_or_else(|| invalid(format!("expected a number above 0, got {number}"))),
        other => Err(invalid(format!(
            "expected a text or a whole number, got {other:?}"
        ))),
    }
}
