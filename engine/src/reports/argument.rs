//! What a report takes by name.

/// One argument of a report.
#[derive(Debug, Clone, Copy)]
pub(super) struct Argument {
    /// The name before `=>`.
    pub(super) name: &'static str,
    /// Whether every call must give it. The others have a default, which NULL also stands for.
    pub(super) required: bool,
}

impl Argument {
    /// An argument that every call gives.
    pub(super) const fn required(name: &'static str) -> Self {
        Self {
            name,
            required: true,
        }
    }

    /// An argument with a default.
    pub(super) const fn optional(name: &'static str) -> Self {
        Self {
            name,
            required: false,
        }
    }
}

/// `rfm(table, customer =>, ts => [, tiles =>])`, for listings.
pub(super) fn signature(report: &str, arguments: &[Argument]) -> String {
    let named = arguments.iter().map(|argument| match argument.required {
        true => format!(", {} =>", argument.name),
        false => format!(" [, {} =>]", argument.name),
    });
    format!("{report}(table{})", named.collect::<String>())
}

/// `customer, ts [, unit] [, periods]`, for error messages.
pub(super) fn listed(arguments: &[Argument]) -> String {
    let names: Vec<String> = arguments
        .iter()
        .map(|argument| match argument.required {
            true => argument.name.to_string(),
            false => format!("[{}]", argument.name),
        })
        .collect();
    names.join(", ")
}
