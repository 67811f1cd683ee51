//! Rows that are wrong, kept as tables of schema `failures`.
//!
//! A test that does not hold has a table of its name, which its next run replaces, and takes away
//! when the test holds. Each is written to a folder of its own, so that a reader never sees half of
//! one, and the folder before it is removed once the manifest names the new one.

use futures::StreamExt;

use crate::EngineError;
use crate::formats::Replaced;
use crate::models::build::Build;
use crate::models::warehouse;
use crate::stores::Location;

/// The folder in the warehouse. No model can have its name.
const FOLDER: &str = "test-failures";

/// The folder of failing rows in a warehouse, as the manifest names it.
///
/// # Errors
/// When the name makes no folder.
pub(crate) fn location(warehouse: &Location, folder: &str) -> Result<Location, EngineError> {
    Ok(warehouse.child(FOLDER, true)?.child(folder, true)?)
}

impl Build<'_> {
    /// Keeps the rows of a query as what a test found wrong, or nothing. Gives what is to be said of
    /// them.
    ///
    /// # Errors
    /// When the manifest cannot be written.
    pub(super) async fn keep_failing(
        &mut self,
        test: &str,
        rows: Option<String>,
    ) -> Result<Option<String>, EngineError> {
        let keep_rows = self.project.keep_rows();
        let kept = match rows {
            Some(rows) if keep_rows > 0 => {
                let query = format!("SELECT * FROM ({rows}) AS failing LIMIT {keep_rows}");
                let folder = format!("{test}-{}", self.invocation);
                Some(self.write_failing(&folder, &query).await.map(|()| folder))
            }
            _ => None,
        };
        let (folder, said) = match kept {
            None => (None, None),
            Some(Ok(folder)) => (Some(folder), Some(format!(": see failures.{test}"))),
            Some(Err(EngineError::Cancelled)) => return Err(EngineError::Cancelled),
            Some(Err(error)) => (None, Some(format!("; they cannot be kept: {error}"))),
        };
        let before = match folder {
            Some(folder) => self.manifest.failures.insert(test.to_owned(), folder),
            None => self.manifest.failures.remove(test),
        };
        if said.is_some() || before.is_some() {
            self.save().await?;
        }
        if let Some(before) = before {
            self.remove(&before).await;
        }
        Ok(said)
    }

    async fn write_failing(&self, folder: &str, query: &str) -> Result<(), EngineError> {
        let stream = self.session.sql(query).await?;
        let columns = stream.schema();
        let rows = stream.map(|batch| batch.map_err(EngineError::from)).boxed();
        let location = location(&self.warehouse.location, folder)?;
        self.put(location, &columns, rows, Replaced::All).await
    }

    /// Removes the files of a folder. One that stays is in nobody's way.
    async fn remove(&self, folder: &str) {
        let removed = async {
            let location = location(&self.warehouse.location, folder)?;
            warehouse::remove(&self.session.context().state(), &location).await
        };
        if let Err(error) = removed.await {
            tracing::warn!(folder, %error, "failing rows of an earlier run stay");
        }
    }

    /// Takes away what tests have left that are there no more.
    ///
    /// # Errors
    /// When the manifest cannot be written.
    pub(in crate::models) async fn forget_tests(&mut self) -> Result<(), EngineError> {
        let known = self.project.tests();
        let is_gone = |name: &&String| !known.iter().any(|test| test.name == **name);
        let gone: Vec<String> = self
            .manifest
            .failures
            .keys()
            .filter(is_gone)
            .cloned()
            .collect();
        for test in gone {
            self.keep_failing(&test, None).await?;
        }
        Ok(())
    }
}
