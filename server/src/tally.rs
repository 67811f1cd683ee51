//! Counts what each user has going on, so that no user takes everything.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::ServerError;

/// Counts by user, each up to a limit.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    what: &'static str,
    limit: usize,
    counts: Arc<Mutex<HashMap<String, usize>>>,
}

impl Tally {
    /// At most `limit` of `what` for each user.
    pub(crate) fn new(what: &'static str, limit: usize) -> Self {
        Self {
            what,
            limit,
            counts: Arc::default(),
        }
    }

    /// Counts one more of a user's, for as long as the answer lives.
    pub(crate) fn enter(&self, principal: &str) -> Result<Counted, ServerError> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(principal.to_owned()).or_default();
        if *count >= self.limit {
            return Err(ServerError::Limit(format!(
                "{principal} may have at most {} {} at a time, and has them; finish some",
                self.limit, self.what
            )));
        }
        *count += 1;
        Ok(Counted {
            counts: Arc::clone(&self.counts),
            principal: principal.to_owned(),
        })
    }
}

/// One that is counted.
#[derive(Debug)]
pub(crate) struct Counted {
    counts: Arc<Mutex<HashMap<String, usize>>>,
    principal: String,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.principal) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.principal);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_user_has_a_limit_of_his_own() {
        let tally = Tally::new("streams", 1);
        let first = tally.enter("ada").unwrap();
        let error = tally.enter("ada").unwrap_err();
        assert_eq!(
            error.to_string(),
            "ada may have at most 1 streams at a time, and has them; finish some"
        );
        let _other = tally.enter("bob").unwrap();
        drop(first);
        tally.enter("ada").unwrap();
    }
}
