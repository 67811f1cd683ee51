//! From DataFusion's errors to ours: the root cause, without the wrapping around it.

use datafusion::error::DataFusionError;

use super::{EngineError, Location};

/// Finds the kind, the message and the place of an error of DataFusion's.
pub(super) fn classify(error: &DataFusionError) -> EngineError {
    let location = diagnosed(error);
    let root = error.find_root();
    let message = root.message().into_owned();
    match root {
        DataFusionError::External(inner) => match inner.downcast_ref::<EngineError>() {
            Some(ours) => ours.clone(),
            None => EngineError::Execution { message },
        },
        DataFusionError::SQL(..) => EngineError::Syntax { message, location },
        DataFusionError::Plan(_) | DataFusionError::SchemaError(..) => {
            EngineError::Plan { message, location }
        }
        DataFusionError::NotImplemented(_) => EngineError::Unsupported { message, location },
        DataFusionError::Configuration(_) => EngineError::Config { message },
        DataFusionError::ResourcesExhausted(_) => EngineError::Resources { message },
        DataFusionError::ObjectStore(_) | DataFusionError::IoError(_) => {
            EngineError::Storage { message }
        }
        DataFusionError::Internal(_) => EngineError::Internal { message },
        _ => EngineError::Execution { message },
    }
}

fn diagnosed(error: &DataFusionError) -> Option<Location> {
    let span = error.diagnostic()?.span?;
    Some((span.start.line, span.start.column))
}
