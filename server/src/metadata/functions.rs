//! The session's scalar functions, sorted as JDBC and ODBC sort them.

use cohortql_engine::Session;

/// Names of functions by kind, each in order.
#[derive(Debug, Default)]
pub(super) struct Functions {
    pub(super) numeric: Vec<String>,
    pub(super) string: Vec<String>,
    pub(super) datetime: Vec<String>,
    pub(super) system: Vec<String>,
}

/// Sorts functions by the section of the documentation they stand in; sections that JDBC has no
/// word for, such as arrays, are left out.
pub(super) fn named(session: &Session) -> Functions {
    let state = session.context().state();
    let mut functions = Functions::default();
    for (name, function) in state.scalar_functions() {
        let Some(documentation) = function.documentation() else {
            continue;
        };
        let kind = match documentation.doc_section.label {
            "Math Functions" => &mut functions.numeric,
            "String Functions" | "Regular Expression Functions" => &mut functions.string,
            "Time and Date Functions" => &mut functions.datetime,
            "Conditional Functions" | "Other Functions" => &mut functions.system,
            _ => continue,
        };
        kind.push(name.clone());
    }
    for names in [
        &mut functions.numeric,
        &mut functions.string,
        &mut functions.datetime,
        &mut functions.system,
    ] {
        names.sort();
    }
    functions
}
