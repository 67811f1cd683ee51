//! What a client has sent to be run: a text or a Substrait plan, read but not planned yet.

use bytes::Bytes;
use cohortql_engine::sql::dialect;
use cohortql_engine::{EngineError, Planned, Session, Statement, SubstraitPlan};
use cohortql_protocol::{Places, Types, number_placeholders};

use crate::caller::Caller;
use crate::compute::compute;
use crate::deadline::within;
use crate::error::ServerError;
use crate::serve::ServeOptions;

/// One statement of a client's, not planned yet.
pub(super) struct Said {
    session: Session,
    types: Types,
    most_parameters: usize,
    form: Form,
    bytes: usize,
}

/// What it was said in.
enum Form {
    Sql(Statement, Places),
    Substrait(SubstraitPlan),
}

impl Said {
    /// Parses what the caller has sent.
    pub(super) async fn parse(
        caller: &Caller,
        options: &ServeOptions,
        sql: &str,
    ) -> Result<Self, ServerError> {
        let bytes = sql.len();
        small_enough(bytes, options)?;
        let (session, sql) = (caller.session.clone(), sql.to_owned());
        let parse = async move {
            let numbered = number_placeholders(&sql, dialect())?;
            let parsed = session.parse(&numbered.sql);
            let parsed = parsed.map_err(|error| pointed(&numbered.places, error))?;
            Ok((parsed, numbered.places))
        };
        let (statements, places) = match bytes <= Statement::SHORT_BYTES {
            true => parse.await?,
            false => within(caller.deadline, compute(&caller.engine, parse)).await?,
        };
        let [statement] = <[Statement; 1]>::try_from(statements).map_err(|statements| {
            ServerError::Invalid(match statements.len() {
                0 => "expected a statement, got an empty text".to_owned(),
                many => format!("expected one statement, got {many}; send them one by one"),
            })
        })?;
        Ok(Self::new(
            caller,
            options,
            Form::Sql(statement, places),
            bytes,
        ))
    }

    /// Reads the plan that the caller has sent.
    pub(super) async fn decode(
        caller: &Caller,
        options: &ServeOptions,
        bytes: Bytes,
    ) -> Result<Self, ServerError> {
        let size = bytes.len();
        small_enough(size, options)?;
        let decode = async move { Ok(SubstraitPlan::decode(&bytes)?) };
        let plan = within(caller.deadline, compute(&caller.engine, decode)).await?;
        Ok(Self::new(caller, options, Form::Substrait(plan), size))
    }

    fn new(caller: &Caller, options: &ServeOptions, form: Form, bytes: usize) -> Self {
        Self {
            session: caller.session.clone(),
            types: caller.types,
            most_parameters: options.max_parameters,
            form,
            bytes,
        }
    }

    /// Plans it, with the tables that there are now.
    pub(super) async fn plan(&self, caller: &Caller) -> Result<Planned, ServerError> {
        let planned = async {
            match &self.form {
                Form::Sql(statement, places) => {
                    let planned = self.session.plan(statement).await;
                    planned.map_err(|error| pointed(places, error))
                }
                Form::Substrait(plan) => self.session.plan_substrait(plan).await,
            }
        };
        let planned = within(caller.deadline, planned).await?;
        let parameters = planned.parameters().len();
        if parameters > self.most_parameters {
            return Err(ServerError::Limit(format!(
                "the statement takes {parameters} parameters, and at most {} are taken",
                self.most_parameters
            )));
        }
        Ok(planned)
    }

    /// Whether it is a short query of literals.
    pub(super) fn is_constant(&self) -> bool {
        match &self.form {
            Form::Sql(statement, _) => statement.is_constant(),
            Form::Substrait(_) => false,
        }
    }

    /// The types that its answer is sent in.
    pub(super) fn types(&self) -> Types {
        self.types
    }

    /// How many bytes it was sent in.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The session that it belongs to.
    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// The statement as it was parsed, or what stands for a plan.
    pub(super) fn text(&self) -> &str {
        match &self.form {
            Form::Sql(statement, _) => statement.text(),
            Form::Substrait(plan) => plan.text(),
        }
    }
}

fn small_enough(bytes: usize, options: &ServeOptions) -> Result<(), ServerError> {
    if bytes <= options.max_sql_bytes {
        return Ok(());
    }
    Err(ServerError::Limit(format!(
        "the statement takes {bytes} bytes, and at most {} are taken",
        options.max_sql_bytes
    )))
}

/// The error with its place in the text that the client has sent.
fn pointed(places: &Places, mut error: EngineError) -> EngineError {
    if let EngineError::Syntax { location, .. }
    | EngineError::Plan { location, .. }
    | EngineError::NotFound { location, .. }
    | EngineError::Unsupported { location, .. } = &mut error
    {
        *location = location.map(|(line, column)| (line, places.column(line, column)));
    }
    error
}
