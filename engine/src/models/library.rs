//! All models, tests, sources and variables of a project: the shipped ones, and over them its own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::checks::SourceTests;
use super::files::{self, ModelFile};
use super::model::{Kind, Model};
use super::sources::{self, Sources};
use super::variables::{self, Declaration, Variable, Variables};
use super::yaml;
use crate::EngineError;
use crate::config::ProjectSettings;
use crate::nearest::did_you_mean;

/// The files with declarations, which lie right in `sql/`.
const SOURCES: &str = "sources.yml";
const VARIABLES: &str = "variables.yml";

/// What there is to build and to test.
#[derive(Debug)]
pub(super) struct Library {
    pub(super) models: BTreeMap<String, Model>,
    pub(super) tests: BTreeMap<String, Model>,
    pub(super) sources: Sources,
    /// The sources that the project maps.
    pub(super) mapped: BTreeSet<String>,
    pub(super) variables: Variables,
    /// What must hold for sources: what `sources.yml` says, and then what the project says.
    pub(super) source_tests: Vec<(String, SourceTests)>,
}

/// The files of one model.
#[derive(Debug, Default, Clone)]
struct Parts {
    sql: Option<ModelFile>,
    rows: Option<ModelFile>,
    properties: Option<ModelFile>,
}

impl Library {
    /// Reads everything.
    ///
    /// # Errors
    /// Naming the file, and the line where it is known.
    pub(super) fn read(
        folder: &Path,
        project: &ProjectSettings,
        overrides: &BTreeMap<String, String>,
    ) -> Result<Self, EngineError> {
        let mut variables = Variables::new();
        for file in files::named(folder, VARIABLES)? {
            let label = file.label();
            let declared: BTreeMap<String, Declaration> = yaml::read(&file.text, &label, 0)?;
            for (name, declaration) in declared {
                let variable = Variable::declared(&name, declaration, &label)?;
                variables.insert(name, variable);
            }
        }
        variables::take_vars(&mut variables, &project.vars)?;
        variables::take_overrides(&mut variables, overrides)?;
        let mut parts = grouped(files::shipped())?;
        for (name, own) in grouped(files::of_project(folder)?)? {
            let replaced = parts.remove(&name);
            parts.insert(name, over(own, replaced));
        }
        let sources = sources(folder)?;
        let declared = sources
            .iter()
            .map(|(name, source)| (name.clone(), source.tests.clone()));
        let own = project.sources.iter().map(|(name, source)| {
            let tests = SourceTests {
                label: format!("cohortql.toml: sources.{name}"),
                freshness: source.freshness.clone(),
                columns: source.column_tests.clone().into_iter().collect(),
                tests: source.tests.clone(),
            };
            (name.clone(), tests)
        });
        let mut library = Self {
            models: BTreeMap::new(),
            tests: BTreeMap::new(),
            source_tests: declared.chain(own).collect(),
            sources,
            mapped: project.sources.keys().cloned().collect(),
            variables,
        };
        for parts in parts.into_values() {
            library.add(&parts)?;
        }
        Ok(library)
    }

    /// Refuses the name of a source that there is none of.
    ///
    /// # Errors
    /// With the nearest that there is.
    pub(super) fn check_source(&self, name: &str) -> Result<(), String> {
        let known = || self.sources.keys().chain(&self.mapped);
        if known().any(|known| known == name) {
            return Ok(());
        }
        let near = did_you_mean(name, known());
        Err(format!(
            "source.{name} is in neither sources.yml nor [sources]{near}"
        ))
    }

    fn add(&mut self, parts: &Parts) -> Result<(), EngineError> {
        let beside = parts.properties.as_ref();
        let model = match (&parts.sql, &parts.rows, beside) {
            (Some(sql), None, beside) => Model::of_query(sql, beside)?,
            (None, Some(rows), beside) => Model::of_rows(rows, beside)?,
            (Some(one), Some(other), _) => return Err(two_of_one_name(one, other)),
            (None, None, Some(alone)) => {
                return Err(EngineError::Config {
                    message: format!(
                        "{} has no model beside it: expected a .sql or .csv file of its name",
                        alone.label()
                    ),
                });
            }
            (None, None, None) => return Ok(()),
        };
        let kept = match model.kind {
            Kind::Test => &mut self.tests,
            _ => &mut self.models,
        };
        kept.insert(model.name.clone(), model);
        Ok(())
    }
}

/// The columns of sources that are known beforehand.
pub(super) fn sources(folder: &Path) -> Result<Sources, EngineError> {
    let mut found = Sources::new();
    for file in files::named(folder, SOURCES)? {
        found.extend(sources::declared(&file.text, &file.label())?);
    }
    Ok(found)
}

/// The files of models, by the names of these.
fn grouped(files: Vec<ModelFile>) -> Result<BTreeMap<String, Parts>, EngineError> {
    let mut grouped: BTreeMap<String, Parts> = BTreeMap::new();
    for file in files {
        if [SOURCES, VARIABLES].contains(&file.path.as_str()) {
            continue;
        }
        let (stem, extension) = file.stem();
        let parts = grouped.entry(stem.to_owned()).or_default();
        let part = match extension {
            "sql" => &mut parts.sql,
            "csv" => &mut parts.rows,
            _ => &mut parts.properties,
        };
        if let Some(other) = part {
            return Err(two_of_one_name(other, &file));
        }
        *part = Some(file);
    }
    Ok(grouped)
}

/// A project's files over the shipped ones: rows without types have those of the seed whose place
/// they take, and types alone are for its rows.
fn over(own: Parts, shipped: Option<Parts>) -> Parts {
    match shipped {
        Some(shipped) if own.sql.is_none() && shipped.rows.is_some() => Parts {
            sql: None,
            rows: own.rows.or(shipped.rows),
            properties: own.properties.or(shipped.properties),
        },
        _ => own,
    }
}

fn two_of_one_name(one: &ModelFile, other: &ModelFile) -> EngineError {
    EngineError::Config {
        message: format!(
            "{} and {} are two models of one name: rename one of them",
            one.label(),
            other.label()
        ),
    }
}
