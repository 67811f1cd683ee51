//! The files of a Delta table, whose log is written only through a gate.
//!
//! A commit is one file put into the log. Whoever gives an ingestion up shuts the gate before
//! that, or comes too late: there is no moment at which nobody knows which.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use crate::ingest::Gate;

/// The folder of the log.
const LOG: &str = "_delta_log";

/// A store that passes everything on, what goes to the log through the gate.
#[derive(Debug)]
pub(super) struct Gated {
    store: Arc<dyn ObjectStore>,
    gate: Arc<Gate>,
}

impl Gated {
    /// `store` has the table's folder as its root.
    pub(super) fn new(store: Arc<dyn ObjectStore>, gate: Arc<Gate>) -> Self {
        Self { store, gate }
    }
}

impl fmt::Display for Gated {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(formatter)
    }
}

#[async_trait]
impl ObjectStore for Gated {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        if location
            .parts()
            .next()
            .is_some_and(|part| part.as_ref() == LOG)
        {
            self.gate
                .pass()
                .map_err(|error| object_store::Error::Generic {
                    store: "Delta",
                    source: Box::new(error),
                })?;
        }
        self.store.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.store.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.store.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.store.get_ranges(location, ranges).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.store.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.store.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.store.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.store.copy_opts(from, to, options).await
    }
}
