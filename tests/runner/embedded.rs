//! The engine in this process.

use async_trait::async_trait;
use cohortql_engine::{Engine, EngineError, Session, StatementKind};
use sqllogictest::{AsyncDB, DBOutput};

use super::failure::Failure;
use super::render::{self, Column};
use super::variables::Variables;

/// An engine as a file of tests gets it: several partitions, so that every
/// aggregate runs in several phases.
pub(crate) async fn engine() -> Result<Engine, EngineError> {
    Engine::builder().target_partitions(3).build().await
}

/// One session of an engine.
pub(crate) struct Embedded {
    session: Session,
    variables: Variables,
}

impl Embedded {
    pub(crate) fn new(engine: &Engine, variables: Variables) -> Self {
        Self {
            session: engine.session(),
            variables,
        }
    }

    async fn answer(&self, sql: &str) -> Result<DBOutput<Column>, Failure> {
        let statements = self.session.parse(sql)?;
        let [statement] = statements.as_slice() else {
            return Err(Failure::new(format!(
                "{} statements in one record",
                statements.len()
            )));
        };
        let planned = self.session.plan(statement).await?;
        let kind = planned.kind();
        let stream = self.session.execute(planned).await?;
        let schema = stream.schema();
        let batches = stream.collect().await?;
        match kind {
            StatementKind::Query => render::rows(&schema, &batches),
            StatementKind::Change => Ok(render::affected(&batches)),
        }
    }
}

#[async_trait]
impl AsyncDB for Embedded {
    type Error = Failure;
    type ColumnType = Column;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<Column>, Failure> {
        self.answer(&self.variables.substitute(sql)).await
    }

    async fn shutdown(&mut self) {}

    fn engine_name(&self) -> &str {
        "embedded"
    }
}
