//! Which files a table has had since an earlier moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::error::Result;

use super::listing::DataFile;
use super::table::FileTable;
use crate::formats::contents::{Changes, Contents, FileStamp, Followed, Held, Identity, Since};

#[async_trait]
impl Followed for FileTable {
    fn identity(&self) -> Identity {
        (Arc::as_ptr(self.source()).addr(), None)
    }

    async fn hold(&self) -> Result<Held> {
        let files = self.list().await?;
        Ok(Held {
            contents: Contents::Files(stamps(&files)),
            table: Arc::new(self.of(files)),
        })
    }

    async fn since(&self, earlier: &Contents) -> Result<Since> {
        let Contents::Files(earlier) = earlier else {
            return Ok(Since::Unknown("it was a Delta table before".to_owned()));
        };
        let files = self.list().await?;
        let now = stamps(&files);
        if let Some((path, _)) = earlier
            .iter()
            .find(|(path, stamp)| now.get(*path) != Some(stamp))
        {
            let what = match now.contains_key(path) {
                true => "was written anew",
                false => "is gone",
            };
            return Ok(Since::Unknown(format!("file \"{path}\" {what}")));
        }
        let mut added = files;
        added.retain(|file| !earlier.contains_key(file.meta.location.as_ref()));
        if added.is_empty() {
            return Ok(Since::Same);
        }
        Ok(Since::Changed(Changes {
            added: Some(Arc::new(self.of(added))),
            removed: None,
        }))
    }
}

fn stamps(files: &[DataFile]) -> BTreeMap<String, FileStamp> {
    let stamped = files.iter().map(|file| {
        let stamp = FileStamp {
            size: file.meta.size,
            modified: file.meta.last_modified.timestamp_micros(),
            e_tag: file.meta.e_tag.clone(),
        };
        (file.meta.location.to_string(), stamp)
    });
    stamped.collect()
}
