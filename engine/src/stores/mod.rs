//! Where data lies and how it is reached: locations, object stores and the
//! credentials they need.

mod location;

use std::sync::Arc;

use datafusion::execution::object_store::{DefaultObjectStoreRegistry, ObjectStoreRegistry};

use crate::{EngineError, Runtimes, Settings};

pub use location::Location;

/// The registry that an engine's tables find their stores in.
pub(crate) fn registry(
    _settings: &Settings,
    _runtimes: &Runtimes,
) -> Result<Arc<dyn ObjectStoreRegistry>, EngineError> {
    Ok(Arc::new(DefaultObjectStoreRegistry::new()))
}
