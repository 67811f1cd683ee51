//! What the functions say of themselves: for `docs/functions.md`, for `\df` and for
//! listings.

use crate::registry::{self, Entry, Function};

/// The kind of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionKind {
    /// One value from one row.
    Scalar,
    /// One value from many rows.
    Aggregate,
    /// One value a row, from the rows of its window.
    Window,
}

impl FunctionKind {
    /// The kind in one word, for listings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Aggregate => "aggregate",
            Self::Window => "window",
        }
    }
}

/// One function in a listing. A name that serves two kinds is listed twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionInfo {
    /// The name by which it is called.
    pub name: String,
    /// Its kind.
    pub kind: FunctionKind,
    /// The subject it belongs to.
    pub family: &'static str,
    /// How it is called: `cohort_month(ts [, tz])`.
    pub signature: String,
    /// The first sentence of its description.
    pub summary: String,
}

/// Every function, by family, in the order of the documentation.
pub fn list() -> Vec<FunctionInfo> {
    registry::families()
        .iter()
        .flat_map(|family| {
            family.functions.iter().map(|entry| {
                let documentation = entry.documentation();
                FunctionInfo {
                    name: entry.name().to_owned(),
                    kind: kind(entry),
                    family: family.title,
                    signature: documentation
                        .map(|text| text.syntax_example.clone())
                        .unwrap_or_default(),
                    summary: documentation
                        .map(|text| first_sentence(&text.description).to_owned())
                        .unwrap_or_default(),
                }
            })
        })
        .collect()
}

fn kind(entry: &Entry) -> FunctionKind {
    match entry.function {
        Function::Scalar(_) => FunctionKind::Scalar,
        Function::Aggregate(_) => FunctionKind::Aggregate,
        Function::Window(_) => FunctionKind::Window,
    }
}

fn first_sentence(text: &str) -> &str {
    match text.find(". ") {
        Some(end) => &text[..=end],
        None => text,
    }
}
