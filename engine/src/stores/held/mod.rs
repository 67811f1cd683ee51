//! Writes that nobody sees before the last of them is made.
//!
//! An object appears as a whole when its upload is completed, and a local file when it gets its
//! name. A store of [`HeldWrites`] takes objects in as any other does, and puts off just that. It
//! reads nothing.

mod sink;
mod store;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use datafusion::execution::object_store::ObjectStoreRegistry;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, PutOptions, PutPayload, Result};

use self::store::HeldRegistry;

pub(crate) use self::sink::{Spread, all_or_nothing};

/// What was written to the stores of a registry and is not to be seen yet.
#[derive(Debug)]
struct HeldWrites {
    registry: Arc<dyn ObjectStoreRegistry>,
    objects: Mutex<Vec<Object>>,
    abandoned: Mutex<Vec<Box<dyn MultipartUpload>>>,
    /// What small objects take, which stay here until they appear.
    memory: MemoryReservation,
    refused: Mutex<Option<DataFusionError>>,
}

/// An object that is there but for its name.
#[derive(Debug)]
struct Object {
    store: Arc<dyn ObjectStore>,
    path: Path,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Small(PutPayload, PutOptions),
    Uploaded(Box<dyn MultipartUpload>),
}

impl HeldWrites {
    fn to(registry: Arc<dyn ObjectStoreRegistry>, pool: &Arc<dyn MemoryPool>) -> Arc<Self> {
        Arc::new(Self {
            registry,
            objects: Mutex::default(),
            abandoned: Mutex::default(),
            memory: MemoryConsumer::new("holding back small files").register(pool),
            refused: Mutex::default(),
        })
    }

    /// The registry of the stores that hold what is written to them.
    fn registry(self: &Arc<Self>) -> Arc<dyn ObjectStoreRegistry> {
        Arc::new(HeldRegistry(Arc::clone(self)))
    }

    /// Takes memory for an object that stays here.
    fn reserve(&self, bytes: usize) -> Result<()> {
        self.memory.try_grow(bytes).map_err(|error| {
            let source = error.to_string().into();
            lock(&self.refused).get_or_insert(error);
            object_store::Error::Generic {
                store: "held",
                source,
            }
        })
    }

    /// Why an object was not taken. Whoever wrote it may not say so: DataFusion drops the cause.
    fn refusal(&self) -> Option<DataFusionError> {
        lock(&self.refused).take()
    }

    /// Has all objects appear, one after the other. When one cannot, those before it are deleted
    /// again.
    async fn publish(&self) -> Result<()> {
        let objects = std::mem::take(&mut *lock(&self.objects));
        let mut objects = objects.into_iter();
        let mut appeared = Vec::new();
        while let Some(mut object) = objects.next() {
            match object.appear().await {
                Ok(()) => appeared.push((object.store, object.path)),
                Err(error) => {
                    self.abandon(std::iter::once(object).chain(objects));
                    for (store, path) in appeared {
                        if let Err(error) = store.delete(&path).await {
                            tracing::error!(%path, %error, "cannot take back what was written");
                        }
                    }
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn abandon(&self, objects: impl Iterator<Item = Object>) {
        lock(&self.abandoned).extend(objects.filter_map(|object| match object.content {
            Content::Uploaded(upload) => Some(upload),
            Content::Small(..) => None,
        }));
    }
}

impl Drop for HeldWrites {
    /// Uploads that nobody completes would be kept by their store, out of sight.
    fn drop(&mut self) {
        let objects = std::mem::take(&mut *lock(&self.objects));
        self.abandon(objects.into_iter());
        let abandoned = std::mem::take(&mut *lock(&self.abandoned));
        if let (Ok(runtime), false) = (tokio::runtime::Handle::try_current(), abandoned.is_empty())
        {
            runtime.spawn(async move {
                for mut upload in abandoned {
                    if let Err(error) = upload.abort().await {
                        tracing::warn!(%error, "cannot give up an upload");
                    }
                }
            });
        }
    }
}

impl Object {
    async fn appear(&mut self) -> Result<()> {
        match &mut self.content {
            Content::Small(payload, options) => {
                let (payload, options) = (payload.clone(), options.clone());
                self.store.put_opts(&self.path, payload, options).await?;
            }
            Content::Uploaded(upload) => {
                upload.complete().await?;
            }
        }
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
