//! Loads, as a program that embeds the engine sees them.

mod columns;
mod merging;
mod quarantine;
mod random;
mod rerun;
mod sources;
mod wrong;

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::cells;
use crate::load::{Counts, LoadMode, LoadRequest, LoadSource, Loaded, Merge};
use crate::{Engine, EngineError, Session};

/// A project with nothing in it.
struct Shop {
    folder: TempDir,
    engine: Engine,
}

impl Shop {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let engine = open(folder.path()).await;
        Self { folder, engine }
    }

    fn session(&self) -> &Session {
        self.engine.default_session()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and asks for its rows to go into `orders`.
    fn file(&self, name: &str, text: &str) -> LoadRequest {
        std::fs::write(self.path(name), text).unwrap();
        self.request(name)
    }

    fn request(&self, name: &str) -> LoadRequest {
        let location = self.path(name).display().to_string();
        LoadRequest::new(LoadSource::files(location), "orders")
    }

    async fn load(&self, request: LoadRequest) -> Result<Loaded, EngineError> {
        let loaded = self.session().load(request).await;
        if let Ok(loaded) = &loaded {
            assert!(loaded.counts.add_up(), "{loaded:?}");
        }
        loaded
    }

    async fn counts(&self, request: LoadRequest) -> Counts {
        self.load(request).await.unwrap().counts
    }

    async fn refusal(&self, request: LoadRequest) -> String {
        self.load(request).await.unwrap_err().to_string()
    }

    async fn cells(&self, sql: &str) -> String {
        cells(self.session(), sql).await
    }
}

async fn open(folder: &Path) -> Engine {
    let builder = Engine::builder().target_partitions(2);
    builder.project_dir(folder).build().await.unwrap()
}

fn replacing(request: LoadRequest) -> LoadRequest {
    LoadRequest {
        mode: LoadMode::Replace,
        ..request
    }
}

fn merging(request: LoadRequest, merge: Merge) -> LoadRequest {
    LoadRequest {
        mode: LoadMode::Merge(merge),
        ..request
    }
}

/// Rows of one `id` update each other.
fn by_id() -> Merge {
    Merge {
        key: vec!["id".to_owned()],
        ..Merge::default()
    }
}

/// Rows that came no more are marked.
fn full() -> Merge {
    Merge {
        deleted_column: Some("_deleted".to_owned()),
        ..by_id()
    }
}

fn with_columns(request: LoadRequest, columns: &str) -> LoadRequest {
    LoadRequest {
        columns: Some(columns.to_owned()),
        ..request
    }
}
