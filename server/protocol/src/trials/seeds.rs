//! What fuzzing starts from: valid input of every kind. With `UPDATE_CORPUS=1` the test writes it
//! below `fuzz/corpus/`.

use std::fs;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, DictionaryArray, Int32Array, RecordBatch, RunArray, StringArray, StringViewArray,
};
use arrow::datatypes::{Int8Type, Int32Type, Schema};
use arrow_flight::sql::{
    ActionBeginSavepointRequest, ActionBeginTransactionRequest, ActionCancelQueryRequest,
    ActionClosePreparedStatementRequest, ActionCreatePreparedStatementRequest,
    ActionCreatePreparedSubstraitPlanRequest, ActionEndSavepointRequest,
    ActionEndTransactionRequest, CommandGetCatalogs, CommandGetCrossReference, CommandGetDbSchemas,
    CommandGetExportedKeys, CommandGetImportedKeys, CommandGetPrimaryKeys, CommandGetSqlInfo,
    CommandGetTableTypes, CommandGetTables, CommandGetXdbcTypeInfo, CommandPreparedStatementQuery,
    CommandPreparedStatementUpdate, CommandStatementIngest, CommandStatementQuery,
    CommandStatementSubstraitPlan, CommandStatementUpdate, ProstMessageExt, TicketStatementQuery,
};
use arrow_ipc::CompressionType;
use cohortql_proto::ticket::v1::{Claims, Purpose};
use prost::Message;

use super::TRIALS;
use super::arrays::batch;
use super::input::Input;
use super::replay::corpus;
use super::sent::messages;
use super::streams::packed;

#[test]
fn every_seed_passes() {
    for (name, trial) in TRIALS {
        for (at, seed) in seeds(name).into_iter().enumerate() {
            if std::env::var_os("UPDATE_CORPUS").is_some() {
                let folder = corpus(name);
                fs::create_dir_all(&folder).unwrap();
                fs::write(folder.join(format!("seed-{at:02}")), &seed).unwrap();
            }
            trial(&seed);
        }
    }
}

fn seeds(trial: &str) -> Vec<Vec<u8>> {
    match trial {
        "tickets" => tickets(),
        "commands" => commands(),
        "placeholders" => placeholders(),
        "streams" => streams(),
        _ => (0..12).map(drawn).collect(),
    }
}

/// Bytes that look drawn by chance and are the same each time.
fn drawn(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut draw = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..600).map(|_| draw()).collect()
}

fn tickets() -> Vec<Vec<u8>> {
    let claims = Claims {
        purpose: Purpose::Result.into(),
        principal: "ada".to_owned(),
        session_id: "s".to_owned(),
        expires_unix_millis: 1_700_000_000_000,
        subject: None,
        traceparent: String::new(),
    };
    let mut seeds = vec![Vec::new(), claims.encode_to_vec()];
    seeds.extend((0..6).map(drawn));
    seeds
}

fn placeholders() -> Vec<Vec<u8>> {
    [
        "SELECT ?, a FROM t WHERE b=?\n  AND c IN (?,?)",
        "SELECT 'it''s ?', \"odd?\", `odd?`, $$ ? $$, $t$ ? $t$, E'a\\'?', ?",
        "-- why?\nSELECT ? /* why? /* nested? */ ? */",
        "a @? b AND c = ? AND d @@? e",
        "?||?-1,-?,(?)::int LIMIT?OFFSET??",
        "SELECT ?2, ?1",
        "SELECT $2, $1",
        "SELECT 'žluťoučký 😀?',\r\n ? AS \"é?\", ?",
        "SELECT '?",
    ]
    .map(|sql| sql.as_bytes().to_vec())
    .into()
}

fn commands() -> Vec<Vec<u8>> {
    let text = || Some("main".to_owned());
    fn any(message: impl ProstMessageExt) -> Vec<u8> {
        message.as_any().encode_to_vec()
    }
    vec![
        any(CommandGetCatalogs {}),
        any(CommandGetDbSchemas {
            catalog: text(),
            db_schema_filter_pattern: text(),
        }),
        any(CommandGetTables {
            catalog: text(),
            db_schema_filter_pattern: text(),
            table_name_filter_pattern: text(),
            table_types: vec!["TABLE".to_owned()],
            include_schema: true,
        }),
        any(CommandGetTableTypes {}),
        any(CommandGetPrimaryKeys {
            catalog: text(),
            db_schema: text(),
            table: "t".to_owned(),
        }),
        any(CommandGetExportedKeys {
            catalog: text(),
            db_schema: None,
            table: "t".to_owned(),
        }),
        any(CommandGetImportedKeys {
            catalog: text(),
            db_schema: None,
            table: "t".to_owned(),
        }),
        any(CommandGetCrossReference::default()),
        any(CommandGetXdbcTypeInfo { data_type: Some(4) }),
        any(CommandGetSqlInfo {
            info: vec![0, 8, 500],
        }),
        any(CommandStatementQuery {
            query: "SELECT 1".to_owned(),
            transaction_id: None,
        }),
        any(CommandStatementUpdate {
            query: "DROP".to_owned(),
            transaction_id: None,
        }),
        any(CommandStatementSubstraitPlan::default()),
        any(CommandStatementIngest {
            table: "t".to_owned(),
            ..Default::default()
        }),
        any(CommandPreparedStatementQuery {
            prepared_statement_handle: "h".into(),
        }),
        any(CommandPreparedStatementUpdate {
            prepared_statement_handle: "h".into(),
        }),
        any(TicketStatementQuery {
            statement_handle: "h".into(),
        }),
        any(ActionCreatePreparedStatementRequest::default()),
        any(ActionCreatePreparedSubstraitPlanRequest::default()),
        any(ActionClosePreparedStatementRequest {
            prepared_statement_handle: "h".into(),
        }),
        any(ActionBeginTransactionRequest {}),
        any(ActionBeginSavepointRequest::default()),
        any(ActionEndTransactionRequest::default()),
        any(ActionEndSavepointRequest::default()),
        any(ActionCancelQueryRequest::default()),
        Vec::new(),
    ]
}

/// Streams of drawn batches, plain and compressed, in order and out of it.
fn streams() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = (0..40)
        .filter_map(|seed| batch(&mut Input::new(&drawn(seed))))
        .filter(|batch| batch.num_rows() > 0)
        .take(8)
        .map(|batch| packed(&messages(&batch, None)))
        .collect();
    for compression in [
        None,
        Some(CompressionType::LZ4_FRAME),
        Some(CompressionType::ZSTD),
    ] {
        let mut sent = messages(&columns(), compression);
        seeds.push(packed(&sent));
        sent.reverse();
        seeds.push(packed(&sent));
    }
    let empty = RecordBatch::new_empty(Arc::new(Schema::empty()));
    seeds.push(packed(&messages(&empty, None)));
    seeds.push(Vec::new());
    seeds
}

/// Columns of the types that are read in ways of their own.
fn columns() -> RecordBatch {
    let long = "a text that is longer than what fits into a view";
    let texts = StringArray::from(vec![Some(long); 40]);
    let keys = arrow::array::Int8Array::from_iter_values((0..40).map(|row| row % 3));
    let words: ArrayRef = Arc::new(StringArray::from(vec!["x", "y", "z"]));
    let words = DictionaryArray::<Int8Type>::new(keys, words);
    let ends = Int32Array::from(vec![10, 40]);
    let runs = RunArray::<Int32Type>::try_new(&ends, &StringArray::from(vec!["p", "q"])).unwrap();
    RecordBatch::try_from_iter([
        (
            "number",
            Arc::new(Int32Array::from(vec![Some(1); 40])) as ArrayRef,
        ),
        ("view", Arc::new(StringViewArray::from(&texts))),
        ("text", Arc::new(texts)),
        ("word", Arc::new(words)),
        ("run", Arc::new(runs)),
    ])
    .unwrap()
}
