//! Tries the roles on the tables that there are, before somebody has to.

use std::sync::Arc;

use datafusion::common::TableReference;
use datafusion::execution::SessionState;

use super::{Access, Policies, Principal, partial};
use crate::environment::CATALOG;

/// What is wrong with the parts of tables that roles show, one line each.
pub(crate) async fn complaints(policies: &Arc<Policies>, state: &SessionState) -> Vec<String> {
    let mut complaints = Vec::new();
    for (name, role) in policies.roles().iter() {
        let principal = Principal {
            name: "somebody".to_owned(),
            roles: vec![name.clone()],
        };
        let access = Access::new(principal, Arc::clone(policies));
        for ((schema, table), grant) in role.tables() {
            let reference = TableReference::full(CATALOG, schema.as_str(), table.as_str());
            let found = match state.schema_for_ref(reference.clone()) {
                Ok(provider) => provider.table(table).await,
                Err(_) => Ok(None),
            };
            let wrong = match found {
                Ok(Some(found)) => {
                    let grants = std::slice::from_ref(grant);
                    let tried = partial::plan(state, &reference, &found, grants, &access);
                    tried.err().map(|error| error.message().into_owned())
                }
                Ok(None) => Some("there is no such table, or it cannot be opened".to_owned()),
                Err(error) => Some(error.message().into_owned()),
            };
            complaints.extend(
                wrong.map(|wrong| format!("roles.{name}.tables.\"{schema}.{table}\": {wrong}")),
            );
        }
    }
    complaints
}
