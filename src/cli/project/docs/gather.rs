//! What there is to tell of models and sources: what their files say, what builds have left, and what
//! tests have found last.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use cohortql_engine::models::{Model, Project, Source, Test, declared_sources};
use cohortql_engine::{Engine, Session};
use serde::Serialize;

use crate::cli::commands::sql_type;
use crate::cli::error::CliError;

/// The last result of each test.
const RESULTS: &str = "
SELECT test, status, failures, message
FROM (
  SELECT *, row_number() OVER (PARTITION BY test ORDER BY started DESC) AS place
  FROM system.test_results
)
WHERE place = 1";

/// Everything.
#[derive(Debug, Serialize)]
pub(super) struct Gathered {
    pub(super) project: String,
    pub(super) target: String,
    /// Models, each after those that it reads, and before them the sources that these read.
    pub(super) nodes: Vec<Node>,
    /// How many tests have come to what.
    pub(super) tests: BTreeMap<String, usize>,
}

/// A model or source.
#[derive(Debug, Default, Serialize)]
pub(super) struct Node {
    /// As SQL has it: `mart_rfm`, `source.orders`.
    pub(super) name: String,
    pub(super) kind: String,
    /// The folder of its file, which is its layer.
    pub(super) layer: String,
    pub(super) path: String,
    pub(super) description: String,
    pub(super) grain: Option<String>,
    pub(super) key: Vec<String>,
    pub(super) tags: Vec<String>,
    pub(super) columns: Vec<Column>,
    /// Tests of no column.
    pub(super) tests: Vec<Tested>,
    pub(super) reads: Vec<String>,
    pub(super) read_by: Vec<String>,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) sql: Option<String>,
    pub(super) rows: Option<u64>,
    /// None of what is not built.
    pub(super) built_at: Option<String>,
    /// The worst that its tests have come to.
    pub(super) status: Option<String>,
}

/// A column.
#[derive(Debug, Default, Serialize)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) data_type: Option<String>,
    pub(super) description: String,
    pub(super) tests: Vec<Tested>,
}

/// A test and what it has found last.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Tested {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) status: String,
    pub(super) failures: Option<i64>,
    pub(super) message: Option<String>,
}

/// What became of a test: its status, wrong rows and message.
type Found = (String, Option<i64>, Option<String>);

/// Gathers it for some models and the sources that they read.
pub(super) async fn gather(
    engine: &Engine,
    project: &Project,
    models: &[&Model],
) -> Result<Gathered, CliError> {
    let session = engine.session();
    let built = project.in_warehouse().await?;
    let results = last_results(&session).await?;
    let declared = declared_sources(project.folder())?;
    let mut tests: BTreeMap<String, Vec<(Option<String>, Tested)>> = BTreeMap::new();
    for test in project.tests() {
        for subject in project.looked_at(test) {
            let told = (test.column.clone(), tested(test, &results));
            tests.entry(subject.to_string()).or_default().push(told);
        }
    }
    let reads: Vec<_> = models.iter().map(|model| project.reads(model)).collect();
    let sources: BTreeSet<_> = reads.iter().flat_map(|reads| &reads.sources).collect();
    let mut nodes = Vec::with_capacity(sources.len() + models.len());
    for name in sources {
        let full = format!("source.{name}");
        let mut node = of_source(&full, declared.get(name));
        node.types(&session).await;
        node.tested(tests.remove(&full).unwrap_or_default());
        nodes.push(node);
    }
    for (model, reads) in models.iter().zip(&reads) {
        let mut node = of_model(model);
        let sources = reads.sources.iter().map(|name| format!("source.{name}"));
        node.reads = sources.chain(reads.models.iter().cloned()).collect();
        if let Some(compiled) = project.compile(model)? {
            (node.sql, node.variables) = (Some(compiled.sql), compiled.variables);
        }
        if let Some(built) = built.get(&model.name) {
            (node.rows, node.built_at) = (built.rows, Some(built.built_at.clone()));
            node.types(&session).await;
        }
        node.tested(tests.remove(&model.name).unwrap_or_default());
        nodes.push(node);
    }
    let links: Vec<_> = nodes
        .iter()
        .flat_map(|node| {
            node.reads
                .iter()
                .map(|read| (read.clone(), node.name.clone()))
        })
        .collect();
    for node in &mut nodes {
        let readers = links.iter().filter(|(read, _)| *read == node.name);
        node.read_by = readers.map(|(_, reader)| reader.clone()).collect();
    }
    // A query that looks at several of them is one test.
    let of_nodes = nodes.iter().flat_map(Node::all_tests);
    let statuses: BTreeMap<&str, &str> = of_nodes
        .map(|test| (test.name.as_str(), test.status.as_str()))
        .collect();
    let mut counts = BTreeMap::new();
    for status in statuses.into_values() {
        *counts.entry(status.to_owned()).or_default() += 1;
    }
    Ok(Gathered {
        project: project.name().to_owned(),
        target: project.target().to_owned(),
        nodes,
        tests: counts,
    })
}

fn of_source(full: &str, declared: Option<&Source>) -> Node {
    let mut node = Node {
        name: full.to_owned(),
        kind: "source".to_owned(),
        layer: "sources".to_owned(),
        ..Node::default()
    };
    if let Some(source) = declared {
        node.description.clone_from(&source.description);
        let columns = source.columns.iter().map(|column| Column {
            name: column.name.clone(),
            description: column.description.clone(),
            ..Column::default()
        });
        node.columns = columns.collect();
    }
    node
}

fn of_model(model: &Model) -> Node {
    let properties = &model.properties;
    let layer = model.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let columns = properties.columns.iter().map(|column| Column {
        name: column.name.clone(),
        description: column.description.clone(),
        ..Column::default()
    });
    Node {
        name: model.name.clone(),
        kind: model.kind.word().to_owned(),
        layer: layer.to_owned(),
        path: model.path.clone(),
        description: properties.description.clone(),
        grain: properties.grain.clone(),
        key: properties.key.clone(),
        tags: properties.tags.clone(),
        columns: columns.collect(),
        ..Node::default()
    }
}

impl Node {
    /// Takes the types of the columns from the relation, and such as no file describes. What cannot be
    /// opened has none.
    async fn types(&mut self, session: &Session) {
        let name = self.name.replace('.', "\".\"");
        let Ok(stream) = session
            .sql(&format!("SELECT * FROM \"{name}\" LIMIT 0"))
            .await
        else {
            return;
        };
        for field in stream.schema().fields() {
            let data_type = Some(sql_type(field.data_type()));
            match self
                .columns
                .iter_mut()
                .find(|column| column.name == *field.name())
            {
                Some(column) => column.data_type = data_type,
                None => self.columns.push(Column {
                    name: field.name().clone(),
                    data_type,
                    ..Column::default()
                }),
            }
        }
    }

    fn all_tests(&self) -> impl Iterator<Item = &Tested> {
        let of_columns = self.columns.iter().flat_map(|column| &column.tests);
        self.tests.iter().chain(of_columns)
    }

    fn tested(&mut self, tests: Vec<(Option<String>, Tested)>) {
        const FROM_BAD_TO_GOOD: [&str; 4] = ["error", "failed", "warned", "passed"];
        let has = |status: &&str| tests.iter().any(|(_, test)| test.status == *status);
        self.status = FROM_BAD_TO_GOOD.into_iter().find(has).map(str::to_owned);
        for (column, test) in tests {
            let named = self
                .columns
                .iter_mut()
                .find(|own| Some(&own.name) == column.as_ref());
            named
                .map_or(&mut self.tests, |column| &mut column.tests)
                .push(test);
        }
    }
}

fn tested(test: &Test, results: &BTreeMap<String, Found>) -> Tested {
    let (status, failures, message) = results
        .get(&test.name)
        .cloned()
        .unwrap_or_else(|| ("not run".to_owned(), None, None));
    Tested {
        name: test.name.clone(),
        kind: test.kind().to_owned(),
        status,
        failures,
        message,
    }
}

async fn last_results(session: &Session) -> Result<BTreeMap<String, Found>, CliError> {
    let stream = session.sql(RESULTS).await?;
    let batches: Vec<RecordBatch> = stream.collect().await?;
    let mut results = BTreeMap::new();
    for batch in &batches {
        let text = |column: usize| batch.column(column).as_string::<i32>();
        let failures = batch.column(2).as_primitive::<Int64Type>();
        let rows = text(0).iter().zip(text(1)).zip(failures).zip(text(3));
        for (((test, status), failures), message) in rows {
            if let (Some(test), Some(status)) = (test, status) {
                let result = (status.to_owned(), failures, message.map(str::to_owned));
                results.insert(test.to_owned(), result);
            }
        }
    }
    Ok(results)
}
