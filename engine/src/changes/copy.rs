//! COPY: where it writes to, and how a local file gets there.
//!
//! DataFusion closes the file that it was writing when the query fails, so that a part of the
//! answer would stand where a good file stood before. What is copied to a single local file goes
//! to a folder beside it first.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::logical_expr::LogicalPlan;
use datafusion::logical_expr::dml::CopyTo;
use tempfile::TempDir;

use crate::EngineError;
use crate::engine::working_dir;
use crate::stores::Location;

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

/// A file on its way.
pub(super) struct Staged {
    /// Vanishes with all that is in it.
    folder: TempDir,
    target: PathBuf,
}

impl Staged {
    /// The plan with its COPY turned towards a file of the same name in a folder of its own. `None`
    /// when it copies to an object store or to a folder.
    pub(super) fn beside(plan: LogicalPlan) -> Result<(LogicalPlan, Option<Self>), EngineError> {
        let mut staged = None;
        let plan = on_copy(plan, &mut |copy| {
            staged = Self::of(copy)?;
            Ok(())
        })?;
        Ok((plan, staged))
    }

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
    pub(super) fn put_in_place(self) -> Result<(), EngineError> {
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
