//! Where data lies and how it is reached: locations, object stores and the
//! credentials they need.
//!
//! Credentials come from the environment, from profiles, or by reference from
//! `[stores."scheme://bucket/prefix"]` of `cohortql.toml`; the longest prefix
//! counts. They are never taken from SQL and never shown.

mod clients;
mod failure;
mod held;
mod location;
mod profile;
mod registry;
mod routed;
mod secrets;

use std::sync::Arc;

use datafusion::execution::object_store::ObjectStoreRegistry;

use crate::{EngineError, Runtimes, Settings};

pub(crate) use held::{Spread, all_or_nothing};
pub use location::Location;

/// The registry that an engine's tables find their stores in.
pub(crate) fn registry(
    settings: &Settings,
    runtimes: &Runtimes,
) -> Result<Arc<dyn ObjectStoreRegistry>, EngineError> {
    let registry = registry::Registry::new(&settings.stores, runtimes.io().clone())?;
    Ok(Arc::new(registry))
}
