//! COPY: where it writes to, and how what it writes gets there.
//!
//! DataFusion closes the files that it was writing when the query fails, so that a part of the
//! answer would stand there, perhaps in the place of a good file. A single local file is written to
//! a folder beside it first, so that it gets the permissions of the one that it replaces; all else
//! is held back by its store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::datasource::sink::DataSinkExec;
use datafusion::logical_expr::LogicalPlan;
use datafusion::logical_expr::dml::CopyTo;
use datafusion::physical_plan::ExecutionPlan;
use tempfile::TempDir;

use crate::EngineError;
use crate::engine::working_dir;
use crate::stores::{Location, Spread, all_or_nothing};

/// The plan with the place that its COPY writes to written so that it can be read in one way only:
/// whoever checks it and whoever writes there mean the same.
pub(crate) fn settled(plan: LogicalPlan) -> Result<LogicalPlan, EngineError> {
    on_copy(plan, &mut |copy| {
        copy.output_url = destination(&copy.output_url, &working_dir()?)?;
        Ok(())
    })
}

/// The plan with its COPY changed, which may stand under EXPLAIN.
fn on_copy(
    plan: LogicalPlan,
    change: &mut dyn FnMut(&mut CopyTo) -> Result<(), EngineError>,
) -> Result<LogicalPlan, EngineError> {
    Ok(match plan {
        LogicalPlan::Copy(mut copy) => {
            change(&mut copy)?;
            LogicalPlan::Copy(copy)
        }
        LogicalPlan::Explain(mut explain) => {
            let input = Arc::unwrap_or_clone(explain.plan);
            explain.plan = Arc::new(on_copy(input, change)?);
            LogicalPlan::Explain(explain)
        }
        LogicalPlan::Analyze(mut analyze) => {
            let input = Arc::unwrap_or_clone(analyze.input);
            analyze.input = Arc::new(on_copy(input, change)?);
            LogicalPlan::Analyze(analyze)
        }
        other => other,
    })
}

fn destination(given: &str, base: &Path) -> Result<String, EngineError> {
    let location = Location::parse(given, base)?;
    if location.glob().is_some() {
        return Err(EngineError::Plan {
            message: format!(
                "expected a file or a folder to copy to, got the pattern {:?}",
                location.text()
            ),
            location: None,
        });
    }
    Ok(match location.local_path() {
        Some(path) => {
            let folder = if given.trim_end().ends_with('/') {
                "/"
            } else {
                ""
            };
            format!("{}{folder}", path.to_string_lossy().trim_end_matches('/'))
        }
        None => location.url().to_string(),
    })
}

/// How what a plan writes gets to its place.
pub(super) enum Arrival {
    /// The plan copies nothing; whatever it writes to sees to it.
    Elsewhere,
    /// A local file, from the folder beside it.
    Beside(Staged),
    /// Files of a folder or a store, which holds them back.
    Held,
}

impl Arrival {
    /// The plan with its COPY turned to where it writes first.
    pub(super) fn of(plan: LogicalPlan) -> Result<(LogicalPlan, Self), EngineError> {
        let mut arrival = Self::Elsewhere;
        let plan = on_copy(plan, &mut |copy| {
            arrival = Staged::of(copy)?.map_or(Self::Held, Self::Beside);
            Ok(())
        })?;
        Ok((plan, arrival))
    }

    /// The physical plan, which holds back what is not written elsewhere first.
    pub(super) fn holding(
        &self,
        plan: Arc<dyn ExecutionPlan>,
    ) -> Result<Arc<dyn ExecutionPlan>, EngineError> {
        if !matches!(self, Self::Held) {
            return Ok(plan);
        }
        let held = plan.transform_down(|node| {
            Ok(match node.downcast_ref::<DataSinkExec>() {
                None => Transformed::no(node),
                Some(writing) => {
                    let whole = all_or_nothing(writing, Spread::Configured);
                    Transformed::new(whole, true, TreeNodeRecursion::Stop)
                }
            })
        })?;
        match held.transformed {
            true => Ok(held.data),
            false => Err(EngineError::Internal {
                message: format!("{} copies, and shows a part of it", held.data.name()),
            }),
        }
    }

    /// Puts in place what was written elsewhere first.
    pub(super) fn put_in_place(self) -> Result<(), EngineError> {
        match self {
            Self::Beside(staged) => staged.put_in_place(),
            Self::Elsewhere | Self::Held => Ok(()),
        }
    }
}

/// A file on its way.
pub(super) struct Staged {
    /// Vanishes with all that is in it.
    folder: TempDir,
    target: PathBuf,
}

impl Staged {
    /// Turns a COPY towards a file of the same name in a folder of its own. `None` when it copies to
    /// an object store or to a folder.
    fn of(copy: &mut CopyTo) -> Result<Option<Self>, EngineError> {
        let url = copy.output_url.as_str();
        let given = Path::new(url);
        let one_file = given.extension().is_some() && !url.ends_with('/') && !given.is_dir();
        if url.contains("://") || !one_file || !copy.partition_by.is_empty() {
            return Ok(None);
        }
        // A link stays one; what it leads to is replaced.
        let target = given.canonicalize().unwrap_or_else(|_| given.to_owned());
        let (Some(name), Some(parent)) = (target.file_name(), target.parent()) else {
            return Ok(None);
        };
        let parent = match parent.as_os_str().is_empty() {
            true => Path::new("."),
            false => parent,
        };
        std::fs::create_dir_all(parent).map_err(|error| failed(given, &error))?;
        let folder = tempfile::Builder::new()
            .prefix(".cohortql-")
            .tempdir_in(parent)
            .map_err(|error| failed(given, &error))?;
        copy.output_url = folder.path().join(name).to_string_lossy().into_owned();
        Ok(Some(Self { folder, target }))
    }

    /// Puts the file in place, with the permissions of the one that it replaces.
    fn put_in_place(self) -> Result<(), EngineError> {
        let name = self.target.file_name().unwrap_or_default();
        let written = self.folder.path().join(name);
        let placed = match std::fs::metadata(&self.target) {
            Ok(old) => std::fs::set_permissions(&written, old.permissions()),
            Err(_) => Ok(()),
        };
        placed
            .and_then(|()| std::fs::rename(&written, &self.target))
            .map_err(|error| failed(&self.target, &error))
    }
}

fn failed(path: &Path, error: &std::io::Error) -> EngineError {
    EngineError::Storage {
        message: format!("\"{}\" cannot be written: {error}", path.display()),
    }
}
