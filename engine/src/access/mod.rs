//! Who may see and do what.
//!
//! A session of a [`Principal`] finds its tables in a catalog of its own, which shows what the
//! principal's roles allow and nothing else: a table that is not allowed is one that does not exist. A table
//! of which a part is allowed comes as that part, rows filtered and columns masked, behind a wall that
//! neither filters, nor statistics, nor EXPLAIN see through. Whatever names a table goes through
//! that catalog: queries, views, CTEs, reports, COPY, metadata.
//!
//! What a statement does beside reading is checked on its plan, when it is planned and again when it is
//! executed. Views read with the engine's own rights, so that a view may show what its readers
//! do not see otherwise; making one therefore takes whole rights on all that it reads.
//!
//! Rights are looked up when a statement is planned and again when its tables are scanned, so that what was
//! prepared before a right was taken away fails.

mod catalog;
mod exec;
mod keyed_hash;
mod leakproof;
mod mask;
mod partial;
mod pattern;
mod policies;
mod privilege;
mod rights;
mod roles;
mod statements;
mod table;
mod verify;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use datafusion::catalog::information_schema::INFORMATION_SCHEMA;
use datafusion::common::TableReference;
use datafusion::execution::SessionState;

use crate::environment::{CATALOG, SCHEMA};
use crate::stores::Location;
use crate::{EngineError, system};

pub(crate) use catalog::{GuardedCatalogs, GuardedSchema};
pub(crate) use exec::GuardedExec;
pub(crate) use keyed_hash::mask_key;
pub(crate) use policies::Policies;
pub use privilege::Privilege;
use rights::Rights;
pub(crate) use table::GuardedTable;
pub(crate) use verify::complaints;

/// Somebody who has come in, with the roles given to him.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Principal {
    /// The user's name.
    pub name: String,
    /// Names of roles; those that are not configured allow nothing.
    pub roles: Vec<String>,
}

/// The rights of a session's principal, as they are at any moment.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    principal: Principal,
    policies: Arc<Policies>,
}

/// What all parts of a guarded catalog ask.
struct Guard {
    access: Access,
    /// The engine's options, with which filters are planned.
    state: SessionState,
}

impl fmt::Debug for Guard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.access.fmt(formatter)
    }
}

impl Access {
    pub(crate) fn new(principal: Principal, policies: Arc<Policies>) -> Self {
        Self {
            principal,
            policies,
        }
    }

    pub(crate) fn principal(&self) -> &Principal {
        &self.principal
    }

    fn roles(&self) -> Vec<Arc<roles::Role>> {
        let known = self.policies.roles();
        let names = self.principal.roles.iter();
        names.filter_map(|name| known.get(name).cloned()).collect()
    }

    /// What may be seen of a table.
    fn rights(&self, schema: &str, table: &str) -> Rights {
        // Everybody sees his own there, whatever his roles.
        if schema == system::SCHEMA {
            return Rights::Whole;
        }
        Rights::of(&self.roles(), schema, table)
    }

    /// Whether a table is there at all for the principal.
    pub(crate) fn sees(&self, table: &TableReference) -> bool {
        let name = table.clone().resolve(CATALOG, SCHEMA);
        &*name.catalog == CATALOG
            && (&*name.schema == INFORMATION_SCHEMA
                || self.rights(&name.schema, &name.table) != Rights::None)
    }

    /// Whether nothing of a table is hidden from the principal.
    pub(crate) fn sees_all_of(&self, table: &TableReference) -> bool {
        let name = table.clone().resolve(CATALOG, SCHEMA);
        &*name.catalog == CATALOG && self.rights(&name.schema, &name.table) == Rights::Whole
    }

    /// Whether any table of a schema may be seen or written.
    fn knows(&self, schema: &str) -> bool {
        schema == system::SCHEMA || self.roles().iter().any(|role| role.knows(schema))
    }

    pub(crate) fn require(&self, privilege: Privilege) -> Result<(), EngineError> {
        if self.has(privilege) {
            return Ok(());
        }
        Err(self.denied(&format!("{} (privilege {privilege})", privilege.action())))
    }

    pub(crate) fn has(&self, privilege: Privilege) -> bool {
        self.roles().iter().any(|role| role.has(privilege))
    }

    /// Whether rows may be put into a table, or a table of that name be made.
    pub(crate) fn may_write(&self, table: &TableReference) -> Result<(), EngineError> {
        let name = table.clone().resolve(CATALOG, SCHEMA);
        let writes = |role: &Arc<roles::Role>| role.writes(&name.schema, &name.table);
        if &*name.catalog == CATALOG && self.roles().iter().any(writes) {
            return Ok(());
        }
        Err(self.denied(&format!(
            "write to table \"{}.{}\"",
            name.schema, name.table
        )))
    }

    fn may_write_schema(&self, schema: &str) -> Result<(), EngineError> {
        if self.roles().iter().any(|role| role.writes_schema(schema)) {
            return Ok(());
        }
        Err(self.denied(&format!("make or drop schema {schema:?}")))
    }

    /// Whether files at a location may be read and written, relative ones counted from `base`.
    pub(crate) fn may_reach(&self, text: &str, base: &Path) -> Result<(), EngineError> {
        let location = Location::parse(text, base)?;
        let url = location.url().as_str();
        if self.roles().iter().any(|role| role.reaches(url)) {
            return Ok(());
        }
        Err(self.denied(&format!("reach files at \"{location}\"")))
    }

    fn denied(&self, what: &str) -> EngineError {
        EngineError::Denied {
            message: format!("user {:?} may not {what}", self.principal.name),
        }
    }
}
