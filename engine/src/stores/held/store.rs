//! The stores that hold what is written to them.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use datafusion::execution::object_store::ObjectStoreRegistry;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};
use url::Url;

use super::{Content, HeldWrites, Object, lock};

/// Finds the stores of another registry, with what is written to them held.
#[derive(Debug)]
pub(super) struct HeldRegistry(pub(super) Arc<HeldWrites>);

impl ObjectStoreRegistry for HeldRegistry {
    fn register_store(
        &self,
        url: &Url,
        store: Arc<dyn ObjectStore>,
    ) -> Option<Arc<dyn ObjectStore>> {
        self.0.registry.register_store(url, store)
    }

    fn get_store(&self, url: &Url) -> datafusion::error::Result<Arc<dyn ObjectStore>> {
        Ok(Arc::new(HeldStore {
            inner: self.0.registry.get_store(url)?,
            writes: Arc::clone(&self.0),
        }))
    }
}

#[derive(Debug)]
struct HeldStore {
    inner: Arc<dyn ObjectStore>,
    writes: Arc<HeldWrites>,
}

impl HeldStore {
    fn no_reading(&self) -> Error {
        Error::NotSupported {
            source: format!("{} is only written to", self.inner).into(),
        }
    }
}

impl fmt::Display for HeldStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(formatter)
    }
}

/// Nothing is known of an object that has not appeared.
const UNKNOWN: PutResult = PutResult {
    e_tag: None,
    version: None,
};

#[async_trait]
impl ObjectStore for HeldStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.writes.reserve(payload.content_length())?;
        lock(&self.writes.objects).push(Object {
            store: Arc::clone(&self.inner),
            path: location.clone(),
            content: Content::Small(payload, options),
        });
        Ok(UNKNOWN)
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let upload = self.inner.put_multipart_opts(location, options).await?;
        Ok(Box::new(HeldUpload {
            store: Arc::clone(&self.inner),
            path: location.clone(),
            upload: Some(upload),
            writes: Arc::clone(&self.writes),
        }))
    }

    async fn get_opts(&self, _location: &Path, _options: GetOptions) -> Result<GetResult> {
        Err(self.no_reading())
    }

    async fn get_ranges(&self, _location: &Path, _ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        Err(self.no_reading())
    }

    fn delete_stream(
        &self,
        _locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        stream::iter([Err(self.no_reading())]).boxed()
    }

    fn list(&self, _prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        stream::iter([Err(self.no_reading())]).boxed()
    }

    async fn list_with_delimiter(&self, _prefix: Option<&Path>) -> Result<ListResult> {
        Err(self.no_reading())
    }

    async fn copy_opts(&self, _from: &Path, _to: &Path, _options: CopyOptions) -> Result<()> {
        Err(self.no_reading())
    }
}

/// An upload that is completed when its turn comes. Dropped before, it is abandoned.
#[derive(Debug)]
struct HeldUpload {
    store: Arc<dyn ObjectStore>,
    path: Path,
    upload: Option<Box<dyn MultipartUpload>>,
    writes: Arc<HeldWrites>,
}

impl HeldUpload {
    fn over(&self) -> Error {
        Error::Generic {
            store: "held",
            source: format!("the upload of {} is over", self.path).into(),
        }
    }
}

#[async_trait]
impl MultipartUpload for HeldUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        match self.upload.as_mut() {
            Some(upload) => upload.put_part(data),
            None => Box::pin(std::future::ready(Err(self.over()))),
        }
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let upload = self.upload.take().ok_or_else(|| self.over())?;
        lock(&self.writes.objects).push(Object {
            store: Arc::clone(&self.store),
            path: self.path.clone(),
            content: Content::Uploaded(upload),
        });
        Ok(UNKNOWN)
    }

    async fn abort(&mut self) -> Result<()> {
        match self.upload.take() {
            Some(mut upload) => upload.abort().await,
            None => Ok(()),
        }
    }
}

impl Drop for HeldUpload {
    fn drop(&mut self) {
        lock(&self.writes.abandoned).extend(self.upload.take());
    }
}
