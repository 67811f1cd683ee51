//! `[project]` and what belongs to it: what its models read, and where they are built.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Config;
use super::settings::wrong;
use super::source::SourceConfig;
use crate::EngineError;
use crate::nearest::did_you_mean;

/// The target that is built and read unless another is named.
const DEFAULT_TARGET: &str = "dev";

/// The warehouse of that target unless it is said where it is.
const DEFAULT_WAREHOUSE: &str = "warehouse/";

/// Rows that are wrong and kept of a test, and runs whose results are, unless it is said how many.
const KEPT_ROWS: usize = 1000;
const KEPT_RUNS: usize = 100;

/// A folder with models of its own, or with data for the shipped ones.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProjectConfig {
    /// What the project is called.
    pub name: String,
    /// The target that is built and read; `dev` when left out.
    pub target: Option<String>,
}

/// A place to build the models in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TargetConfig {
    /// Folder or bucket with the tables of the models.
    pub warehouse: String,
}

/// Which models are built when none are named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelsConfig {
    /// Those that are; all when left out.
    pub select: Vec<String>,
    /// Those that are not.
    pub exclude: Vec<String>,
}

/// What becomes of the results of tests.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TestsConfig {
    /// Rows that are wrong and kept, of each test at most.
    pub keep_rows: usize,
    /// Runs whose results are kept, at least.
    pub keep_runs: usize,
}

impl Default for TestsConfig {
    fn default() -> Self {
        Self {
            keep_rows: KEPT_ROWS,
            keep_runs: KEPT_RUNS,
        }
    }
}

/// A number that is to stay within bounds.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlertConfig {
    /// A query of one number.
    pub query: String,
    /// Below this it is beyond its bounds.
    pub below: Option<f64>,
    /// Above this too.
    pub above: Option<f64>,
}

/// A project, checked.
#[derive(Debug, Clone)]
pub struct ProjectSettings {
    /// What the project is called.
    pub name: String,
    /// The target that is built and read.
    pub target: String,
    /// Folder or bucket with the tables of its models.
    pub warehouse: String,
    /// All targets that the file has.
    pub targets: BTreeMap<String, TargetConfig>,
    /// What models read as `source.NAME`; `columns` are expressions over the columns of the files.
    pub sources: BTreeMap<String, SourceConfig>,
    /// Variables as the file has them, a value or a declaration; checked further with the models.
    pub vars: toml::Table,
    /// Which models are built when none are named.
    pub models: ModelsConfig,
    /// What becomes of the results of tests.
    pub tests: TestsConfig,
    /// Numbers that `cohortql watch` tells of when they are beyond their bounds.
    pub alerts: BTreeMap<String, AlertConfig>,
}

impl ProjectSettings {
    /// The project of a configuration, if it is one of a project.
    pub(super) fn validate(config: &mut Config) -> Result<Option<Self>, EngineError> {
        let sources = std::mem::take(&mut config.sources);
        let vars = std::mem::take(&mut config.vars);
        let models = std::mem::take(&mut config.models);
        let alerts = std::mem::take(&mut config.alerts);
        let Some(project) = config.project.take() else {
            let given = [
                ("alerts", !alerts.is_empty()),
                ("models", models != ModelsConfig::default()),
                ("sources", !sources.is_empty()),
                ("targets", !config.targets.is_empty()),
                ("vars", !vars.is_empty()),
            ];
            return match given.iter().find(|(_, given)| *given) {
                Some((section, _)) => Err(wrong(
                    section,
                    "expected [project] with a name beside it, got none",
                )),
                None => Ok(None),
            };
        };
        if project.name.is_empty() {
            return Err(wrong("project.name", "expected a name, got nothing"));
        }
        for (name, source) in &sources {
            if source.location.is_empty() {
                return Err(wrong(
                    &format!("sources.{name}.location"),
                    "expected a path or URL, got nothing",
                ));
            }
        }
        for (name, alert) in &alerts {
            if alert.query.is_empty() || (alert.below.is_none() && alert.above.is_none()) {
                return Err(wrong(
                    &format!("alerts.{name}"),
                    "expected a query of one number, and below or above, got less",
                ));
            }
        }
        let target = project.target.unwrap_or_else(|| DEFAULT_TARGET.to_owned());
        Ok(Some(Self {
            name: project.name,
            warehouse: warehouse(&target, &config.targets)?,
            target,
            targets: std::mem::take(&mut config.targets),
            sources,
            vars,
            models,
            tests: config.tests,
            alerts,
        }))
    }
}

impl ProjectSettings {
    /// Where a target is built.
    ///
    /// # Errors
    /// When there is no such target.
    pub(crate) fn warehouse_of(&self, target: &str) -> Result<String, EngineError> {
        warehouse(target, &self.targets)
    }
}

fn warehouse(
    target: &str,
    targets: &BTreeMap<String, TargetConfig>,
) -> Result<String, EngineError> {
    match targets.get(target) {
        Some(found) if found.warehouse.is_empty() => Err(wrong(
            &format!("targets.{target}.warehouse"),
            "expected a folder or URL, got nothing",
        )),
        Some(found) => Ok(found.warehouse.clone()),
        None if target == DEFAULT_TARGET => Ok(DEFAULT_WAREHOUSE.to_owned()),
        None => {
            let known = targets.keys().map(String::as_str).chain([DEFAULT_TARGET]);
            let near = did_you_mean(target, known);
            Err(wrong(
                "project.target",
                &format!("expected a target of [targets], got {target:?}{near}"),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;

    fn project(text: &str) -> Result<Option<ProjectSettings>, String> {
        let settings = Config::parse(text).and_then(Settings::validate);
        settings
            .map(|settings| settings.project)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_project_needs_only_a_name() {
        let found = project("[project]\nname = 'shop'").unwrap().unwrap();
        assert_eq!((&*found.target, &*found.warehouse), ("dev", "warehouse/"));
        assert!(project("").unwrap().is_none());
    }

    #[test]
    fn targets_have_a_warehouse_each() {
        let text = "[project]\nname = 'shop'\ntarget = 'prod'\n\
                    [targets.prod]\nwarehouse = 's3://shop/warehouse'";
        let found = project(text).unwrap().unwrap();
        assert_eq!(found.warehouse, "s3://shop/warehouse");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, expected) in [
            ("[project]\ntarget = 'dev'", "project.name: expected a name"),
            ("[models]\nselect = ['a']", "models: expected [project]"),
            (
                "[project]\nname = 'shop'\ntarget = 'prd'\n[targets.prod]\nwarehouse = 'w'",
                "project.target: expected a target of [targets], got \"prd\"; did you mean \"prod\"?",
            ),
            (
                "[project]\nname = 'shop'\n[targets.dev]",
                "targets.dev.warehouse: expected a folder or URL, got nothing",
            ),
            (
                "[project]\nname = 'shop'\n[sources.orders]",
                "sources.orders.location: expected a path or URL, got nothing",
            ),
            (
                "[sources.orders]\nlocation = 'orders.csv'",
                "sources: expected [project] with a name beside it, got none",
            ),
            ("[project]\ntitle = 'shop'", "unknown field `title`"),
        ] {
            let message = project(text).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }
}
