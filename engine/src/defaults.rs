//! What names and times that say no more mean in a session: its catalog, schema and time zone.

use std::sync::Arc;

use datafusion::execution::SessionState;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::prelude::SessionContext;

use crate::config::time_zone;
use crate::{EngineError, Session, did_you_mean};

impl Session {
    /// The catalog and the schema that names without them refer to.
    pub fn names(&self) -> (String, String) {
        let state = self.context().state_ref();
        let state = state.read();
        let options = &state.config_options().catalog;
        (
            options.default_catalog.clone(),
            options.default_schema.clone(),
        )
    }

    /// Makes names without a catalog and schema refer to these, which must exist.
    pub fn set_names(&self, catalog: &str, schema: &str) -> Result<(), EngineError> {
        self.require_schema(catalog, schema)?;
        let state = self.context().state_ref();
        point(&mut state.write(), catalog, schema);
        Ok(())
    }

    /// A session that starts as this one stands, where names without a catalog and schema refer to
    /// these, which must exist. What is set in one afterwards is not set in the other.
    pub fn with_names(&self, catalog: &str, schema: &str) -> Result<Self, EngineError> {
        self.require_schema(catalog, schema)?;
        let mut state = SessionStateBuilder::new_from_existing(self.context().state()).build();
        point(&mut state, catalog, schema);
        Ok(self.over(SessionContext::new_with_state(state)))
    }

    /// The time zone of the session, an IANA name or an offset; UTC when there is none.
    pub fn time_zone(&self) -> Option<String> {
        let state = self.context().state_ref();
        let state = state.read();
        state.config_options().execution.time_zone.clone()
    }

    /// Sets the session's time zone, or takes it back to UTC.
    pub fn set_time_zone(&self, zone: Option<&str>) -> Result<(), EngineError> {
        if let Some(zone) = zone {
            time_zone(zone).map_err(|message| EngineError::Plan {
                message,
                location: None,
            })?;
        }
        let state = self.context().state_ref();
        let mut state = state.write();
        state.config_mut().options_mut().execution.time_zone = zone.map(str::to_owned);
        // Some functions are made for a time zone, `now` among them.
        let options = state.config().options();
        let functions: Vec<_> = state
            .scalar_functions()
            .values()
            .filter_map(|function| function.inner().with_updated_config(options))
            .map(Arc::new)
            .collect();
        for function in functions {
            datafusion::execution::FunctionRegistry::register_udf(&mut *state, function)?;
        }
        Ok(())
    }

    fn require_schema(&self, catalog: &str, schema: &str) -> Result<(), EngineError> {
        let missing = |what: &str, name: &str, known: Vec<String>| EngineError::NotFound {
            message: format!(
                "{what} {name:?} does not exist{}",
                did_you_mean(name, known)
            ),
            location: None,
        };
        let context = self.context();
        let provider = context
            .catalog(catalog)
            .ok_or_else(|| missing("catalog", catalog, context.catalog_names()))?;
        match provider.schema(schema) {
            Some(_) => Ok(()),
            None => Err(missing("schema", schema, provider.schema_names())),
        }
    }
}

fn point(state: &mut SessionState, catalog: &str, schema: &str) {
    let options = state.config_mut().options_mut();
    options.catalog.default_catalog = catalog.to_owned();
    options.catalog.default_schema = schema.to_owned();
}
