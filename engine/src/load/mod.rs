//! Loading: rows of files and databases that go into a Delta table, each looked at by itself.
//!
//! [`Session::load`] finds the table (`target`) and looks into the source (`source`), which tells which
//! columns come (`columns`). Then the rows come as they are (`came`), and are brought to the table's types
//! one batch at a time (`check`, `fit`): those that fit go into files of the table, or aside until they
//! are merged (`stage`, `merge`), those that do not into quarantine (`quarantine`). When all have come,
//! the quarantine is committed and then the table, each at once, so that a process which is killed leaves
//! the table as it was. `identity` tells a load that comes again from another.

mod came;
mod check;
mod columns;
mod fit;
mod identity;
mod merge;
mod outcome;
mod quarantine;
mod request;
mod source;
mod stage;
mod target;
mod types;
mod work;
mod writer;

use futures::FutureExt;

pub use self::outcome::{Counts, Loaded};
pub use self::request::{
    DELETED_COLUMN, LoadMode, LoadRequest, LoadSource, MaxQuarantined, Merge, Relation,
};

use crate::{EngineError, Session};

impl Session {
    /// Loads rows into a table, which is made if it is not there. All rows that fit are in the table when
    /// this returns, and none when it fails, or when its future is dropped before they are handed over
    /// for good.
    ///
    /// # Errors
    /// [`EngineError::Plan`] and [`EngineError::NotFound`] for a source, a table or columns that are not
    /// as the request has them; [`EngineError::Denied`] without the rights to write the table;
    /// [`EngineError::Execution`] when too many rows do not fit, or the table has several rows of a key;
    /// [`EngineError::Conflict`] when another writer was faster; whatever reading the source fails with.
    pub async fn load(&self, request: LoadRequest) -> Result<Loaded, EngineError> {
        self.load_until(request, std::future::pending()).await
    }

    /// Does the same, and stops when `stop` resolves: with [`EngineError::Cancelled`] where nothing has
    /// happened, else with what the load comes to.
    ///
    /// # Errors
    /// Those of [`Self::load`].
    pub async fn load_until(
        &self,
        request: LoadRequest,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<Loaded, EngineError> {
        let text = format!("LOAD INTO {}", request.table);
        self.work_until(&text, stop, |session, running, gate| {
            async move { work::load(&session, &request, &gate, running).await }.boxed()
        })
        .await
    }
}
