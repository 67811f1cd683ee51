//! What keeps models from being built: what they read is missing, has failed or was found wrong.

use super::super::checks::{Subject, Test};
use super::super::graph::Needs;
use super::super::model::Model;
use super::Build;

impl Build<'_> {
    /// Why nothing further is to be tried, if so.
    pub(in crate::models) fn given_up(&self) -> Option<String> {
        let is_over = self.options.fail_fast && !(self.failed.is_empty() && self.wrong.is_empty());
        is_over.then(|| "an earlier model or test failed".to_owned())
    }

    /// Why what has these needs cannot have all that it reads, if so.
    pub(in crate::models) fn not_built(&self, needs: &Needs) -> Option<String> {
        let read = needs.all().find(|read| self.failed.contains(*read))?;
        Some(format!("it reads {read}, which was not built"))
    }

    /// Takes note of a test that failed: what reads what it looks at is not built.
    pub(in crate::models) fn found_wrong(&mut self, test: &Test) {
        let of_query = test.needs.all().cloned().map(Subject::Model);
        let looked_at: Vec<Subject> = match &test.subject {
            Some(subject) => vec![subject.clone()],
            None => of_query.collect(),
        };
        for subject in looked_at {
            self.wrong.insert(subject, test.name.clone());
        }
    }

    /// Why a model is not tried, if so.
    pub(super) fn obstacle(&mut self, model: &Model) -> Option<String> {
        if let Some(reason) = self.missing.model(&model.name) {
            return Some(reason.clone());
        }
        let needs = self.project.graph.needs(&model.name);
        if let Some(reason) = self.not_built(needs) {
            self.failed.insert(model.name.clone());
            return Some(reason);
        }
        let models = needs.all().cloned().map(Subject::Model);
        let sources = needs.sources.iter().cloned().map(Subject::Source);
        for read in models.chain(sources) {
            if let Some(test) = self.wrong.get(&read) {
                let reason = format!("it reads {read}, whose test {test} failed");
                self.failed.insert(model.name.clone());
                return Some(reason);
            }
        }
        self.given_up()
    }
}
