//! Memory, temporary disk space and default options of all queries of an engine.

use std::num::NonZeroUsize;
use std::sync::Arc;

use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::object_store::ObjectStoreRegistry;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::prelude::SessionConfig;

use crate::sharing::LinkShared;
use crate::{EngineError, Settings};

/// The catalog and the schema that names without them refer to.
pub(crate) const CATALOG: &str = "cohortql";
pub(crate) const SCHEMA: &str = "public";

/// The schema of what a project's models read.
pub(crate) const SOURCES: &str = "source";

/// The schema of the rows that tests of models found wrong.
pub(crate) const FAILURES: &str = "failures";

/// Users that a message about exhausted memory is made from.
const CONSUMERS_TRACKED: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4);

/// Up to this many partitions, splitting work costs more than it gains in more places.
const FEW_PARTITIONS: usize = 4;

/// With few partitions, a join's smaller side up to this size is not split.
const JOIN_BYTES_UNSPLIT: usize = 32 << 20;
const JOIN_ROWS_UNSPLIT: usize = 1 << 20;

/// A sort keeps this much aside for merging what it has spilled, unless memory is short.
const MERGE_RESERVE: usize = 10 << 20;
const SMALLEST_MERGE_RESERVE: usize = 64 << 10;

/// The runtime environment that all sessions share.
pub(crate) fn runtime_env(
    settings: &Settings,
    stores: Arc<dyn ObjectStoreRegistry>,
) -> Result<Arc<RuntimeEnv>, EngineError> {
    let memory = usize::try_from(settings.memory_limit).unwrap_or(usize::MAX);
    let pool = TrackConsumersPool::new(FairSpillPool::new(memory), CONSUMERS_TRACKED);
    let mut disk = DiskManagerBuilder::default().with_max_temp_directory_size(settings.temp_limit);
    if let Some(folder) = &settings.temp_dir {
        std::fs::create_dir_all(folder).map_err(|error| EngineError::Config {
            message: format!("temp_dir {} cannot be made: {error}", folder.display()),
        })?;
        disk = disk.with_mode(DiskManagerMode::Directories(vec![folder.clone()]));
    }
    let environment = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(pool))
        .with_disk_manager_builder(disk)
        .with_object_store_registry(stores)
        // A cached listing would hide new files; see the next query find them instead.
        .with_object_list_cache_limit(0)
        .build_arc()?;
    Ok(environment)
}

/// The options that a session starts with.
pub(crate) fn session_config(settings: &Settings) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_information_schema(true)
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        .with_target_partitions(settings.target_partitions)
        .with_batch_size(settings.batch_size);
    let options = config.options_mut();
    options.execution.time_zone = settings.time_zone.clone();
    let memory = usize::try_from(settings.memory_limit).unwrap_or(usize::MAX);
    options.execution.sort_spill_reservation_bytes =
        merge_reserve(memory, settings.target_partitions);
    options.sql_parser.collect_spans = true;
    options.optimizer.subset_repartition_threshold = 1;
    if settings.target_partitions <= FEW_PARTITIONS {
        options.optimizer.hash_join_single_partition_threshold = JOIN_BYTES_UNSPLIT;
        options.optimizer.hash_join_single_partition_threshold_rows = JOIN_ROWS_UNSPLIT;
    }
    config
}

/// DataFusion's rules, and after them those that work on one bucket of customers at a time, and compute
/// repeated parts once.
pub(crate) fn physical_optimizer_rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut rules = PhysicalOptimizer::new().rules;
    rules.extend(cohortql_udfs::physical_optimizer_rules());
    rules.push(Arc::new(LinkShared));
    rules
}

/// Sorts reserve before they start, so a small memory limit must not go to reserves alone.
fn merge_reserve(memory: usize, partitions: usize) -> usize {
    let share = memory / (8 * partitions.max(1));
    share.clamp(SMALLEST_MERGE_RESERVE, MERGE_RESERVE)
}

/// Has sorts reserve no more than suits a query with a limit of its own.
pub(crate) fn reserve_within(config: &mut SessionConfig, memory: usize) {
    let reserve = merge_reserve(memory, config.target_partitions());
    if config.options().execution.sort_spill_reservation_bytes > reserve {
        config.options_mut().execution.sort_spill_reservation_bytes = reserve;
    }
}
