//! Tables: formats, folders, credentials, time travel, and what is said when
//! something is wrong with them.

mod bad_input;
mod changes;
mod deletion_vector;
mod delta;
mod emulators;
mod external;
mod files;
mod folders;
mod mapping;
mod stores;

use std::path::Path;

use arrow::util::pretty::pretty_format_batches;
use cohortql_engine::Engine;
use tempfile::TempDir;

/// An engine and a folder for its files.
pub(crate) struct Place {
    pub(crate) engine: Engine,
    pub(crate) dir: TempDir,
}

impl Place {
    pub(crate) async fn new() -> Self {
        let engine = Engine::builder()
            .target_partitions(2)
            .build()
            .await
            .unwrap();
        Self {
            engine,
            dir: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    /// Writes a file, making the folders it is in.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }

    /// Writes a query's result in any format that COPY knows.
    pub(crate) async fn copy(
        &self,
        query: &str,
        name: &str,
        format: &str,
        options: &str,
    ) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
        let sql = format!("COPY ({query}) TO '{path}' STORED AS {format} {options}");
        run(&self.engine, &sql).await.unwrap();
        path
    }

    pub(crate) async fn register(&self, name: &str) -> Vec<String> {
        self.engine
            .register_path(&self.path(name), None)
            .await
            .unwrap()
    }

    pub(crate) async fn rows(&self, sql: &str) -> String {
        run(&self.engine, sql).await.unwrap()
    }

    /// The message of a statement that fails, on one line.
    pub(crate) async fn error(&self, sql: &str) -> String {
        run(&self.engine, sql).await.unwrap_err()
    }

    /// The message of a path that can't be a table.
    pub(crate) async fn refusal(&self, name: &str) -> String {
        let path = self.path(name);
        self.engine
            .register_path(&path, None)
            .await
            .unwrap_err()
            .to_string()
    }
}

/// A query's rows, cells separated by `|`, without the header.
pub(crate) async fn run(engine: &Engine, sql: &str) -> Result<String, String> {
    let stream = engine.sql(sql).await.map_err(|e| e.to_string())?;
    let batches = stream.collect().await.map_err(|e| e.to_string())?;
    let text = pretty_format_batches(&batches).unwrap().to_string();
    let rows = text
        .lines()
        .filter(|line| line.starts_with('|'))
        .skip(1)
        .map(|line| {
            let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
            cells.join("|")
        });
    Ok(rows.collect::<Vec<_>>().join("\n"))
}
