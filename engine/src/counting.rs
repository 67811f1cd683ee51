//! Counts what a query reads from object stores, for its progress.
//!
//! Only Parquet's reader counts its own bytes. Every other format reads through the object store
//! that it finds in the task's environment, so a query gets an environment of its own whose
//! stores count. Its memory is counted too, and limited; disk and caches stay the engine's.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::execution::object_store::ObjectStoreRegistry;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::prelude::SessionContext;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use url::Url;

use crate::memory::QueryPool;
use crate::{Progress, environment};

/// A task's context whose stores and memory count.
pub(crate) fn task_context(context: &SessionContext, progress: &Arc<Progress>) -> Arc<TaskContext> {
    let environment = context.runtime_env();
    let mut config = context.copied_config();
    if let Some(limit) = progress.memory().limit() {
        environment::reserve_within(&mut config, limit);
    }
    let registry = Registry {
        inner: Arc::clone(&environment.object_store_registry),
        progress: Arc::clone(progress),
    };
    let pool = QueryPool::new(
        Arc::clone(&environment.memory_pool),
        Arc::clone(progress.memory()),
    );
    let counting = RuntimeEnv {
        memory_pool: Arc::new(pool),
        object_store_registry: Arc::new(registry),
        ..environment.as_ref().clone()
    };
    let task = TaskContext::from(&*context.state_ref().read());
    Arc::new(
        task.with_session_config(config)
            .with_runtime(Arc::new(counting)),
    )
}

#[derive(Debug)]
struct Registry {
    inner: Arc<dyn ObjectStoreRegistry>,
    progress: Arc<Progress>,
}

impl ObjectStoreRegistry for Registry {
    fn register_store(
        &self,
        url: &Url,
        store: Arc<dyn ObjectStore>,
    ) -> Option<Arc<dyn ObjectStore>> {
        self.inner.register_store(url, store)
    }

    fn deregister_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        self.inner.deregister_store(url)
    }

    fn get_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        Ok(Arc::new(Store {
            inner: self.inner.get_store(url)?,
            progress: Arc::clone(&self.progress),
        }))
    }
}

/// A store that passes everything on and counts the bytes that come back.
#[derive(Debug)]
struct Store {
    inner: Arc<dyn ObjectStore>,
    progress: Arc<Progress>,
}

impl fmt::Display for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(formatter)
    }
}

#[async_trait]
impl ObjectStore for Store {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> object_store::Result<PutResult> {
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    /// A stream counts as it flows. A local file is handed over and read by its reader; its
    /// position tells how far that has come.
    async fn get_opts(
        &self,
        location: &Path,
        options: GetOptions,
    ) -> object_store::Result<GetResult> {
        let head = options.head;
        let mut got = self.inner.get_opts(location, options).await?;
        if head {
            return Ok(got);
        }
        let progress = Arc::clone(&self.progress);
        got.payload = match got.payload {
            GetResultPayload::Stream(stream) => GetResultPayload::Stream(
                stream
                    .inspect_ok(move |bytes| progress.fetched(bytes.len()))
                    .boxed(),
            ),
            GetResultPayload::File(file, path) => {
                progress.reading(&file, got.meta.size);
                GetResultPayload::File(file, path)
            }
        };
        Ok(got)
    }

    async fn get_ranges(
        &self,
        location: &Path,
        ranges: &[Range<u64>],
    ) -> object_store::Result<Vec<Bytes>> {
        let parts = self.inner.get_ranges(location, ranges).await?;
        self.progress.fetched(parts.iter().map(Bytes::len).sum());
        Ok(parts)
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(
        &self,
        from: &Path,
        to: &Path,
        options: CopyOptions,
    ) -> object_store::Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
