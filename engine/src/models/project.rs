//! A project as its commands see it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::scalar::ScalarValue;

use super::checks::{self, Test};
use super::graph::Graph;
use super::library::Library;
use super::model::Model;
use super::selection::{self, Names, Nodes, Selection};
use super::state::State;
use super::variables::Value;
use super::warehouse::Warehouse;
use crate::config::ProjectSettings;
use crate::engine::base_dir;
use crate::parameters::Parameter;
use crate::{Engine, EngineError, Session, sql};

/// The models of an engine's project, with the values that their variables have.
#[derive(Debug)]
pub struct Project {
    pub(super) session: Session,
    pub(super) library: Library,
    pub(super) graph: Graph,
    tests: Vec<Test>,
    pub(super) settings: ProjectSettings,
    pub(super) folder: PathBuf,
    /// How the models differ from those of a warehouse, once that was asked for.
    pub(super) state: Option<Arc<State>>,
}

/// What a model reads.
#[derive(Debug, Clone, Default)]
pub struct Reads {
    /// Models, those included that it can do without.
    pub models: Vec<String>,
    /// Sources, without the schema.
    pub sources: Vec<String>,
    /// Variables, those included that others are found from.
    pub variables: Vec<String>,
}

/// A model's query as it is run.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The query, with values in the place of variables but of those that are found by a query.
    pub sql: String,
    /// Each variable with its value as SQL, or with the query that finds it.
    pub variables: BTreeMap<String, String>,
}

impl Project {
    /// Reads the models of an engine's project; `vars` are values of variables for this once.
    ///
    /// # Errors
    /// When there is no project, and for what is wrong with its models, by file and line.
    pub fn open(engine: &Engine, vars: &BTreeMap<String, String>) -> Result<Self, EngineError> {
        let settings = engine.settings();
        let folder = base_dir(settings)?;
        let settings = settings
            .project
            .clone()
            .ok_or_else(|| EngineError::Config {
                message:
                    "there is no project here: expected a cohortql.toml with [project] and a name"
                        .to_owned(),
            })?;
        let library = Library::read(&folder, &settings, vars)?;
        let session = engine.session();
        let catalog = &session.shared().catalog;
        if let Some(taken) = library
            .models
            .values()
            .find(|model| catalog.has_other(&model.name))
        {
            return Err(EngineError::Config {
                message: format!(
                    "{}: a table of cohortql.toml has the name of the model too: rename one of them",
                    taken.label
                ),
            });
        }
        let mut graph = Graph::of(&library)?;
        let tests = checks::tests(&library, &graph)?;
        for test in &tests {
            graph.add_test(&test.name, test.needs.clone());
        }
        Ok(Self {
            graph,
            library,
            tests,
            session,
            settings,
            folder,
            state: None,
        })
    }

    /// What the project is called.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// The target that is built.
    pub fn target(&self) -> &str {
        &self.settings.target
    }

    /// The project's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All models, each after those that it reads.
    pub fn models(&self) -> Vec<&Model> {
        let models = self.graph.order.iter();
        models
            .filter_map(|name| self.library.models.get(name))
            .collect()
    }

    /// All tests, those of sources first and queries last.
    pub fn tests(&self) -> &[Test] {
        &self.tests
    }

    /// The models of a selection, each after those that it reads.
    ///
    /// # Errors
    /// For a term that matches no model.
    pub fn select(&self, selection: &Selection) -> Result<Vec<&Model>, EngineError> {
        let models = self.models();
        let names = self.named(selection, &models, &[])?;
        let mut chosen = models;
        chosen.retain(|model| names.has_model(&model.name));
        Ok(chosen)
    }

    /// The models of a selection, each after those that it reads, and the tests that are meant by
    /// name or come with them.
    ///
    /// # Errors
    /// For a term that matches neither.
    pub fn choose(&self, selection: &Selection) -> Result<(Vec<&Model>, Vec<&Test>), EngineError> {
        let models = self.models();
        let names = self.named(selection, &models, &self.tests)?;
        let mut chosen = models;
        chosen.retain(|model| names.has_model(&model.name));
        let tests = self.tests.iter();
        let tests = tests.filter(|test| names.has_test(test, &self.graph));
        Ok((chosen, tests.collect()))
    }

    fn named(
        &self,
        selection: &Selection,
        models: &[&Model],
        tests: &[Test],
    ) -> Result<Names, EngineError> {
        let nodes = Nodes {
            models,
            tests,
            graph: &self.graph,
            state: self.state.as_deref(),
        };
        let own = &self.settings.models;
        let (select, own_exclude) = match selection.select.is_empty() {
            true => (&own.select, own.exclude.as_slice()),
            false => (&selection.select, &[][..]),
        };
        let selected = match select.is_empty() {
            true => None,
            false => Some(selection::matching(select, nodes)?),
        };
        let mut excluded = selection::matching(&selection.exclude, nodes)?;
        excluded.extend(selection::matching(own_exclude, nodes)?);
        Ok(Names { selected, excluded })
    }

    /// What a model reads.
    pub fn reads(&self, model: &Model) -> Reads {
        let needs = self.graph.needs(&model.name);
        let models: BTreeSet<_> = needs.all().cloned().collect();
        Reads {
            models: models.into_iter().collect(),
            sources: needs.sources.iter().cloned().collect(),
            variables: needs.variables.iter().cloned().collect(),
        }
    }

    /// A model's query as it is run, in lines; none of a seed.
    ///
    /// # Errors
    /// When a value cannot be written as SQL.
    pub fn compile(&self, model: &Model) -> Result<Option<Compiled>, EngineError> {
        let Some(query) = model.query() else {
            return Ok(None);
        };
        let values = self.known();
        let mut variables = BTreeMap::new();
        for name in &self.graph.needs(&model.name).variables {
            let text = match self.library.variables.get(name).map(|v| &v.value) {
                Some(Value::Known(value)) => sql::literal(value)?,
                Some(Value::Found(query)) => sql::with_values(query.statement.ast(), &values)?,
                None => continue,
            };
            variables.insert(name.clone(), text);
        }
        Ok(Some(Compiled {
            sql: sql::with_values_in_lines(query.statement.ast(), &values)?,
            variables,
        }))
    }

    /// The variables whose values need no query.
    pub(super) fn known(&self) -> BTreeMap<Parameter, ScalarValue> {
        let variables = self.library.variables.values();
        let known = variables.filter_map(|variable| match &variable.value {
            Value::Known(value) => Some((Parameter::Name(variable.name.clone()), value.clone())),
            Value::Found(_) => None,
        });
        known.collect()
    }

    /// Rows that are wrong and kept, of each test at most.
    pub(super) fn keep_rows(&self) -> usize {
        self.settings.tests.keep_rows
    }

    /// Runs of tests whose results are kept.
    pub(super) fn keep_runs(&self) -> usize {
        self.settings.tests.keep_runs
    }

    /// Where the models are built.
    pub(super) fn warehouse(&self) -> Result<&Warehouse, EngineError> {
        let models = self.session.shared().models.as_ref();
        models.ok_or_else(|| EngineError::Internal {
            message: "a project has no warehouse".to_owned(),
        })
    }
}
