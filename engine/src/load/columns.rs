//! Which columns the table is to have, and where the values of each come from.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use cohortql_udfs::sql_name;
use datafusion::logical_expr::{DdlStatement, LogicalPlan};

use super::request::{LoadMode, LoadRequest};
use super::source::Opened;
use super::target::Target;
use super::types::{holds, narrows};
use crate::formats::{Shape, source_column};
use crate::ingest::{castable, delta_columns};
use crate::{EngineError, Session, did_you_mean};

/// Marks a column of a source that does not say how many digits it has.
pub(super) const OPEN: &str = "cohortql.open";

/// The columns of a load.
#[derive(Debug)]
pub(super) struct Columns {
    /// All that the table is to have.
    pub(super) shape: Shape,
    /// Those that come, in the table's order.
    pub(super) came: Vec<Column>,
    /// Those that the table has not had yet.
    pub(super) added: Vec<String>,
}

/// A column that comes.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// The table's.
    pub(super) field: Field,
    /// Its name in the source.
    pub(super) source: String,
    /// Whether NULL does not fit.
    pub(super) is_required: bool,
}

impl Columns {
    /// Finds them, where the request has declared some.
    pub(super) fn of(
        request: &LoadRequest,
        declared: Option<&Schema>,
        source: &Opened,
        target: &Target,
    ) -> Result<Self, EngineError> {
        let came = renamed(request, source)?;
        let known = target.table.shape()?;
        let asked = Asked {
            request,
            source,
            table: target.name(),
            declared,
        };
        let (mut shape, mut added) = match known {
            Some(known) => asked.of_known(known, &came)?,
            None => asked.of_new(&came)?,
        };
        if let LoadMode::Merge(merge) = &request.mode
            && let Some(deleted) = &merge.deleted_column
        {
            match shape.columns.field_with_name(deleted) {
                Err(_) => {
                    let field = Field::new(deleted, DataType::Boolean, true);
                    shape.columns = with(&shape.columns, [field]);
                    added.push(deleted.clone());
                }
                Ok(field) if field.data_type() != &DataType::Boolean => {
                    return Err(wrong(format!(
                        "column {deleted:?} of {:?} must be BOOLEAN to mark deleted rows, got {}: \
                         name another with --deleted-column",
                        asked.table,
                        sql_name(field.data_type())
                    )));
                }
                Ok(_) => {}
            }
        }
        let came = asked.come(&shape.columns, &came)?;
        Ok(Self { shape, came, added })
    }
}

/// What a load asks for.
struct Asked<'a> {
    request: &'a LoadRequest,
    source: &'a Opened,
    table: &'a str,
    declared: Option<&'a Schema>,
}

impl Asked<'_> {
    /// The columns of a table that is there.
    fn of_known(&self, known: Shape, came: &Schema) -> Result<(Shape, Vec<String>), EngineError> {
        let mut shape = known;
        if let Some(declared) = self.declared {
            shape.columns = self.agreed(&shape.columns, declared)?;
        }
        let extra: Vec<&Field> = came
            .fields()
            .iter()
            .map(AsRef::as_ref)
            .filter(|field| source_column(&shape.columns, field.name()).is_none())
            .collect();
        let names: Vec<String> = extra.iter().map(|field| field.name().clone()).collect();
        if !names.is_empty() && !self.request.add_columns {
            return Err(self.unknown(&names, &shape.columns));
        }
        let new: Schema = Schema::new(
            extra
                .into_iter()
                .map(|field| {
                    let declared = self.declared.map(|all| all.field_with_name(field.name()));
                    declared.and_then(Result::ok).unwrap_or(field).clone()
                })
                .collect::<Vec<_>>(),
        );
        if names.is_empty() {
            return Ok((shape, names));
        }
        let new = delta_columns(&new)?;
        shape.columns = with(
            &shape.columns,
            new.fields().iter().map(|field| field.as_ref().clone()),
        );
        Ok((shape, names))
    }

    /// The columns of a table to be made.
    fn of_new(&self, came: &Schema) -> Result<(Shape, Vec<String>), EngineError> {
        let Some(declared) = self.declared else {
            let fields = came.fields().iter();
            let fields = fields.map(|field| self.seeming(field));
            let all = Schema::new(fields.collect::<Vec<_>>());
            return Ok((Shape::whole(&all)?, Vec::new()));
        };
        let extra = came.fields().iter();
        let extra = extra.filter(|field| source_column(declared, field.name()).is_none());
        let extra: Vec<Field> = extra.map(|field| field.as_ref().clone()).collect();
        if !extra.is_empty() && !self.request.add_columns {
            let names: Vec<_> = extra.iter().map(|field| field.name().clone()).collect();
            return Err(self.unknown(&names, declared));
        }
        let all = declared.fields().iter().map(|field| field.as_ref().clone());
        let all = Schema::new(all.chain(extra).collect::<Vec<_>>());
        Ok((Shape::whole(&all)?, Vec::new()))
    }

    /// A column as it seems to be; the mark of deleted rows is one though none may be marked yet.
    fn seeming(&self, field: &Field) -> Field {
        let is_mark = match &self.request.mode {
            LoadMode::Merge(merge) => merge.deleted_column.as_ref() == Some(field.name()),
            LoadMode::Append | LoadMode::Replace => false,
        };
        match is_mark && !self.source.is_typed {
            true => field.clone().with_data_type(DataType::Boolean),
            false => field.clone(),
        }
    }

    fn unknown(&self, names: &[String], has: &Schema) -> EngineError {
        let names: Vec<_> = names.iter().map(|name| format!("{name:?}")).collect();
        let has: Vec<_> = has
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        wrong(format!(
            "{:?} has columns that table {:?} lacks, {}: give --add-columns to add them; it has {}",
            self.source.name,
            self.table,
            names.join(", "),
            has.join(", ")
        ))
    }

    /// The columns of a table with the types that were declared, where they can change to these.
    fn agreed(&self, columns: &SchemaRef, declared: &Schema) -> Result<SchemaRef, EngineError> {
        let declared = delta_columns(declared)?;
        let fields = columns.fields().iter().map(|field| {
            let Ok(wanted) = declared.field_with_name(field.name()) else {
                return Ok(field.as_ref().clone());
            };
            let (is, asked) = (field.data_type(), wanted.data_type());
            if is.equals_datatype(asked) {
                return Ok(field.as_ref().clone());
            }
            if !holds(asked, is) {
                return Err(wrong(format!(
                    "column {:?} of {:?} is {}, which {} cannot hold: leave out its type, or load \
                     into a table of another name",
                    field.name(),
                    self.table,
                    sql_name(is),
                    sql_name(asked)
                )));
            }
            match self.request.mode {
                LoadMode::Replace => Ok(field.as_ref().clone().with_data_type(asked.clone())),
                LoadMode::Append | LoadMode::Merge(_) => Err(wrong(format!(
                    "column {:?} of {:?} is {}, and only --mode replace makes it {}: leave out its \
                     type, or load all rows anew",
                    field.name(),
                    self.table,
                    sql_name(is),
                    sql_name(asked)
                ))),
            }
        });
        let fields = fields.collect::<Result<Fields, _>>()?;
        Ok(Arc::new(Schema::new(fields)))
    }

    /// The columns that come, of those that the table is to have.
    fn come(&self, columns: &Schema, came: &Schema) -> Result<Vec<Column>, EngineError> {
        let empty = Vec::new();
        let key = match &self.request.mode {
            LoadMode::Merge(merge) => &merge.key,
            LoadMode::Append | LoadMode::Replace => &empty,
        };
        let mut named: Vec<(&str, &String)> = Vec::new();
        named.extend(key.iter().map(|name| ("key", name)));
        named.extend(
            self.request
                .not_null
                .iter()
                .map(|name| ("--not-null", name)),
        );
        if let LoadMode::Merge(merge) = &self.request.mode {
            named.extend(merge.order_by.iter().map(|name| ("--order-by", name)));
        }
        for (what, name) in named {
            if columns.field_with_name(name).is_err() {
                let all = columns.fields().iter().map(|field| field.name());
                return Err(wrong(format!(
                    "{what} {name:?} is no column of table {:?}{}",
                    self.table,
                    did_you_mean(name, all)
                )));
            }
            if source_column(came, name).is_none() {
                let all = came.fields().iter().map(|field| field.name());
                return Err(wrong(format!(
                    "{what} {name:?} is no column of {:?}{}",
                    self.source.name,
                    did_you_mean(name, all)
                )));
            }
        }
        let mut all = Vec::new();
        for field in columns.fields() {
            let is_required = !field.is_nullable()
                || key.contains(field.name())
                || self.request.not_null.contains(field.name());
            let Some(source) = source_column(came, field.name()) else {
                if is_required {
                    return Err(wrong(format!(
                        "column {:?} of {:?} must not be NULL, and {:?} has none of that name",
                        field.name(),
                        self.table,
                        self.source.name
                    )));
                }
                continue;
            };
            let from = came.field_with_name(source)?;
            self.fits(from, field)?;
            let theirs = self.request.rename.get(source);
            all.push(Column {
                field: field.as_ref().clone(),
                source: theirs.cloned().unwrap_or_else(|| source.to_owned()),
                is_required,
            });
        }
        Ok(all)
    }

    /// Refuses types that a column can never hold. Of text, each value decides.
    fn fits(&self, from: &Field, to: &Field) -> Result<(), EngineError> {
        if !self.source.is_typed || from.metadata().contains_key(OPEN) {
            return Ok(());
        }
        let (came, is) = (from.data_type(), to.data_type());
        if !castable(came, is) || narrows(came, is) {
            return Err(wrong(format!(
                "column {:?} of {:?} must be {}, got {} of {:?}: cast it in the source, or give the \
                 table a wider column with --mode replace and --columns",
                to.name(),
                self.table,
                sql_name(is),
                sql_name(came),
                self.source.name
            )));
        }
        Ok(())
    }
}

/// The columns of a source, under our names.
fn renamed(request: &LoadRequest, source: &Opened) -> Result<Schema, EngineError> {
    let columns = &source.columns;
    for (ours, theirs) in &request.rename {
        if columns.field_with_name(theirs).is_err() {
            let all = columns.fields().iter().map(|field| field.name());
            return Err(wrong(format!(
                "--rename {ours}={theirs}: {theirs:?} is no column of {:?}{}",
                source.name,
                did_you_mean(theirs, all)
            )));
        }
    }
    let fields = columns.fields().iter().map(|field| {
        let ours = request
            .rename
            .iter()
            .find(|(_, theirs)| *theirs == field.name());
        let field = field.as_ref().clone();
        match ours {
            Some((ours, _)) => field.with_name(ours),
            None => field,
        }
    });
    Ok(Schema::new(fields.collect::<Vec<_>>()))
}

/// The columns that a request declares, as `CREATE TABLE` has them.
pub(super) async fn declared(
    session: &Session,
    request: &LoadRequest,
) -> Result<Option<Schema>, EngineError> {
    let Some(text) = &request.columns else {
        return Ok(None);
    };
    let sql = format!("CREATE EXTERNAL TABLE t ({text}) STORED AS CSV LOCATION 'x'");
    let state = session.context().state();
    let failed = |error: EngineError| error.about("--columns").placed(|| None);
    let plan = state.create_logical_plan(&sql).await;
    let plan = plan.map_err(|error| failed(EngineError::planning(&error, &state)))?;
    match plan {
        LogicalPlan::Ddl(DdlStatement::CreateExternalTable(table))
            if !table.schema.fields().is_empty() =>
        {
            Ok(Some(table.schema.as_arrow().clone()))
        }
        _ => Err(wrong(format!(
            "--columns must be names and types, got {text:?}"
        ))),
    }
}

/// A schema with more columns.
fn with(columns: &SchemaRef, more: impl IntoIterator<Item = Field>) -> SchemaRef {
    let fields = columns.fields().iter().map(|field| field.as_ref().clone());
    Arc::new(Schema::new(fields.chain(more).collect::<Vec<_>>()))
}

fn wrong(message: String) -> EngineError {
    EngineError::Plan {
        message,
        location: None,
    }
}
