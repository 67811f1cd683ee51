//! Which files a Delta table has had since an earlier version, deletion vectors counted.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use datafusion::error::Result;
use deltalake::DeltaTable;
use object_store::ObjectStoreExt;

use super::failure;
use super::noted::has_only_moved_rows;
use super::provider::{DeltaProvider, scan_of};
use crate::formats::contents::{Changes, Contents, Followed, Held, Identity, Since};

/// The files of a version: their paths, and what deletion vectors they have.
type Files = BTreeSet<(String, Option<String>)>;

#[async_trait]
impl Followed for DeltaProvider {
    fn identity(&self) -> Identity {
        self.read_by()
    }

    async fn hold(&self) -> Result<Held> {
        let table = self.read_now().await?;
        Ok(Held {
            contents: contents(&table, self.location())?,
            table: self.fixed(table)?,
        })
    }

    async fn since(&self, earlier: &Contents) -> Result<Since> {
        let name = self.location();
        let now = self.read_now().await?;
        let Contents::Version { table, version } = earlier else {
            return Ok(Since::Unknown("it was no Delta table before".to_owned()));
        };
        let held = contents(&now, name)?;
        if held == *earlier {
            return Ok(Since::Same);
        }
        let by_now = match &held {
            Contents::Version { table: id, version } if id == table => *version,
            _ => return Ok(Since::Unknown("it was made anew".to_owned())),
        };
        if has_only_moved_rows(&now.log_store(), (*version, by_now)).await {
            return Ok(Since::Same);
        }
        let mut before = DeltaTable::new(now.log_store());
        if before.load_version(*version).await.is_err() {
            return Ok(Since::Unknown(format!("version {version} of it is gone")));
        }
        if scan_of(&before, name)?.schema() != scan_of(&now, name)?.schema() {
            return Ok(Since::Unknown("its columns have changed".to_owned()));
        }
        let (old, new) = (files(&before, name)?, files(&now, name)?);
        let only = |these: &Files, others: &Files| -> Files {
            these.difference(others).cloned().collect()
        };
        let (removed, added) = (only(&old, &new), only(&new, &old));
        if removed.is_empty() && added.is_empty() {
            return Ok(Since::Same);
        }
        let store = now.log_store().object_store(None);
        for (path, _) in &removed {
            if store
                .head(&object_store::path::Path::from(path.as_str()))
                .await
                .is_err()
            {
                return Ok(Since::Unknown(format!(
                    "files of version {version} of it were removed"
                )));
            }
        }
        Ok(Since::Changed(Changes {
            added: part(&now, &added, name)?,
            removed: part(&before, &removed, name)?,
        }))
    }
}

fn contents(table: &DeltaTable, name: &str) -> Result<Contents> {
    let snapshot = table.snapshot().map_err(|error| failure(name, error))?;
    Ok(Contents::Version {
        table: snapshot.metadata().id().to_owned(),
        version: snapshot.version(),
    })
}

fn files(table: &DeltaTable, name: &str) -> Result<Files> {
    let snapshot = table.snapshot().map_err(|error| failure(name, error))?;
    let files = snapshot.log_data().into_iter().map(|file| {
        let deleted = file.deletion_vector_descriptor();
        let deleted = deleted.map(|vector| format!("{vector:?}"));
        (file.path().into_owned(), deleted)
    });
    Ok(files.collect())
}

/// The rows of some files of a version.
fn part(table: &DeltaTable, files: &Files, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
    if files.is_empty() {
        return Ok(None);
    }
    let paths = files.iter().map(|(path, _)| path.clone());
    Ok(Some(Arc::new(scan_of(table, name)?.with_file_paths(paths))))
}
