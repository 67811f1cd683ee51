//! How many of something there are now, for those who wait until there are none.

use std::sync::Arc;

use tokio::sync::watch;

/// A count. Cloning gives the same.
#[derive(Debug, Clone)]
pub(crate) struct Gauge(Arc<watch::Sender<usize>>);

impl Gauge {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }

    /// Counts one more, for as long as the answer lives.
    pub(crate) fn enter(&self) -> Entered {
        self.0.send_modify(|count| *count += 1);
        Entered(self.clone())
    }

    pub(crate) fn count(&self) -> usize {
        *self.0.borrow()
    }

    /// Waits until there are none.
    pub(crate) async fn none(&self) {
        let mut count = self.0.subscribe();
        // The sender lives as long as `self`, so that waiting cannot fail.
        let _ = count.wait_for(|count| *count == 0).await;
    }
}

/// One that is counted.
#[derive(Debug)]
pub(crate) struct Entered(Gauge);

impl Drop for Entered {
    fn drop(&mut self) {
        self.0
            .0
            .send_modify(|count| *count = count.saturating_sub(1));
    }
}
