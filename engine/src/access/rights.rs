//! What the roles of a principal, taken together, show of one table.

use std::sync::Arc;

use super::roles::{Grant, Role};

/// What may be seen of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rights {
    /// Nothing, not even that it exists.
    None,
    /// Its columns, to write to; no row.
    WriteOnly,
    /// What any of these grants shows.
    Part(Vec<Grant>),
    /// Everything.
    Whole,
}

impl Rights {
    pub(super) fn of(roles: &[Arc<Role>], schema: &str, table: &str) -> Self {
        let grants = roles.iter().filter_map(|role| role.grant(schema, table));
        let grants: Vec<Grant> = grants.collect();
        if grants.iter().any(Grant::is_whole) {
            return Self::Whole;
        }
        if !grants.is_empty() {
            return Self::Part(grants);
        }
        match roles.iter().any(|role| role.writes(schema, table)) {
            true => Self::WriteOnly,
            false => Self::None,
        }
    }
}
