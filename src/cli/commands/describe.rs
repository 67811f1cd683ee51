//! `\d` and `\dt`: what tables there are, and what is in one.

use arrow::datatypes::DataType;

use crate::cli::backend::Answer;
use crate::cli::error::CliError;
use crate::cli::output::{Cell, Heading, print_cells};
use crate::cli::shell::Shell;

/// Every table and view that SQL can name.
const TABLES: &str = "
select table_schema as schema, table_name as name, lower(table_type) as kind
from information_schema.tables
where table_schema <> 'information_schema'
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
    let headings = ["column", "type", "nullable"].map(|name| Heading {
        name: name.to_owned(),
        is_number: false,
    });
    let rows = schema.fields().iter().map(|field| {
        let nullable = if field.is_nullable() { "yes" } else { "no" };
        let data_type = sql_type(field.data_type());
        vec![
            Cell::text(field.name()),
            Cell::text(data_type),
            Cell::text(nullable),
        ]
    });
    let mut text = Vec::new();
    print_cells(&mut text, &headings, rows.collect(), None, shell.look())?;
    shell.show(&String::from_utf8_lossy(&text))
}

/// The type as SQL writes it.
pub(crate) fn sql_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "BOOLEAN".to_owned(),
        DataType::Int8 => "TINYINT".to_owned(),
        DataType::Int16 => "SMALLINT".to_owned(),
        DataType::Int32 => "INT".to_owned(),
        DataType::Int64 => "BIGINT".to_owned(),
        DataType::UInt8 => "TINYINT UNSIGNED".to_owned(),
        DataType::UInt16 => "SMALLINT UNSIGNED".to_owned(),
        DataType::UInt32 => "INT UNSIGNED".to_owned(),
        DataType::UInt64 => "BIGINT UNSIGNED".to_owned(),
        DataType::Float32 => "REAL".to_owned(),
        DataType::Float64 => "DOUBLE".to_owned(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "VARCHAR".to_owned(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "BYTEA".to_owned(),
        DataType::Date32 | DataType::Date64 => "DATE".to_owned(),
        DataType::Time32(_) | DataType::Time64(_) => "TIME".to_owned(),
        DataType::Timestamp(_, None) => "TIMESTAMP".to_owned(),
        DataType::Timestamp(_, Some(zone)) => format!("TIMESTAMP WITH TIME ZONE ({zone})"),
        DataType::Interval(_) => "INTERVAL".to_owned(),
        DataType::Decimal32(digits, scale)
        | DataType::Decimal64(digits, scale)
        | DataType::Decimal128(digits, scale)
        | DataType::Decimal256(digits, scale) => format!("DECIMAL({digits}, {scale})"),
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
        other => other.to_string(),
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
        assert_eq!(sql_type(&DataType::Decimal128(12, 2)), "DECIMAL(12, 2)");
        let zoned = DataType::Timestamp(TimeUnit::Microsecond, Some("Europe/Berlin".into()));
        assert_eq!(sql_type(&zoned), "TIMESTAMP WITH TIME ZONE (Europe/Berlin)");
    }
}
