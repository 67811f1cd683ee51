//! Which model is made of which: the order of a build, and what lies before and behind a model.

use std::collections::{BTreeMap, BTreeSet};

use super::library::Library;
use super::model::Model;
use super::reads::Query;
use super::variables::{Value, Variables};
use crate::EngineError;
use crate::nearest::did_you_mean;

/// What a model reads, directly and through its variables.
#[derive(Debug, Clone, Default)]
pub(super) struct Needs {
    /// Models that it cannot do without.
    pub(super) models: BTreeSet<String>,
    /// Models that it can do without.
    pub(super) optional: BTreeSet<String>,
    pub(super) sources: BTreeSet<String>,
    pub(super) variables: BTreeSet<String>,
}

impl Needs {
    /// All models.
    pub(super) fn all(&self) -> impl Iterator<Item = &String> {
        self.models.iter().chain(&self.optional)
    }
}

/// The models, each after those that it reads.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) order: Vec<String>,
    needs: BTreeMap<String, Needs>,
}

impl Graph {
    /// Finds what every model and test reads.
    ///
    /// # Errors
    /// For models that read themselves, with the way from one to the next; for variables, sources
    /// and optional models that are not there.
    pub(super) fn of(library: &Library) -> Result<Self, EngineError> {
        let mut needs = BTreeMap::new();
        for model in library.models.values().chain(library.tests.values()) {
            needs.insert(model.name.clone(), needs_of(model, library)?);
        }
        let mut graph = Self {
            order: Vec::with_capacity(library.models.len()),
            needs,
        };
        let mut placed = BTreeSet::new();
        for name in library.models.keys() {
            graph.place(name, &mut placed, &mut Vec::new())?;
        }
        Ok(graph)
    }

    /// Adds what a test reads.
    pub(super) fn add_test(&mut self, name: &str, needs: Needs) {
        self.needs.insert(name.to_owned(), needs);
    }

    /// What a model or test reads.
    pub(super) fn needs(&self, name: &str) -> &Needs {
        static NOTHING: Needs = Needs {
            models: BTreeSet::new(),
            optional: BTreeSet::new(),
            sources: BTreeSet::new(),
            variables: BTreeSet::new(),
        };
        self.needs.get(name).unwrap_or(&NOTHING)
    }

    /// The sources that anything reads.
    pub(super) fn sources(&self) -> BTreeSet<&String> {
        self.needs
            .values()
            .flat_map(|needs| &needs.sources)
            .collect()
    }

    /// What a model is made of, up to so many steps before it.
    pub(super) fn before(&self, name: &str, steps: usize) -> BTreeSet<String> {
        self.reached(name, steps, |name| {
            self.needs(name).all().cloned().collect()
        })
    }

    /// What is made of a model, up to so many steps behind it.
    pub(super) fn behind(&self, name: &str, steps: usize) -> BTreeSet<String> {
        self.reached(name, steps, |name| {
            let readers = self.order.iter();
            readers
                .filter(|reader| self.needs(reader).all().any(|read| read == name))
                .cloned()
                .collect()
        })
    }

    fn reached(
        &self,
        from: &str,
        steps: usize,
        next: impl Fn(&str) -> Vec<String>,
    ) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        let mut border = vec![from.to_owned()];
        for _ in 0..steps {
            let found: Vec<_> = border.iter().flat_map(|name| next(name)).collect();
            border = found
                .into_iter()
                .filter(|name| reached.insert(name.clone()))
                .collect();
            if border.is_empty() {
                break;
            }
        }
        reached
    }

    /// Puts a model behind all that it reads; `path` is the way to it.
    fn place(
        &mut self,
        name: &str,
        placed: &mut BTreeSet<String>,
        path: &mut Vec<String>,
    ) -> Result<(), EngineError> {
        if placed.contains(name) {
            return Ok(());
        }
        if let Some(start) = path.iter().position(|before| before == name) {
            path.push(name.to_owned());
            return Err(EngineError::Config {
                message: format!(
                    "models read each other in a circle: {}",
                    path[start..].join(" reads ")
                ),
            });
        }
        path.push(name.to_owned());
        let read: Vec<String> = self.needs(name).all().cloned().collect();
        for read in read {
            self.place(&read, placed, path)?;
        }
        path.pop();
        placed.insert(name.to_owned());
        self.order.push(name.to_owned());
        Ok(())
    }
}

fn needs_of(model: &Model, library: &Library) -> Result<Needs, EngineError> {
    let Some(query) = model.query() else {
        return Ok(Needs::default());
    };
    let as_of: Vec<&String> = model.properties.as_of.iter().collect();
    let mut needs = found(query, &as_of, &model.label, library)?;
    let wrong = |message: String| EngineError::Config {
        message: format!("{}: {message}", model.label),
    };
    for optional in &model.properties.optional {
        if !library.models.contains_key(optional) {
            let near = did_you_mean(optional, library.models.keys());
            return Err(wrong(format!(
                "optional names {optional:?}, which is no model{near}"
            )));
        }
        if !needs.models.remove(optional) {
            return Err(wrong(format!(
                "optional names {optional:?}, which the query does not read"
            )));
        }
        needs.optional.insert(optional.clone());
    }
    Ok(needs)
}

/// What a query reads, and some variables beside it; `label` is its file.
///
/// # Errors
/// For variables and sources that are not there.
pub(super) fn found(
    query: &Query,
    variables: &[&String],
    label: &str,
    library: &Library,
) -> Result<Needs, EngineError> {
    let wrong = |message: String| EngineError::Config {
        message: format!("{label}: {message}"),
    };
    let mut needs = Needs::default();
    add(&mut needs, query, library);
    for variable in query.variables.iter().chain(variables.iter().copied()) {
        add_variable(&mut needs, variable, library, &mut Vec::new()).map_err(wrong)?;
    }
    for source in &needs.sources {
        library.check_source(source).map_err(wrong)?;
    }
    Ok(needs)
}

/// Adds what a query reads. What is no model is a table that the engine has besides, or a function
/// in FROM; planning says when it is neither.
fn add(needs: &mut Needs, query: &Query, library: &Library) {
    let models = query
        .relations
        .iter()
        .filter(|name| library.models.contains_key(*name));
    needs.models.extend(models.cloned());
    needs.sources.extend(query.sources.iter().cloned());
}

/// Adds a variable and what its query reads; `path` are the variables that asked for it.
fn add_variable(
    needs: &mut Needs,
    name: &str,
    library: &Library,
    path: &mut Vec<String>,
) -> Result<(), String> {
    let variables: &Variables = &library.variables;
    let Some(variable) = variables.get(name) else {
        let near = did_you_mean(name, variables.keys());
        return Err(format!("${name} is no variable{near}"));
    };
    if path.iter().any(|before| before == name) {
        return Err(format!("variable {name:?} is found from itself"));
    }
    needs.variables.insert(name.to_owned());
    if let Value::Found(query) = &variable.value {
        path.push(name.to_owned());
        add(needs, query, library);
        for inner in &query.variables {
            add_variable(needs, inner, library, path)?;
        }
        path.pop();
    }
    Ok(())
}
