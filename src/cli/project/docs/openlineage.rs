//! Models as OpenLineage's events, one a line: what each job reads, and what columns it makes.

use serde_json::{Value, json};

use super::gather::{Gathered, Node};

/// Who says it, and by which versions of the specification.
const PRODUCER: &str = concat!(
    "https://github.com/cohortql/cohortql/tree/v",
    env!("CARGO_PKG_VERSION")
);
const EVENT: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/JobEvent";
const SCHEMA: &str = "https://openlineage.io/spec/facets/1-1-1/SchemaDatasetFacet.json";
const DATASET: &str = "https://openlineage.io/spec/facets/1-0-1/DocumentationDatasetFacet.json";
const JOB: &str = "https://openlineage.io/spec/facets/1-0-1/DocumentationJobFacet.json";
const SQL: &str = "https://openlineage.io/spec/facets/1-0-1/SQLJobFacet.json";
const KIND: &str = "https://openlineage.io/spec/facets/2-0-3/JobTypeJobFacet.json";

/// What stands in the place of a time where nothing was built.
const NEVER: &str = "1970-01-01T00:00:00Z";

/// The events of all models.
pub(super) fn events(gathered: &Gathered) -> String {
    let space = format!("cohortql://{}/{}", gathered.project, gathered.target);
    let find = |name: &String| gathered.nodes.iter().find(|node| node.name == *name);
    let models = gathered.nodes.iter().filter(|node| node.kind != "source");
    let mut text = String::new();
    for node in models {
        let inputs: Vec<_> = node.reads.iter().filter_map(find).collect();
        let inputs: Vec<Value> = inputs
            .into_iter()
            .map(|node| dataset(node, &space))
            .collect();
        let mut facets = json!({
            "documentation": { "_producer": PRODUCER, "_schemaURL": JOB, "description": node.description },
            "jobType": {
                "_producer": PRODUCER,
                "_schemaURL": KIND,
                "processingType": "BATCH",
                "integration": "COHORTQL",
                "jobType": "MODEL",
            },
        });
        if let Some(sql) = &node.sql {
            facets["sql"] = json!({ "_producer": PRODUCER, "_schemaURL": SQL, "query": sql });
        }
        let event = json!({
            "eventTime": node.built_at.as_deref().unwrap_or(NEVER),
            "producer": PRODUCER,
            "schemaURL": EVENT,
            "job": { "namespace": space, "name": node.name, "facets": facets },
            "inputs": inputs,
            "outputs": [dataset(node, &space)],
        });
        text += &format!("{event}\n");
    }
    text
}

fn dataset(node: &Node, space: &str) -> Value {
    let columns = node.columns.iter().map(|column| {
        let mut field = json!({ "name": column.name, "description": column.description });
        if let Some(data_type) = &column.data_type {
            field["type"] = json!(data_type);
        }
        field
    });
    let columns: Vec<Value> = columns.collect();
    json!({
        "namespace": space,
        "name": node.name,
        "facets": {
            "schema": { "_producer": PRODUCER, "_schemaURL": SCHEMA, "fields": columns },
            "documentation": { "_producer": PRODUCER, "_schemaURL": DATASET, "description": node.description },
        },
    })
}
