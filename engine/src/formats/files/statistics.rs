//! What is known of a file without reading its rows: counts, ranges, order.
//!
//! Kept in the engine's cache while size, time and tag of the file are the same.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::Session;
use datafusion::common::ScalarValue;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::error::Result;
use datafusion::execution::cache::TableScopedPath;
use datafusion::execution::cache::cache_manager::{CachedFileMetadata, SchemaFingerprint};
use datafusion::execution::object_store::ObjectStoreUrl;
use object_store::ObjectStore;
use object_store::path::Path;

use super::{FileKind, Selection};
use crate::formats::message;

/// Reads the statistics of one table's files.
pub(super) struct FileStatistics {
    kind: Arc<dyn FileKind>,
    store: Arc<dyn ObjectStore>,
    store_url: ObjectStoreUrl,
    schema: SchemaRef,
    fingerprint: Arc<SchemaFingerprint>,
}

impl FileStatistics {
    pub(super) fn new(kind: &Arc<dyn FileKind>, selection: &Selection, schema: &SchemaRef) -> Self {
        Self {
            kind: Arc::clone(kind),
            store: Arc::clone(selection.store()),
            store_url: selection.store_url().clone(),
            schema: Arc::clone(schema),
            fingerprint: Arc::new(SchemaFingerprint::from_schema(schema)),
        }
    }

    /// A file with its statistics and ordering.
    pub(super) async fn attach(
        &self,
        session: &dyn Session,
        file: PartitionedFile,
        compression: FileCompressionType,
    ) -> Result<PartitionedFile> {
        // DataFusion takes a partition value to be never NULL.
        let null_partition = file.partition_values.iter().any(ScalarValue::is_null);
        if !session.config().collect_statistics() || null_partition {
            return Ok(file);
        }
        let meta = &file.object_meta;
        let path = TableScopedPath {
            table: None,
            path: self.key(&meta.location),
        };
        let manager = &session.runtime_env().cache_manager;
        let cache = manager.get_file_statistic_cache();
        if let Some(cached) = cache.as_ref().and_then(|c| c.get(&path))
            && cached.is_valid_for(meta, &self.fingerprint)
            && cached.meta.e_tag == meta.e_tag
        {
            let statistics = Arc::clone(&cached.statistics);
            let ordering = cached.ordering.clone();
            return Ok(file.with_statistics(statistics).with_ordering(ordering));
        }
        let format = self.kind.format(session, compression);
        let schema = Arc::clone(&self.schema);
        let found = format.infer_stats_and_ordering(session, &self.store, schema, meta);
        let found = found.await.map_err(|error| {
            message::in_file(&message::file_name(&self.store_url, &meta.location), error)
        })?;
        let statistics = Arc::new(found.statistics);
        if let Some(cache) = cache {
            let fingerprint = Arc::clone(&self.fingerprint);
            let (kept, ordering) = (Arc::clone(&statistics), found.ordering.clone());
            let entry = CachedFileMetadata::new(meta.clone(), fingerprint, kept, ordering);
            cache.put(&path, entry);
        }
        Ok(file
            .with_statistics(statistics)
            .with_ordering(found.ordering))
    }

    /// The key of a file in the cache, which all stores share.
    fn key(&self, path: &Path) -> Path {
        let store = self.store_url.as_str().trim_end_matches('/');
        Path::from(format!("{store}/{path}"))
    }
}
