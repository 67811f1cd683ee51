//! What a function takes: one table per function, from which coercion, errors, named
//! arguments and documentation checks derive.

/// One parameter of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Parameter {
    /// The name by which it is documented and given (`tz => 'Europe/Berlin'`).
    pub name: &'static str,
    /// Whether a call must give it. A parameter that need not be given has a default,
    /// which NULL also stands for.
    pub required: bool,
    /// What may be given.
    pub kind: Kind,
}

impl Parameter {
    /// A parameter that every call gives.
    pub const fn required(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            required: true,
            kind,
        }
    }

    /// A parameter with a default.
    pub const fn optional(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            required: false,
            kind,
        }
    }

    /// Whether it is a condition after the first of a list of them, which stands for them all
    /// where parameters are listed.
    pub(crate) fn is_further_condition(&self) -> bool {
        CONDITIONS[1..].contains(&self.name)
    }
}

/// The names of conditions, as many as a function takes at most.
const CONDITIONS: [&str; 32] = [
    "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10", "c11", "c12", "c13", "c14", "c15",
    "c16", "c17", "c18", "c19", "c20", "c21", "c22", "c23", "c24", "c25", "c26", "c27", "c28",
    "c29", "c30", "c31", "c32",
];

/// `first`, then the conditions `c1` to `c32`, of which the first must be given: `ALL` is 32 more
/// than `N`.
pub(crate) const fn with_conditions<const N: usize, const ALL: usize>(
    first: [Parameter; N],
) -> [Parameter; ALL] {
    let mut all = [Parameter::required(CONDITIONS[0], Kind::Condition); ALL];
    let mut index = 0;
    while index < ALL {
        if index < N {
            all[index] = first[index];
        } else if index > N {
            all[index] = Parameter::optional(CONDITIONS[index - N], Kind::Condition);
        }
        index += 1;
    }
    all
}

/// What may be given for a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A DATE or TIMESTAMP; a string literal is read as one.
    Time,
    /// A customer, basket or item: any type that can be hashed and ordered.
    Key,
    /// Any number, keeping its type.
    Amount,
    /// A whole number, read as a BIGINT.
    Integer,
    /// A BOOLEAN.
    Condition,
    /// Any value of any type.
    Value,
    /// A constant DATE or TIMESTAMP; a string literal is read as one.
    ConstantTime,
    /// A constant string.
    ConstantText,
    /// A constant number, read as a DOUBLE.
    ConstantDouble,
    /// A constant whole number, read as a BIGINT.
    ConstantInteger,
    /// A constant length of time: an INTERVAL without months, or a number of seconds.
    ConstantSpan,
    /// A constant of a type that the function itself checks.
    Constant,
    /// The constant IANA name of a time zone; when it is not given, the session's counts
    /// for times that have no zone of their own.
    TimeZone,
}

impl Kind {
    /// Whether the same value must hold for the whole query.
    pub const fn is_constant(self) -> bool {
        matches!(
            self,
            Self::ConstantTime
                | Self::ConstantText
                | Self::ConstantDouble
                | Self::ConstantInteger
                | Self::ConstantSpan
                | Self::Constant
                | Self::TimeZone
        )
    }

    /// Whether a string literal given here is read as a date or timestamp.
    pub(crate) const fn is_time(self) -> bool {
        matches!(self, Self::Time | Self::ConstantTime)
    }

    /// What may be given, as an error message says it after "must be".
    pub(crate) const fn expected(self) -> &'static str {
        match self {
            Self::Time => "a date or timestamp",
            Self::Key => "a type that can be hashed",
            Self::Amount => "a number",
            Self::Integer => "a whole number",
            Self::Condition => "a boolean",
            Self::Value => "a value",
            Self::ConstantTime => "a constant date or timestamp",
            Self::ConstantText => "a constant string",
            Self::ConstantDouble => "a constant number",
            Self::ConstantInteger => "a constant whole number",
            Self::ConstantSpan => "a constant INTERVAL or number of seconds",
            Self::Constant => "a constant",
            Self::TimeZone => "the constant IANA name of a time zone",
        }
    }
}
