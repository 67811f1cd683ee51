//! A planned statement with its parameters: what a ticket stands for, and how it is executed.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type, Schema, SchemaRef};
use cohortql_engine::{EngineError, Planned, Progress, QueryId, Session, StatementKind};
use cohortql_protocol::parameters::counted;
use cohortql_protocol::{Types, wire_schema};
use futures::stream::{self, Stream, StreamExt, TryStreamExt};
use ring::digest::{Context, SHA256};

use crate::error::ServerError;
use crate::insight::Call;
use crate::parameters;

/// Batches of an answer.
pub(crate) type Batches = Pin<Box<dyn Stream<Item = Result<RecordBatch, ServerError>> + Send>>;

/// The rows of parameters that are bound to a statement.
pub(crate) type BoundRows = Arc<Vec<RecordBatch>>;

/// A query that runs.
pub(crate) struct Running {
    /// Its name, or that of its first execution; none if it is not executed at all.
    pub(crate) id: Option<QueryId>,
    /// Its answer.
    pub(crate) batches: Batches,
}

/// A statement that can be executed: once, or once for each row of parameters.
#[derive(Clone)]
pub(crate) struct Bound {
    session: Session,
    planned: Planned,
    rows: Option<BoundRows>,
    types: Types,
    schema: SchemaRef,
    progress: Arc<OnceLock<Arc<Progress>>>,
}

impl Bound {
    /// A statement with the rows bound to it, or without parameters, whose answer is sent in these
    /// types.
    pub(crate) fn new(
        session: Session,
        planned: Planned,
        rows: Option<BoundRows>,
        types: Types,
    ) -> Result<Self, ServerError> {
        let wanted = planned.parameters().len();
        if rows.is_none() && wanted > 0 {
            return Err(ServerError::Invalid(format!(
                "the statement takes {}, none bound; prepare it and bind them",
                counted(wanted)
            )));
        }
        // Values that do not fit are refused before anything runs.
        let rows = match rows {
            None => None,
            Some(rows) => {
                let cast = rows.iter().map(|batch| parameters::cast(&planned, batch));
                Some(Arc::new(cast.collect::<Result<Vec<_>, _>>()?))
            }
        };
        let schema = match planned.kind() {
            StatementKind::Change => Arc::new(Schema::empty()),
            StatementKind::Query => {
                let batches = rows.iter().flat_map(|rows| rows.iter());
                let columns = batches.map(RecordBatch::schema).next();
                answer_schema(&planned, columns.as_deref(), types)?
            }
        };
        Ok(Self {
            session,
            planned,
            rows,
            types,
            schema,
            progress: Arc::default(),
        })
    }

    /// The schema in which the answer is sent; empty for a change.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The types in which the answer is sent.
    pub(crate) fn types(&self) -> Types {
        self.types
    }

    /// The part done of a query that was begun, from 0 to 1, where it is known.
    pub(crate) fn fraction(&self) -> Option<f64> {
        let fraction = self.progress.get()?.fraction()?;
        Some((fraction / to_f64(self.runs())).clamp(0.0, 1.0))
    }

    /// Whether it reads or changes.
    pub(crate) fn kind(&self) -> StatementKind {
        self.planned.kind()
    }

    /// Whether it is a short query of literals, which to run takes less time than to hand it to
    /// another thread.
    pub(crate) fn is_constant(&self) -> bool {
        self.planned.is_constant()
    }

    /// How many bytes it keeps, roughly.
    pub(crate) fn bytes(&self) -> usize {
        kept_bytes(self.planned.text().len(), self.rows.as_ref())
    }

    /// SHA-256 of the text and of the number of rows bound.
    pub(crate) fn digest(&self) -> Vec<u8> {
        let mut context = Context::new(&SHA256);
        context.update(self.planned.text().as_bytes());
        context.update(&self.runs().to_be_bytes());
        context.finish().as_ref().to_vec()
    }

    /// The name of the session it belongs to.
    pub(crate) fn session_id(&self) -> String {
        self.session.id()
    }

    /// Executes a change, once for each row, and adds up the rows affected.
    pub(crate) async fn change(&self, call: &Call) -> Result<i64, ServerError> {
        let mut affected = 0_i64;
        for run in 0..self.runs() {
            let mut answer = self.session.execute(self.run(run)?).await?;
            call.runs(answer.id());
            while let Some(batch) = answer.next_batch().await? {
                affected = affected.saturating_add(count(&batch));
            }
        }
        call.add_rows(u64::try_from(affected).unwrap_or(0));
        Ok(affected)
    }

    /// Executes a query, once for each row, one after the other. Returns when the first has
    /// started, so that what is wrong with it is known.
    pub(crate) async fn query(self) -> Result<Running, ServerError> {
        let runs = self.runs();
        if runs == 0 {
            return Ok(Running {
                id: None,
                batches: Box::pin(stream::empty()),
            });
        }
        let first = self.start(0).await?;
        let rest = stream::iter(1..runs).then(move |run| {
            let bound = self.clone();
            async move { bound.start(run).await.map(|running| running.batches) }
        });
        Ok(Running {
            id: first.id,
            batches: Box::pin(stream::iter([Ok(first.batches)]).chain(rest).try_flatten()),
        })
    }

    async fn start(&self, run: usize) -> Result<Running, ServerError> {
        let answer = self.session.execute(self.run(run)?).await?;
        self.progress.get_or_init(|| answer.progress());
        Ok(Running {
            id: Some(answer.id().clone()),
            batches: Box::pin(answer.map_err(|error| EngineError::from(error).into())),
        })
    }

    /// How often it is executed.
    fn runs(&self) -> usize {
        match &self.rows {
            None => 1,
            Some(rows) => rows.iter().map(RecordBatch::num_rows).sum(),
        }
    }

    /// The statement of one execution.
    fn run(&self, run: usize) -> Result<Planned, ServerError> {
        let Some(rows) = &self.rows else {
            return Ok(self.planned.clone());
        };
        let mut before = 0;
        for batch in rows.iter() {
            if run < before + batch.num_rows() {
                let values = parameters::row(batch, run - before)?;
                return Ok(self.planned.bind(&values)?);
            }
            before += batch.num_rows();
        }
        Err(ServerError::Internal(format!(
            "row {run} of {before} bound rows"
        )))
    }
}

/// How many bytes a statement keeps whose text takes `text`, with what is bound to it.
pub(crate) fn kept_bytes(text: usize, rows: Option<&BoundRows>) -> usize {
    let batches = rows.into_iter().flat_map(|rows| rows.iter());
    batches
        .map(RecordBatch::get_array_memory_size)
        .fold(text, usize::saturating_add)
}

/// The schema of the answer when parameters of the types of `columns` are bound, or of the
/// advertised ones before any are.
///
/// It must hold for every row that may be bound, so it is found with NULLs: the first row's values
/// would promise columns without NULL where the next one has some.
pub(crate) fn answer_schema(
    planned: &Planned,
    columns: Option<&Schema>,
    types: Types,
) -> Result<SchemaRef, ServerError> {
    let nulls = parameters::nulls(planned, columns)?;
    match planned.bind(&nulls) {
        Ok(bound) => Ok(wire_schema(&bound.schema(), types)),
        // Types that nobody has named yet, taken for text, may not fit each other.
        Err(_) if columns.is_none() => Ok(wire_schema(&planned.schema(), types)),
        Err(error) => Err(error.into()),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a share needs no more than 52 bits"
)]
fn to_f64(number: usize) -> f64 {
    number.max(1) as f64
}

/// The count in a change's answer.
fn count(batch: &RecordBatch) -> i64 {
    match batch.columns() {
        [column] if *column.data_type() == DataType::Int64 => {
            column.as_primitive::<Int64Type>().iter().flatten().sum()
        }
        _ => 0,
    }
}
