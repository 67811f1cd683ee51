//! INSERT into a folder of files: all of its rows can be read when it is over, or none.
//!
//! A table is whatever lies in its folder, so that a file counts from the moment at which it has
//! its name. Rows go to one file, or to one a partition, so that those of a file appear at once.

use std::sync::Arc;

use datafusion::common::internal_err;
use datafusion::datasource::sink::DataSinkExec;
use datafusion::error::Result;
use datafusion::physical_plan::ExecutionPlan;

use crate::stores::{Spread, all_or_nothing};

/// DataFusion's plan, which writes files, with their names held back.
pub(super) fn whole(plan: &dyn ExecutionPlan) -> Result<Arc<dyn ExecutionPlan>> {
    match plan.downcast_ref::<DataSinkExec>() {
        Some(writing) => Ok(all_or_nothing(writing, Spread::OneFile)),
        None => internal_err!(
            "files are written by {}, which shows a part of them",
            plan.name()
        ),
    }
}
