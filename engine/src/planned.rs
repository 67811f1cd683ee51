//! A planned statement: its kind, the schema of its answer, its parameters.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::ParamValues;
use datafusion::common::metadata::ScalarAndMetadata;
use datafusion::logical_expr::{LogicalPlan, Statement as PlanStatement};
use datafusion::scalar::ScalarValue;

use crate::{EngineError, Statement};

/// Whether a statement only reads or changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementKind {
    /// Reads; may run any number of times.
    Query,
    /// DDL, DML, COPY or SET: runs once, and answers with the number of rows affected.
    Change,
}

/// A parameter of a statement; `$2` comes before `$10`, and those before `$name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Parameter {
    /// `$1`, `$2` …
    Position(usize),
    /// `$name`
    Name(String),
}

impl fmt::Display for Parameter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Position(position) => write!(formatter, "${position}"),
            Self::Name(name) => write!(formatter, "${name}"),
        }
    }
}

/// A statement ready to be executed by [`crate::Session::execute`].
#[derive(Debug, Clone)]
pub struct Planned {
    statement: Statement,
    plan: LogicalPlan,
    kind: StatementKind,
    schema: SchemaRef,
    parameters: BTreeMap<Parameter, Option<DataType>>,
}

impl Planned {
    pub(crate) fn new(statement: Statement, plan: LogicalPlan) -> Result<Self, EngineError> {
        let kind = kind_of(&plan);
        let schema = match kind {
            StatementKind::Query => Arc::clone(plan.schema().inner()),
            StatementKind::Change => count_schema(),
        };
        let parameters = parameters_of(&plan)?;
        Ok(Self {
            statement,
            plan,
            kind,
            schema,
            parameters,
        })
    }

    /// Whether it reads or changes.
    pub fn kind(&self) -> StatementKind {
        self.kind
    }

    /// The schema of the answer, equal to that of the stream.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The parameters that are not bound yet, in order, with their types where they are known.
    pub fn parameters(&self) -> &BTreeMap<Parameter, Option<DataType>> {
        &self.parameters
    }

    /// The statement this was planned from.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// The unoptimised logical plan.
    pub fn logical_plan(&self) -> &LogicalPlan {
        &self.plan
    }

    /// Gives every parameter a value, in the order of [`Self::parameters`].
    pub fn bind(&self, values: &[ScalarValue]) -> Result<Self, EngineError> {
        if values.len() != self.parameters.len() {
            return Err(EngineError::Plan {
                message: format!(
                    "the statement takes {} parameters, got {}",
                    self.parameters.len(),
                    values.len()
                ),
                location: None,
            });
        }
        if values.is_empty() {
            return Ok(self.clone());
        }
        let named = self
            .parameters
            .keys()
            .any(|key| matches!(key, Parameter::Name(_)));
        let bound = if named {
            ParamValues::Map(
                self.parameters
                    .keys()
                    .zip(values)
                    .map(|(key, value)| {
                        let name = key.to_string().trim_start_matches('$').to_owned();
                        (name, ScalarAndMetadata::from(value.clone()))
                    })
                    .collect(),
            )
        } else {
            ParamValues::List(
                values
                    .iter()
                    .cloned()
                    .map(ScalarAndMetadata::from)
                    .collect(),
            )
        };
        let plan = self.plan.clone().replace_params_with_values(&bound)?;
        Self::new(self.statement.clone(), plan)
    }

    pub(crate) fn into_plan(self) -> LogicalPlan {
        self.plan
    }
}

/// The answer of every change: how many rows it affected.
pub(crate) fn count_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new(
        "count",
        DataType::Int64,
        false,
    )]))
}

fn kind_of(plan: &LogicalPlan) -> StatementKind {
    match plan {
        LogicalPlan::Ddl(_) | LogicalPlan::Dml(_) | LogicalPlan::Copy(_) => StatementKind::Change,
        LogicalPlan::Statement(PlanStatement::Execute(_)) => StatementKind::Query,
        LogicalPlan::Statement(_) => StatementKind::Change,
        _ => StatementKind::Query,
    }
}

fn parameters_of(plan: &LogicalPlan) -> Result<BTreeMap<Parameter, Option<DataType>>, EngineError> {
    let types = plan.get_parameter_types()?;
    Ok(types
        .into_iter()
        .map(|(id, data_type)| {
            let name = id.trim_start_matches('$');
            let key = match name.parse() {
                Ok(position) => Parameter::Position(position),
                Err(_) => Parameter::Name(name.to_owned()),
            };
            (key, data_type)
        })
        .collect())
}
