//! Fewer files for the rows of a table, and none that it does not need.

use std::sync::Arc;

use chrono::Duration;
use datafusion::execution::object_store::DefaultObjectStoreRegistry;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::{SessionState, SessionStateBuilder};
use deltalake::FilterValue;
use deltalake::operations::optimize::OptimizeType;
use deltalake::operations::vacuum::VacuumMode;
use deltalake::table::config::TablePropertiesExt;

use super::failure;
use super::provider::DeltaProvider;
use super::write::{properties, refused};
use crate::EngineError;

/// How the rows of a table are to be put into fewer files.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Compaction {
    /// Those of partitions of which all of this holds.
    pub(crate) partitions: Vec<PartitionIs>,
    /// Columns of which rows with similar values are to lie together; none keeps the order.
    pub(crate) z_order: Vec<String>,
}

/// A condition on the value of a partition column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct PartitionIs {
    pub(crate) column: String,
    /// As SQL writes it.
    pub(crate) op: &'static str,
    /// As Delta Lake writes it.
    pub(crate) value: String,
}

/// Which files are to be removed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Removal {
    /// Only those that commits have taken out of the table, without looking for others.
    pub(crate) lite: bool,
    /// For how long versions stay readable; unless given, for as long as the table says.
    pub(crate) retain_hours: Option<u64>,
    /// Also where that is shorter than the table says.
    pub(crate) force: bool,
    /// Only count them.
    pub(crate) dry_run: bool,
}

impl DeltaProvider {
    /// Puts the rows of small files into fewer ones, in one commit that changes no row, and returns
    /// how many files it has replaced.
    ///
    /// # Errors
    /// For columns that the table does not have; [`EngineError::Conflict`] when somebody else has
    /// changed the files meanwhile.
    pub(crate) async fn compact(
        &self,
        state: &SessionState,
        compaction: &Compaction,
    ) -> Result<u64, EngineError> {
        let failed = |error| refused(self.location(), error);
        // A store is registered for the time of the work, under a name that is the same for all tables.
        let runtime = RuntimeEnvBuilder::from_runtime_env(state.runtime_env())
            .with_object_store_registry(Arc::new(DefaultObjectStoreRegistry::new()))
            .build_arc()?;
        let state = SessionStateBuilder::new_from_existing(state.clone())
            .with_runtime_env(runtime)
            .build();
        let table = self.newest().await?;
        let snapshot = table.snapshot().map_err(failed)?;
        let parted_by: &[String] = snapshot.metadata().partition_columns();
        let mut named = compaction.partitions.iter().map(|is| &is.column);
        if let Some(other) = named.find(|column| !parted_by.contains(column)) {
            let there = match parted_by {
                [] => "there are none".to_owned(),
                columns => format!("it has {}", columns.join(", ")),
            };
            return Err(EngineError::Plan {
                message: format!(
                    "OPTIMIZE … WHERE takes partition columns, and {other:?} is none of \"{}\": {there}",
                    self.location()
                ),
                location: None,
            });
        }
        let filters = compaction.partitions.iter().map(|is| {
            let value = FilterValue::Scalar(&is.value);
            deltalake::filter_literal(&is.column, is.op, value).map_err(failed)
        });
        let filters: Vec<_> = filters.collect::<Result<_, _>>()?;
        let kind = match compaction.z_order.as_slice() {
            [] => OptimizeType::Compact,
            columns => OptimizeType::ZOrder(columns.to_vec()),
        };
        let (_, done) = table
            .optimize()
            .with_type(kind)
            .with_filters(&filters)
            .with_max_concurrent_tasks(state.config().target_partitions())
            .with_writer_properties(properties())
            .with_session_state(Arc::new(state))
            .await
            .map_err(failed)?;
        Ok(done.num_files_removed)
    }

    /// Removes files that no version needs which is to stay readable, and returns how many.
    ///
    /// # Errors
    /// When versions are to stay readable for less time than the table says, unless forced.
    pub(crate) async fn vacuum(&self, removal: &Removal) -> Result<u64, EngineError> {
        let table = self.newest().await?;
        let failed = |error| EngineError::from(failure(self.location(), error));
        let snapshot = table.snapshot().map_err(failed)?;
        let properties = snapshot.snapshot().table_properties();
        let least = properties.deleted_file_retention_duration();
        let least = Duration::from_std(least).unwrap_or(Duration::MAX);
        let retained = removal.retain_hours.map(|hours| {
            let hours = i64::try_from(hours).unwrap_or(i64::MAX);
            Duration::try_hours(hours).unwrap_or(Duration::MAX)
        });
        if let Some(retained) = retained
            && retained < least
            && !removal.force
        {
            return Err(EngineError::Plan {
                message: format!(
                    "the versions of the last {} hours of \"{}\" stay readable, got RETAIN {} HOURS: \
                     write FORCE behind it if nobody reads them or writes to the table",
                    least.num_hours(),
                    self.location(),
                    retained.num_hours()
                ),
                location: None,
            });
        }
        let mut vacuum = table
            .vacuum()
            .with_mode(match removal.lite {
                true => VacuumMode::Lite,
                false => VacuumMode::Full,
            })
            .with_enforce_retention_duration(false)
            .with_dry_run(removal.dry_run);
        if let Some(retained) = retained {
            vacuum = vacuum.with_retention_period(retained);
        }
        let (_, done) = vacuum.await.map_err(failed)?;
        Ok(u64::try_from(done.files_deleted.len()).unwrap_or(u64::MAX))
    }
}
