//! Which tables a statement's planning looks up.
//!
//! A name in a plan is the name as somebody wrote it; in a view of another schema it stands for
//! another table than in the statement. What is looked up in the catalog has its full name, and
//! tables that stand behind views are looked up too.

use std::cell::RefCell;
use std::future::Future;

tokio::task_local! {
    /// Schema and name of what was looked up.
    static LOOKED_UP: RefCell<Vec<(String, String)>>;
}

/// Plans, and tells schema and name of each table and view that was looked up meanwhile, in order.
pub(crate) async fn noting_lookups<F: Future>(planning: F) -> (F::Output, Vec<(String, String)>) {
    let noting = async {
        let planned = planning.await;
        let mut looked_up = LOOKED_UP.with(RefCell::take);
        looked_up.sort_unstable();
        looked_up.dedup();
        (planned, looked_up)
    };
    LOOKED_UP.scope(RefCell::default(), noting).await
}

/// Notes a look, if anybody wants to know.
pub(super) fn note(schema: &str, name: &str) {
    // Outside of planning nobody does.
    let _ = LOOKED_UP.try_with(|looked_up| {
        let entry = (schema.to_owned(), name.to_owned());
        looked_up.borrow_mut().push(entry);
    });
}
