//! The names that can be completed: tables, columns and functions.

use std::sync::{Arc, PoisonError, RwLock};

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use futures::TryStreamExt;
use tokio::runtime::Runtime;

use crate::cli::backend::{Answer, Backend};
use crate::cli::commands::sql_type;
use crate::cli::error::CliError;
use crate::cli::functions;
use crate::cli::output::cells;

/// Every column of every table but those that tell of the engine, a table's columns together.
const COLUMNS: &str = "
select table_name, column_name, data_type
from information_schema.columns
where table_schema not in ('information_schema', 'system')
order by table_schema, table_name, ordinal_position";

/// What can be completed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    pub(crate) tables: Vec<Table>,
    pub(crate) functions: Vec<Function>,
}

#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
}

#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) data_type: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) summary: String,
    pub(crate) is_ours: bool,
    /// Whether it stands in FROM.
    pub(crate) is_report: bool,
}

/// Names that the editor reads while they are renewed behind it.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedNames(Arc<RwLock<Arc<Names>>>);

impl SharedNames {
    /// The names as last heard of.
    pub(super) fn get(&self) -> Arc<Names> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Asks for the names again, without making anybody wait.
    pub(super) fn refresh(&self, runtime: &Runtime, backend: &Arc<Backend>) {
        let (shared, backend) = (self.clone(), Arc::clone(backend));
        runtime.spawn(async move {
            // Old names are better than none when a server is slow or gone.
            if let Ok(tables) = tables(&backend).await {
                let known = shared.get();
                let functions = match known.functions.is_empty() {
                    true => functions(),
                    false => known.functions.clone(),
                };
                let names = Arc::new(Names { tables, functions });
                *shared.0.write().unwrap_or_else(PoisonError::into_inner) = names;
            }
        });
    }
}

fn functions() -> Vec<Function> {
    let all = functions::all().into_iter();
    let mut functions: Vec<Function> = all
        .map(|function| Function {
            summary: function.summary(),
            is_ours: function.is_ours,
            is_report: function.kind == "report",
            name: function.name,
        })
        .collect();
    functions.dedup_by(|a, b| a.name == b.name);
    functions
}

async fn tables(backend: &Backend) -> Result<Vec<Table>, CliError> {
    let Answer::Rows { batches, .. } = backend.run(COLUMNS).await? else {
        return Ok(Vec::new());
    };
    let batches: Vec<RecordBatch> = batches.try_collect().await?;
    let mut tables: Vec<Table> = Vec::new();
    for batch in &batches {
        for row in cells(batch)? {
            let [table, column, data_type] = row.as_slice() else {
                continue;
            };
            if tables.last().is_none_or(|last| last.name != table.text) {
                tables.push(Table {
                    name: table.text.clone(),
                    columns: Vec::new(),
                });
            }
            if let Some(last) = tables.last_mut() {
                last.columns.push(Column {
                    name: column.text.clone(),
                    data_type: in_sql(&data_type.text),
                });
            }
        }
    }
    Ok(tables)
}

/// The information schema writes types as Arrow does.
fn in_sql(data_type: &str) -> String {
    match data_type.parse::<DataType>() {
        Ok(data_type) => sql_type(&data_type),
        Err(_) => data_type.to_owned(),
    }
}
