//! JSON: one object a line.
//!
//! A value is given as its text, lists and objects as JSON, so that a column's type decides what it
//! must be. A line that is no object, or has an attribute which the first lines do not have, is given
//! by itself.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::json::reader::infer_json_schema_from_iterator;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::lines::{Batch, Bounded, Taken, together};
use super::{Nulls, Opened, Sender, rows_of};
use crate::formats::{Chunks, DataFile, FileSet, read_apart};
use crate::load::came::Broken;
use crate::{EngineError, Session};

/// Files that are looked into for the columns and their types, and lines of each.
const SAMPLE_FILES: usize = 64;
const SAMPLE_ROWS: usize = 10_000;

/// Opens files of JSON.
pub(super) async fn open(
    session: &Session,
    name: &str,
    set: FileSet,
    fingerprint: String,
) -> Result<Opened, EngineError> {
    let columns = columns(&set).await?;
    if columns.fields().is_empty() {
        return Err(EngineError::Execution {
            message: format!(
                "{name:?} holds no JSON object with attributes in its first lines: expected one a line; \
                 for files of one array give --option newline_delimited=false"
            ),
        });
    }
    let all = Arc::clone(&columns);
    let rows = rows_of(session, move |sender| async move {
        for file in &set.files {
            let origin = set.name(file);
            let (sender, all) = (sender.clone(), Arc::clone(&all));
            let reading = move |bytes| read(&origin, &all, bytes, &sender);
            if !read_apart(&set.store, file, reading).await?? {
                break;
            }
        }
        Ok(())
    });
    Ok(Opened {
        name: name.to_owned(),
        columns,
        is_typed: false,
        nulls: Nulls::None,
        fingerprint: Some(fingerprint),
        rows,
    })
}

/// The attributes of the first lines, and the types that they seem to have.
async fn columns(set: &FileSet) -> Result<SchemaRef, EngineError> {
    let mut found = Vec::new();
    for file in set.files.iter().take(SAMPLE_FILES) {
        found.push(sampled(set, file).await?);
    }
    Ok(together(&found))
}

async fn sampled(set: &FileSet, file: &DataFile) -> Result<Schema, EngineError> {
    let origin = set.name(file);
    let sampling = move |bytes: Chunks| {
        let mut lines = Lines::new(&origin, bytes);
        let mut objects = Vec::new();
        while objects.len() < SAMPLE_ROWS
            && let Some(line) = lines.next()?
        {
            if let Ok(object @ Value::Object(_)) = serde_json::from_slice(line) {
                objects.push(object);
            }
        }
        infer(&objects)
    };
    read_apart(&set.store, file, sampling).await?
}

/// The types of attributes. One whose values agree on none is text.
fn infer(objects: &[Value]) -> Result<Schema, EngineError> {
    let all = objects.iter().map(Ok::<_, ArrowError>);
    if let Ok(schema) = infer_json_schema_from_iterator(all) {
        return Ok(schema);
    }
    let mut names: Vec<&String> = Vec::new();
    for name in objects
        .iter()
        .filter_map(Value::as_object)
        .flat_map(Map::keys)
    {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let fields = names.into_iter().map(|name| {
        let of_one = objects.iter().filter_map(|object| {
            let value = object.get(name)?.clone();
            Some(Ok::<_, ArrowError>(Value::Object(Map::from_iter([(
                name.clone(),
                value,
            )]))))
        });
        let found = infer_json_schema_from_iterator(of_one).ok();
        let data_type = found.and_then(|found| Some(found.fields().first()?.data_type().clone()));
        Field::new(name, data_type.unwrap_or(DataType::Utf8), true)
    });
    Ok(Schema::new(fields.collect::<Vec<_>>()))
}

/// The lines of one file that are not blank.
struct Lines {
    origin: String,
    reader: BufReader<Bounded<Chunks>>,
    taken: Taken,
    line: Vec<u8>,
    number: u64,
}

impl Lines {
    fn new(origin: &str, bytes: Chunks) -> Self {
        let (bytes, taken) = Bounded::new(bytes, None);
        Self {
            origin: origin.to_owned(),
            reader: BufReader::new(bytes),
            taken,
            line: Vec::new(),
            number: 0,
        }
    }

    fn next(&mut self) -> Result<Option<&[u8]>, EngineError> {
        loop {
            self.line.clear();
            let read = self.reader.read_until(b'\n', &mut self.line);
            let read = read.map_err(|error| EngineError::Execution {
                message: format!("cannot read {:?}: {error}", self.origin),
            })?;
            if read == 0 {
                return Ok(None);
            }
            self.taken.row();
            self.number += 1;
            if self.number == 1 && self.line.starts_with(b"\xef\xbb\xbf") {
                self.line.drain(..3);
            }
            if !self.line.trim_ascii().is_empty() {
                return Ok(Some(self.line.trim_ascii()));
            }
        }
    }
}

/// Puts the rows of a file into the channel; false when nobody wants more.
fn read(
    origin: &str,
    columns: &SchemaRef,
    bytes: Chunks,
    sender: &Sender,
) -> Result<bool, EngineError> {
    let mut lines = Lines::new(origin, bytes);
    let names = columns.fields().iter().map(|field| field.name());
    let mut batch = Batch::new(origin, names);
    while let Some(line) = lines.next()? {
        let line = line.to_vec();
        add(&mut batch, lines.number, &line);
        if batch.is_full() && sender.blocking_send(Ok(batch.take()?)).is_err() {
            return Ok(false);
        }
    }
    Ok(sender.blocking_send(Ok(batch.take()?)).is_ok())
}

/// Adds the attributes of a line, or the line itself where they are none.
fn add(batch: &mut Batch, number: u64, line: &[u8]) {
    let columns = batch.columns();
    let unknown = |found: &BTreeMap<String, &str>| {
        let mut names = found.keys();
        names
            .find(|name| columns.column_with_name(name).is_none())
            .map(|name| format!("has an attribute {name:?} that the first lines lack"))
    };
    let problem = match attributes(line) {
        Ok((text, found)) => match unknown(&found) {
            None => {
                let cells = columns.fields().iter();
                let cells = cells.map(|field| found.get(field.name()).and_then(|raw| cell(raw)));
                batch.add(number, cells, Some(text.to_owned()));
                return;
            }
            Some(problem) => problem,
        },
        Err(problem) => problem,
    };
    // What is no JSON is kept as a text of JSON's.
    let text = String::from_utf8_lossy(line);
    let raw = match serde_json::from_str::<IgnoredAny>(&text) {
        Ok(_) => text.into_owned(),
        Err(_) => Value::from(text).to_string(),
    };
    batch.add_broken(Broken {
        number,
        raw,
        problem,
    });
}

/// The attributes of an object, each as it stands there: numbers keep all their digits.
fn attributes(line: &[u8]) -> Result<(&str, BTreeMap<String, &str>), String> {
    let text = str::from_utf8(line).map_err(|_| "is not UTF-8".to_owned())?;
    let not_json = |error: serde_json::Error| format!("is not JSON: {error}");
    serde_json::from_str::<IgnoredAny>(text).map_err(not_json)?;
    let inner = text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'));
    let inner = inner.ok_or_else(|| "is no JSON object".to_owned())?;
    let mut found = BTreeMap::new();
    for (name, value) in members(inner) {
        let name = serde_json::from_str(name).map_err(not_json)?;
        found.insert(name, value);
    }
    Ok((text, found))
}

/// Names and values of what stands between the braces of an object.
fn members(inner: &str) -> Vec<(&str, &str)> {
    let mut members = Vec::new();
    let (mut depth, mut is_quoted, mut is_escaped) = (0_usize, false, false);
    let (mut from, mut colon) = (0, None);
    let mut add = |from: usize, colon: Option<usize>, to: usize| {
        if let Some(colon) = colon {
            members.push((inner[from..colon].trim(), inner[colon + 1..to].trim()));
        }
    };
    for (place, byte) in inner.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b':' if depth == 0 => colon = Some(place),
            b',' if depth == 0 => {
                add(from, colon.take(), place);
                from = place + 1;
            }
            _ => {}
        }
    }
    add(from, colon, inner.len());
    members
}

/// The text of a value.
fn cell(raw: &str) -> Option<Cow<'_, str>> {
    match raw {
        "null" => None,
        quoted if quoted.starts_with('"') => serde_json::from_str(quoted).ok().map(Cow::Owned),
        other => Some(Cow::Borrowed(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_what_stands_there() {
        let line =
            r#"{ "a" : 12345678901234567.890, "b:\",": "x,\"}", "c": [1, {"d": "]"}],"e":null}"#;
        let (_, found) = attributes(line.as_bytes()).unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|(name, raw)| (name.as_str(), cell(raw)))
            .collect();
        let expected = [
            ("a", Some("12345678901234567.890".into())),
            ("b:\",", Some("x,\"}".into())),
            ("c", Some("[1, {\"d\": \"]\"}]".into())),
            ("e", None),
        ];
        assert_eq!(found, expected);
        assert_eq!(attributes(b"{}").unwrap().1.len(), 0);
        for (line, expected) in [
            (&b"[1]"[..], "is no JSON object"),
            (b"{\"a\":}", "is not JSON"),
            (b"\xff", "is not UTF-8"),
        ] {
            let error = attributes(line).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
