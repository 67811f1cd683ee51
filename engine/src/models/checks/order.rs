//! When tests are run in a build: as soon as all that they read has been built.

use std::collections::BTreeSet;

use super::test::Test;
use crate::models::model::Model;

/// Tests that are to be run, each with the models that it waits for.
#[derive(Debug)]
pub(in crate::models) struct Waiting<'a> {
    tests: Vec<(&'a Test, BTreeSet<&'a str>)>,
}

impl<'a> Waiting<'a> {
    /// The tests of a build of these models.
    pub(in crate::models) fn of(tests: &[&'a Test], models: &[&Model]) -> Self {
        let is_built = |name: &&String| models.iter().any(|model| model.name == **name);
        let tests = tests.iter().map(|test| {
            let reads = test.needs.all().filter(is_built).map(String::as_str);
            (*test, reads.collect())
        });
        Self {
            tests: tests.collect(),
        }
    }

    /// The tests that wait for nothing any more.
    pub(in crate::models) fn ready(&mut self) -> Vec<&'a Test> {
        let all = std::mem::take(&mut self.tests);
        let (ready, waiting): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(_, reads)| reads.is_empty());
        self.tests = waiting;
        ready.into_iter().map(|(test, _)| test).collect()
    }

    /// Takes note that a model was built, or will not be.
    pub(in crate::models) fn settled(&mut self, model: &str) {
        for (_, reads) in &mut self.tests {
            reads.remove(model);
        }
    }
}
