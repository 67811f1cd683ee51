//! The point of no return of an ingestion, which it passes or which whoever stops it shuts first.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::EngineError;

const OPEN: u8 = 0;
const PASSED: u8 = 1;
const SHUT: u8 = 2;

/// Passed by the writer right before the rows become visible, or shut by whoever gives the
/// statement up: only one of them gets its way.
#[derive(Debug, Default)]
pub(crate) struct Gate(AtomicU8);

impl Gate {
    /// Goes through; as often as need be once it has succeeded.
    ///
    /// # Errors
    /// [`EngineError::Cancelled`] when it was shut before.
    pub(crate) fn pass(&self) -> Result<(), EngineError> {
        match self.settle(PASSED) {
            PASSED => Ok(()),
            _ => Err(EngineError::Cancelled),
        }
    }

    /// Shuts the gate; false when the writer is through.
    pub(crate) fn shut(&self) -> bool {
        self.settle(SHUT) == SHUT
    }

    /// What the gate is, which is `wanted` unless it was something else already.
    fn settle(&self, wanted: u8) -> u8 {
        let settled = self
            .0
            .compare_exchange(OPEN, wanted, Ordering::AcqRel, Ordering::Acquire);
        settled.map_or_else(|before| before, |_| wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_first_decides() {
        let gate = Gate::default();
        gate.pass().unwrap();
        gate.pass().unwrap();
        assert!(!gate.shut());
        let gate = Gate::default();
        assert!(gate.shut());
        assert!(gate.shut());
        assert_eq!(gate.pass(), Err(EngineError::Cancelled));
    }
}
