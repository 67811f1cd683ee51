//! What a statement does beside reading, and the privileges it needs.

use datafusion::catalog::information_schema::INFORMATION_SCHEMA;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{SchemaReference, TableReference};
use datafusion::datasource::source_as_provider;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{DdlStatement, LogicalPlan, Statement};

use super::{Access, GuardedTable, Privilege};
use crate::engine::{base_dir, working_dir};
use crate::environment::CATALOG;
use crate::upkeep::Upkeep;
use crate::{EngineError, Settings};

impl Access {
    /// Refuses a plan that does what the principal may not, wherever in the plan it stands.
    pub(crate) fn check(
        &self,
        plan: &LogicalPlan,
        state: &SessionState,
        settings: &Settings,
    ) -> Result<(), EngineError> {
        let mut refused = None;
        plan.apply_with_subqueries(|node| {
            refused = self.check_node(node, state, settings).err();
            Ok(match refused {
                None => TreeNodeRecursion::Continue,
                Some(_) => TreeNodeRecursion::Stop,
            })
        })?;
        refused.map_or(Ok(()), Err)
    }

    fn check_node(
        &self,
        node: &LogicalPlan,
        state: &SessionState,
        settings: &Settings,
    ) -> Result<(), EngineError> {
        match node {
            LogicalPlan::Ddl(ddl) => self.check_ddl(ddl, state, settings),
            LogicalPlan::Copy(copy) => {
                self.require(Privilege::Copy)?;
                self.may_reach(&copy.output_url, &working_dir()?)
            }
            LogicalPlan::Dml(dml) => self.may_write(&resolved(&dml.table_name, state)),
            LogicalPlan::Statement(Statement::SetVariable(_) | Statement::ResetVariable(_)) => {
                self.require(Privilege::Set)
            }
            other => match Upkeep::of(other) {
                Some(upkeep) => self.may_write(&resolved(upkeep.table(), state)),
                None => Ok(()),
            },
        }
    }

    fn check_ddl(
        &self,
        ddl: &DdlStatement,
        state: &SessionState,
        settings: &Settings,
    ) -> Result<(), EngineError> {
        self.require(Privilege::Ddl)?;
        match ddl {
            DdlStatement::CreateExternalTable(create) => {
                self.require(Privilege::External)?;
                self.may_write(&resolved(&create.name, state))?;
                let base = base_dir(settings)?;
                create
                    .locations
                    .iter()
                    .try_for_each(|location| self.may_reach(location, &base))
            }
            DdlStatement::CreateMemoryTable(create) => {
                self.may_write(&resolved(&create.name, state))
            }
            DdlStatement::CreateView(create) => {
                self.may_write(&resolved(&create.name, state))?;
                self.may_share(&create.input, state)
            }
            DdlStatement::DropTable(drop) => self.may_write(&resolved(&drop.name, state)),
            DdlStatement::DropView(drop) => self.may_write(&resolved(&drop.name, state)),
            DdlStatement::CreateCatalogSchema(create) => {
                let name = create.schema_name.as_str();
                let prefix = format!("{CATALOG}.");
                self.may_write_schema(name.strip_prefix(&prefix).unwrap_or(name))
            }
            DdlStatement::DropCatalogSchema(drop) => match &drop.name {
                SchemaReference::Bare { schema } | SchemaReference::Full { schema, .. } => {
                    self.may_write_schema(schema)
                }
            },
            other => Err(self.denied(&format!("run {}", other.name()))),
        }
    }

    /// Refuses a view over what its maker sees only a part of: it would show its readers the rest.
    fn may_share(&self, query: &LogicalPlan, state: &SessionState) -> Result<(), EngineError> {
        let mut hidden = None;
        query.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node {
                let table = source_as_provider(&scan.source)?;
                let part = table.downcast_ref::<GuardedTable>();
                // Whoever looks into the catalog sees what he may; a view would look for all.
                let looks_around = resolved(&scan.table_name, state)
                    .schema()
                    .is_some_and(|schema| schema.eq_ignore_ascii_case(INFORMATION_SCHEMA));
                if looks_around || part.is_some_and(|table| !table.is_whole()) {
                    hidden = Some(scan.table_name.table().to_owned());
                    return Ok(TreeNodeRecursion::Stop);
                }
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        match hidden {
            None => Ok(()),
            Some(table) => Err(self.denied(&format!(
                "make a view of table {table:?}, of which he sees only a part"
            ))),
        }
    }
}

fn resolved(name: &TableReference, state: &SessionState) -> TableReference {
    let options = &state.config_options().catalog;
    let name = name
        .clone()
        .resolve(&options.default_catalog, &options.default_schema);
    TableReference::from(name)
}
