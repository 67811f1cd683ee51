//! What a report takes by name: the one source of its signature, of its documentation and of what
//! errors say of it.

/// One argument of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argument {
    /// The name before `=>`.
    pub name: &'static str,
    /// What it may be: `a condition`, `a constant string`.
    pub takes: &'static str,
    /// What stands for it where it is not given or NULL; None where every call must give it.
    pub default: Option<&'static str>,
    /// What it says to the report, in sentences.
    pub meaning: &'static str,
}

impl Argument {
    /// An argument that every call gives.
    pub(super) const fn required(
        name: &'static str,
        takes: &'static str,
        meaning: &'static str,
    ) -> Self {
        Self {
            name,
            takes,
            default: None,
            meaning,
        }
    }

    /// An argument with a default.
    pub(super) const fn optional(
        name: &'static str,
        takes: &'static str,
        default: &'static str,
        meaning: &'static str,
    ) -> Self {
        Self {
            name,
            takes,
            default: Some(default),
            meaning,
        }
    }

    /// Whether every call must give it.
    pub(super) fn is_required(&self) -> bool {
        self.default.is_none()
    }
}

/// Whose row it is.
pub(super) const CUSTOMER: Argument = Argument::required(
    "customer",
    "any single value",
    "Whose row it is. Rows where it is NULL are skipped.",
);

/// When it was.
pub(super) const TS: Argument = Argument::required(
    "ts",
    "a DATE or TIMESTAMP",
    "When it was. Rows where it is NULL are skipped.",
);

/// What a row is worth, to a report that needs it.
pub(super) const AMOUNT: Argument = Argument::required(
    "amount",
    "a number",
    "What the row is worth. NULL is worth nothing.",
);

/// Up to when a report looks.
pub(super) const AS_OF: Argument = Argument::optional(
    "as_of",
    "a DATE or TIMESTAMP without columns",
    "the latest `ts`",
    "The moment up to which the report looks: a DATE includes its day, a TIMESTAMP is included \
     itself, and later rows are as if they were not there.",
);

/// Whose wall clock times are compared on.
pub(super) const TZ: Argument = Argument::optional(
    "tz",
    "a constant string",
    "the zone of `ts`, else the session's, else UTC",
    "The IANA name of the time zone on whose wall clock times are compared.",
);

/// `rfm(table, customer =>, ts => [, tiles =>])`, for listings.
pub(super) fn signature(report: &str, arguments: &[Argument]) -> String {
    let named = arguments
        .iter()
        .map(|argument| match argument.is_required() {
            true => format!(", {} =>", argument.name),
            false => format!(" [, {} =>]", argument.name),
        });
    format!("{report}(table{})", named.collect::<String>())
}

/// `customer, ts, [unit], [periods]`, for error messages.
pub(super) fn listed(arguments: &[Argument]) -> String {
    let names: Vec<String> = arguments
        .iter()
        .map(|argument| match argument.is_required() {
            true => argument.name.to_string(),
            false => format!("[{}]", argument.name),
        })
        .collect();
    names.join(", ")
}
