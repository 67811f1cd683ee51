//! `\d` and `\dt`: what tables there are, and what is in one.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, FieldRef};
use cohortql_udfs::sql_name;

use crate::cli::backend::Answer;
use crate::cli::error::CliError;
use crate::cli::shell::Shell;

/// Every table and view that SQL can name, but those that tell of the engine.
const TABLES: &str = "
select table_schema as schema, table_name as name, lower(table_type) as kind
from information_schema.tables
where table_schema not in ('information_schema', 'system')
order by schema, name";

/// Lists the tables.
pub(super) fn tables(shell: &mut Shell) -> Result<(), CliError> {
    shell.run_statement(TABLES)
}

/// Lists the columns of a table, or of anything that can stand in FROM.
pub(super) fn columns(shell: &mut Shell, table: &str) -> Result<(), CliError> {
    // The schema comes from planning alone; nothing is read.
    let statement = format!("select * from {table} limit 0");
    let answer = shell.runtime.block_on(shell.backend.run(&statement))?;
    let Answer::Rows { schema, .. } = answer else {
        return Err(CliError::Usage(format!("{table:?} is no table")));
    };
    let fields = schema.fields();
    let column = |text: &dyn Fn(&FieldRef) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(fields.iter().map(text)))
    };
    let nullable = |field: &FieldRef| if field.is_nullable() { "yes" } else { "no" };
    let rows = RecordBatch::try_from_iter([
        ("column", column(&|field| field.name().clone())),
        ("type", column(&|field| sql_type(field.data_type()))),
        ("nullable", column(&|field| nullable(field).to_owned())),
    ])?;
    shell.present(&rows)
}

/// The type as SQL writes it, with what is needed to know it wholly: the time zone, and what
/// lists and structs hold.
pub(crate) fn sql_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Timestamp(_, Some(zone)) => format!("{} ({zone})", sql_name(data_type)),
        // The one name for bytes that CREATE TABLE and CAST take.
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "BYTEA".to_owned(),
        DataType::Dictionary(_, values) => sql_type(values),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => format!("{}[]", sql_type(item.data_type())),
        DataType::Struct(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|f| format!("{} {}", f.name(), sql_type(f.data_type())));
            format!("STRUCT({})", fields.collect::<Vec<_>>().join(", "))
        }
        plain => sql_name(plain),
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{Field, TimeUnit};

    use super::*;

    #[test]
    fn types_are_written_as_sql_has_them() {
        let item = |name: &str, data_type| Field::new(name, data_type, true);
        let lifts = DataType::new_list(
            DataType::Struct(
                vec![
                    item("item_a", DataType::Utf8View),
                    item("lift", DataType::Float64),
                ]
                .into(),
            ),
            true,
        );
        assert_eq!(sql_type(&lifts), "STRUCT(item_a VARCHAR, lift DOUBLE)[]");
        assert_eq!(sql_type(&DataType::Decimal128(12, 2)), "DECIMAL(12,2)");
        let zoned = DataType::Timestamp(TimeUnit::Microsecond, Some("Europe/Berlin".into()));
        assert_eq!(sql_type(&zoned), "TIMESTAMP WITH TIME ZONE (Europe/Berlin)");
    }
}
