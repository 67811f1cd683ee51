//! All tests of a project: those of models, of sources, and the queries of `sql/tests/`.

use std::collections::BTreeSet;

use super::declared::Check;
use super::subject::Subject;
use super::test::Test;
use crate::EngineError;
use crate::models::graph::Graph;
use crate::models::library::Library;

/// The tests, those of sources first and queries last. Of two that would have one name the second
/// has a number behind it.
///
/// # Errors
/// For a test that asks for nothing that could be checked, by file and column.
pub(in crate::models) fn tests(library: &Library, graph: &Graph) -> Result<Vec<Test>, EngineError> {
    let mut found = Vec::new();
    for (source, declared) in &library.source_tests {
        let (subject, label) = (Subject::Source(source.clone()), &declared.label);
        if let Some(freshness) = &declared.freshness {
            found.push(Test::of_freshness(source, freshness, label, library)?);
        }
        let columns = declared.columns.iter();
        let columns = columns.map(|(column, checks)| (column, checks));
        let declared = (columns, &declared.tests);
        found.extend(of(&subject, label, declared, library)?);
    }
    let models = graph
        .order
        .iter()
        .filter_map(|name| library.models.get(name));
    for model in models {
        let (subject, label) = (Subject::Model(model.name.clone()), &model.label);
        let columns = model.properties.columns.iter();
        let columns = columns.map(|column| (&column.name, &column.tests));
        let declared = (columns, &model.properties.tests);
        found.extend(of(&subject, label, declared, library)?);
    }
    let mut taken: BTreeSet<String> = library.models.keys().cloned().collect();
    taken.extend(library.tests.keys().cloned());
    for test in &mut found {
        test.named_apart(&mut taken);
    }
    for file in library.tests.values() {
        if let Some(query) = file.query() {
            found.push(Test::of_query(
                file,
                query,
                graph.needs(&file.name).clone(),
            )?);
        }
    }
    Ok(found)
}

/// The tests of a subject: those of its columns, and those of all its rows.
fn of<'a>(
    subject: &Subject,
    label: &str,
    (columns, checks): (
        impl Iterator<Item = (&'a String, &'a Vec<Check>)>,
        &'a Vec<Check>,
    ),
    library: &Library,
) -> Result<Vec<Test>, EngineError> {
    let of_columns = columns.flat_map(|(column, checks)| {
        checks
            .iter()
            .map(move |check| (Some(column.as_str()), check))
    });
    let of_rows = checks.iter().map(|check| (None, check));
    of_columns
        .chain(of_rows)
        .map(|(column, check)| Test::of_check(subject, column, check, label, library))
        .collect()
}
