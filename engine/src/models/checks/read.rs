//! All tests of a project: those of models, of sources, and the queries of `sql/tests/`.

use std::collections::BTreeSet;

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
        for (column, checks) in &declared.columns {
            let column = Some(column.as_str());
            for check in checks {
                found.push(Test::of_check(&subject, column, check, label, library)?);
            }
        }
        for check in &declared.tests {
            found.push(Test::of_check(&subject, None, check, label, library)?);
        }
    }
    let models = graph
        .order
        .iter()
        .filter_map(|name| library.models.get(name));
    for model in models {
        let (subject, label) = (Subject::Model(model.name.clone()), &model.label);
        for column in &model.properties.columns {
            let name = Some(column.name.as_str());
            for check in &column.tests {
                found.push(Test::of_check(&subject, name, check, label, library)?);
            }
        }
        for check in &model.properties.tests {
            found.push(Test::of_check(&subject, None, check, label, library)?);
        }
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
