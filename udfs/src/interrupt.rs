//! Stopping a long computation from outside.
//!
//! DataFusion's operators give way between batches, and a query that is cancelled ends there. The
//! functions of this crate may compute for long within one batch: fit a model, count itemsets,
//! walk the histories of a million customers. Whoever runs the query sets an [`Interrupt`] around
//! the work, with [`Interrupt::during`], and raises it to have that end early, with an error that
//! nobody waits for any more. Without one nothing is interrupted.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use datafusion::common::exec_err;
use datafusion::error::Result;

thread_local! {
    static CURRENT: RefCell<Option<Interrupt>> = const { RefCell::new(None) };
}

/// A flag that ends the computations that run under it.
#[derive(Debug, Clone, Default)]
pub struct Interrupt {
    raised: Arc<AtomicBool>,
}

impl Interrupt {
    /// The one that the current thread works under.
    pub fn current() -> Option<Self> {
        CURRENT.with_borrow(Clone::clone)
    }

    /// Ends what runs under it, now and from now on.
    pub fn raise(&self) {
        self.raised.store(true, Ordering::Relaxed);
    }

    /// Does `work` on this thread under this flag.
    pub fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        let _restored = Restored(CURRENT.replace(Some(self.clone())));
        work()
    }
}

/// Puts back what was set before, also when the work panics.
struct Restored(Option<Interrupt>);

impl Drop for Restored {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

/// Fails when the computation is to end.
pub(crate) fn check() -> Result<()> {
    match is_raised() {
        true => exec_err!("the query was cancelled"),
        false => Ok(()),
    }
}

/// Whether the computation is to end.
pub(crate) fn is_raised() -> bool {
    CURRENT.with_borrow(|current| {
        current
            .as_ref()
            .is_some_and(|interrupt| interrupt.raised.load(Ordering::Relaxed))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_under_a_raised_flag_ends() {
        let [outer, inner] = [Interrupt::default(), Interrupt::default()];
        assert!(check().is_ok());
        outer.during(|| {
            assert!(check().is_ok());
            inner.during(|| inner.raise());
            inner.during(|| assert!(check().is_err()));
            assert!(check().is_ok());
            outer.raise();
            assert!(check().is_err());
        });
        assert!(check().is_ok());
        assert!(Interrupt::current().is_none());
    }
}
