//! Tests of what can be seen, and when.

use datafusion::execution::memory_pool::GreedyMemoryPool;
use futures::StreamExt;
use object_store::memory::InMemory;
use url::Url;

use super::*;

/// Where everything is one store.
#[derive(Debug)]
struct One(Arc<dyn ObjectStore>);

impl ObjectStoreRegistry for One {
    fn register_store(
        &self,
        _url: &Url,
        _store: Arc<dyn ObjectStore>,
    ) -> Option<Arc<dyn ObjectStore>> {
        None
    }

    fn get_store(&self, _url: &Url) -> datafusion::error::Result<Arc<dyn ObjectStore>> {
        Ok(Arc::clone(&self.0))
    }
}

fn held(store: &Arc<InMemory>) -> (Arc<HeldWrites>, Arc<dyn ObjectStore>) {
    let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(100));
    let writes = HeldWrites::to(Arc::new(One(Arc::clone(store) as _)), &pool);
    let url = Url::parse("memory:///").unwrap();
    let store = writes.registry().get_store(&url).unwrap();
    (writes, store)
}

async fn names(store: &Arc<InMemory>) -> Vec<String> {
    let mut names: Vec<_> = store
        .list(None)
        .map(|meta| meta.unwrap().location.to_string())
        .collect()
        .await;
    names.sort_unstable();
    names
}

async fn upload(store: &Arc<dyn ObjectStore>, path: &str) {
    let mut upload = store.put_multipart(&Path::from(path)).await.unwrap();
    upload.put_part("rows".into()).await.unwrap();
    upload.complete().await.unwrap();
}

#[tokio::test]
async fn objects_appear_when_all_are_there() {
    let inner = Arc::new(InMemory::new());
    let (writes, store) = held(&inner);
    store.put(&Path::from("a"), "small".into()).await.unwrap();
    upload(&store, "b").await;
    assert!(names(&inner).await.is_empty());
    writes.publish().await.unwrap();
    assert_eq!(names(&inner).await, ["a", "b"]);
    let got = inner.get(&Path::from("b")).await.unwrap();
    assert_eq!(got.bytes().await.unwrap(), "rows");
}

#[tokio::test]
async fn what_is_not_published_never_appears() {
    let inner = Arc::new(InMemory::new());
    let (writes, store) = held(&inner);
    store.put(&Path::from("a"), "small".into()).await.unwrap();
    upload(&store, "b").await;
    let begun = store.put_multipart(&Path::from("c")).await.unwrap();
    drop((begun, store, writes));
    assert!(names(&inner).await.is_empty());
}

#[tokio::test]
async fn small_objects_take_memory() {
    let inner = Arc::new(InMemory::new());
    let (writes, store) = held(&inner);
    let sixty = || PutPayload::from(vec![7_u8; 60]);
    store.put(&Path::from("a"), sixty()).await.unwrap();
    store.put(&Path::from("b"), sixty()).await.unwrap_err();
    let refusal = writes.refusal().unwrap();
    assert!(matches!(refusal, DataFusionError::ResourcesExhausted(_)));
    assert!(writes.refusal().is_none());
}

#[tokio::test]
async fn what_has_appeared_goes_when_the_rest_cannot() {
    let inner = Arc::new(InMemory::new());
    inner.put(&Path::from("c"), "before".into()).await.unwrap();
    let (writes, store) = held(&inner);
    upload(&store, "a").await;
    store.put(&Path::from("b"), "small".into()).await.unwrap();
    let taken = object_store::PutMode::Create.into();
    let taking = Path::from("c");
    store
        .put_opts(&taking, "other".into(), taken)
        .await
        .unwrap();
    writes.publish().await.unwrap_err();
    assert_eq!(names(&inner).await, ["c"]);
    writes.publish().await.unwrap();
    assert_eq!(names(&inner).await, ["c"]);
}
