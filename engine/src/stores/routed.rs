//! One bucket with several credentials: each path goes to the client of the
//! longest prefix that was configured for it.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::failure::Explain;

/// The client of one prefix.
#[derive(Clone)]
pub(super) struct Route {
    pub(super) prefix: Path,
    /// The client, or why there is none.
    pub(super) client: std::result::Result<Arc<dyn ObjectStore>, String>,
    pub(super) explain: Explain,
}

impl Route {
    fn client(&self) -> Result<&Arc<dyn ObjectStore>> {
        self.client.as_ref().map_err(|message| Error::Generic {
            store: "object store",
            source: message.clone().into(),
        })
    }

    fn told<T>(&self, result: Result<T>, path: Option<&Path>) -> Result<T> {
        result.map_err(|error| self.explain.error(error, path))
    }
}

/// A bucket.
pub(super) struct RoutedStore {
    place: String,
    /// Longest prefix first; the last has the empty prefix.
    routes: Vec<Route>,
}

impl RoutedStore {
    /// A bucket with one client for each prefix, one of them for all.
    pub(super) fn new(place: String, mut routes: Vec<Route>) -> Self {
        routes.sort_by_key(|route| std::cmp::Reverse(route.prefix.parts().count()));
        Self { place, routes }
    }

    fn route(&self, path: &Path) -> Result<&Route> {
        let route = self
            .routes
            .iter()
            .find(|route| path.prefix_matches(&route.prefix));
        route.ok_or_else(|| Error::NotFound {
            path: path.to_string(),
            source: format!("nothing is configured for {}/{path}", self.place).into(),
        })
    }

    fn list_route(&self, prefix: Option<&Path>) -> Result<Route> {
        self.route(prefix.unwrap_or(&Path::default())).cloned()
    }
}

impl fmt::Debug for RoutedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoutedStore({})", self.place)
    }
}

impl fmt::Display for RoutedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)
    }
}

#[async_trait]
impl ObjectStore for RoutedStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let route = self.route(location)?;
        route.told(
            route.client()?.put_opts(location, payload, options).await,
            Some(location),
        )
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let route = self.route(location)?;
        route.told(
            route.client()?.put_multipart_opts(location, options).await,
            Some(location),
        )
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let route = self.route(location)?;
        let got = route.client()?.get_opts(location, options).await;
        let mut got = route.told(got, Some(location))?;
        if let GetResultPayload::Stream(stream) = got.payload {
            let (explain, path) = (route.explain.clone(), location.clone());
            let told = stream.map_err(move |error| explain.error(error, Some(&path)));
            got.payload = GetResultPayload::Stream(told.boxed());
        }
        Ok(got)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let route = self.route(location)?;
        route.told(
            route.client()?.get_ranges(location, ranges).await,
            Some(location),
        )
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let routes = self.routes.clone();
        let place = self.place.clone();
        locations
            .then(move |location| {
                let store = RoutedStore {
                    place: place.clone(),
                    routes: routes.clone(),
                };
                async move {
                    let location = location?;
                    let route = store.route(&location)?;
                    let one = futures::stream::iter([Ok(location.clone())]).boxed();
                    let mut deleted = route.client()?.delete_stream(one);
                    match deleted.next().await {
                        Some(result) => route.told(result, Some(&location)),
                        None => Ok(location),
                    }
                }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let prefix = prefix.cloned();
        let listed = self.list_route(prefix.as_ref()).and_then(|route| {
            let stream = route.client()?.list(prefix.as_ref());
            let explain = route.explain.clone();
            Ok(stream
                .map_err(move |error| explain.error(error, prefix.as_ref()))
                .boxed())
        });
        listed.unwrap_or_else(|error| futures::stream::iter([Err(error)]).boxed())
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let prefix = prefix.cloned();
        let listed = self.list_route(prefix.as_ref()).and_then(|route| {
            let stream = route.client()?.list_with_offset(prefix.as_ref(), offset);
            let explain = route.explain.clone();
            Ok(stream
                .map_err(move |error| explain.error(error, prefix.as_ref()))
                .boxed())
        });
        listed.unwrap_or_else(|error| futures::stream::iter([Err(error)]).boxed())
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let route = self.list_route(prefix)?;
        route.told(route.client()?.list_with_delimiter(prefix).await, prefix)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let route = self.route(from)?;
        if self.route(to)?.prefix != route.prefix {
            return Err(Error::NotSupported {
                source: format!(
                    "{}/{from} and {to} have different credentials, so one can't be copied to the other",
                    self.place
                )
                .into(),
            });
        }
        route.told(
            route.client()?.copy_opts(from, to, options).await,
            Some(from),
        )
    }
}

#[cfg(test)]
mod tests {
    use object_store::ObjectStoreExt;
    use object_store::memory::InMemory;

    use super::*;
    use crate::stores::secrets::Secrets;

    fn route(prefix: &str, client: std::result::Result<Arc<dyn ObjectStore>, String>) -> Route {
        let explain = Explain {
            place: "s3://b".to_string(),
            endpoint: None,
            secrets: Secrets::default(),
        };
        Route {
            prefix: Path::from(prefix),
            client,
            explain,
        }
    }

    #[tokio::test]
    async fn the_longest_prefix_decides() {
        let (inner, outer) = (Arc::new(InMemory::new()), Arc::new(InMemory::new()));
        let routes = vec![
            route("", Ok(outer.clone())),
            route("a/b", Ok(inner.clone())),
            route("c", Err("no key".to_string())),
        ];
        let store = RoutedStore::new("s3://b".to_string(), routes);
        for path in ["a/b/x", "a/bc/x"] {
            store.put(&Path::from(path), "x".into()).await.unwrap();
        }
        assert_eq!(inner.list(None).count().await, 1);
        assert_eq!(outer.list(None).count().await, 1);
        assert_eq!(store.list(Some(&Path::from("a/b"))).count().await, 1);
        let message = store.get(&Path::from("c/x")).await.unwrap_err().to_string();
        assert!(message.contains("no key"), "{message}");
        let message = store
            .get(&Path::from("a/b/none"))
            .await
            .unwrap_err()
            .to_string();
        assert!(message.contains("there is no s3://b/a/b/none"), "{message}");
        store.delete(&Path::from("a/b/x")).await.unwrap();
        assert_eq!(inner.list(None).count().await, 0);
    }
}
