//! Reading CSV where DataFusion's own reader falls short: texts that stand for
//! NULL, and errors that name line and column.

use std::sync::Arc;

use arrow::csv::ReaderBuilder;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use datafusion::common::config::CsvOptions;
use datafusion::datasource::file_format::csv::CsvDecoder;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{
    FileOpenFuture, FileOpener, FileScanConfig, FileSource,
};
use datafusion::datasource::projection::{ProjectionOpener, SplitProjection};
use datafusion::error::{DataFusionError, Result};
use datafusion_datasource::boundary_stream::AlignedBoundaryStream;
use datafusion_datasource::decoder::{DecoderDeserializer, deserialize_stream};
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::{GetResultPayload, ObjectStore, ObjectStoreExt};
use regex::Regex;

use crate::formats::files::named::OpenFiles;
use crate::formats::message;

/// How the files are written.
#[derive(Debug)]
pub(super) struct CsvReader {
    options: CsvOptions,
    nulls: Option<Regex>,
}

impl CsvReader {
    pub(super) fn new(options: CsvOptions, nulls: Option<Regex>) -> Self {
        Self { options, nulls }
    }
}

impl OpenFiles for CsvReader {
    fn opener(
        &self,
        source: &dyn FileSource,
        store: Arc<dyn ObjectStore>,
        config: &FileScanConfig,
        batch_size: usize,
    ) -> Result<Option<Arc<dyn FileOpener>>> {
        let Some(nulls) = &self.nulls else {
            return Ok(None);
        };
        let table_schema = source.table_schema();
        let split = match source.projection() {
            Some(projection) => SplitProjection::new(table_schema.file_schema(), projection),
            None => SplitProjection::unprojected(table_schema),
        };
        let opener = NullAwareOpener {
            schema: Arc::clone(table_schema.file_schema()),
            options: self.options.clone(),
            nulls: nulls.clone(),
            columns: split.file_indices.clone(),
            batch_size,
            compression: config.file_compression_type,
            store,
        };
        ProjectionOpener::try_new(split, Arc::new(opener), table_schema.file_schema()).map(Some)
    }

    fn explain(&self, error: &DataFusionError, schema: &SchemaRef, whole: bool) -> Option<String> {
        let DataFusionError::ArrowError(arrow, _) = error.find_root() else {
            return None;
        };
        match arrow.as_ref() {
            ArrowError::ParseError(text) => wrong_type(text, schema, whole),
            ArrowError::CsvError(text) => wrong_width(text, whole, &self.options),
            _ => None,
        }
        .or_else(|| match arrow.as_ref() {
            ArrowError::ParseError(_) | ArrowError::CsvError(_) => Some(message::plain(error)),
            _ => None,
        })
    }
}

/// `Error while parsing value 'x' as type 'Int64' for column 1 at line 5. Row data: …`
fn wrong_type(text: &str, schema: &SchemaRef, whole: bool) -> Option<String> {
    let rest = text.strip_prefix("Error while parsing value '")?;
    let (value, rest) = rest.split_once("' as type '")?;
    let (_, rest) = rest.split_once("' for column ")?;
    let (column, rest) = rest.split_once(" at line ")?;
    let (line, _) = rest.split_once(". Row data")?;
    let field = schema.fields().get(column.parse::<usize>().ok()?)?;
    let value: String = value.chars().take(60).collect();
    // The reader counts these lines from 0.
    let line = line.parse::<u64>().ok()? + 1;
    Some(format!(
        "{}column \"{}\" must be {}, got \"{value}\"; declare the column's type, list the text under \
         null_values, or raise schema_infer_max_rec",
        at(&line.to_string(), whole),
        field.name(),
        field.data_type()
    ))
}

/// `incorrect number of fields for line 3, expected 2 got 1`
pub(super) fn wrong_width(text: &str, whole: bool, options: &CsvOptions) -> Option<String> {
    let rest = text.strip_prefix("incorrect number of fields for line ")?;
    let (line, rest) = rest.split_once(", expected ")?;
    let (expected, got) = rest.split_once(" got ")?;
    let hint = match options.newlines_in_values {
        Some(false) => "; if values hold line breaks leave out newlines_in_values => false",
        _ => "; if rows are cut short set truncated_rows",
    };
    Some(format!(
        "{}expected {expected} fields, got {got}{hint}",
        at(line, whole)
    ))
}

/// Lines are counted from the start of what was read, which is only for the
/// first part of a file the file's own count.
fn at(line: &str, whole: bool) -> String {
    if whole {
        format!("line {line}: ")
    } else {
        String::new()
    }
}

struct NullAwareOpener {
    schema: SchemaRef,
    options: CsvOptions,
    nulls: Regex,
    columns: Vec<usize>,
    batch_size: usize,
    compression: FileCompressionType,
    store: Arc<dyn ObjectStore>,
}

impl NullAwareOpener {
    fn builder(&self, header: bool) -> ReaderBuilder {
        let mut builder = ReaderBuilder::new(Arc::clone(&self.schema))
            .with_header(header && self.options.has_header.unwrap_or(true))
            .with_delimiter(self.options.delimiter)
            .with_quote(self.options.quote)
            .with_batch_size(self.batch_size)
            .with_truncated_rows(self.options.truncated_rows.unwrap_or(false))
            .with_null_regex(self.nulls.clone())
            .with_projection(self.columns.clone());
        if let Some(escape) = self.options.escape {
            builder = builder.with_escape(escape);
        }
        if let Some(comment) = self.options.comment {
            builder = builder.with_comment(comment);
        }
        builder
    }
}

impl FileOpener for NullAwareOpener {
    fn open(&self, file: PartitionedFile) -> Result<FileOpenFuture> {
        let first = file.range.as_ref().is_none_or(|range| range.start == 0);
        let builder = self.builder(first);
        let compression = self.compression;
        let store = Arc::clone(&self.store);
        Ok(async move {
            let path = file.object_meta.location;
            let bytes = match file.range {
                Some(range) => {
                    let (start, end) = (range.start.max(0) as u64, range.end.max(0) as u64);
                    AlignedBoundaryStream::new(
                        store,
                        path,
                        start,
                        end,
                        file.object_meta.size,
                        b'\n',
                    )
                    .await?
                    .map_err(DataFusionError::from)
                    .boxed()
                }
                None => match store.get(&path).await?.payload {
                    GetResultPayload::File(file, _) => {
                        let reader = builder.build(compression.convert_read(file)?)?;
                        return Ok(futures::stream::iter(reader).map_err(Into::into).boxed());
                    }
                    GetResultPayload::Stream(stream) => {
                        stream.map_err(DataFusionError::from).boxed()
                    }
                },
            };
            let input = compression.convert_stream(bytes)?.fuse();
            let decoder = DecoderDeserializer::new(CsvDecoder::new(builder.build_decoder()));
            Ok(deserialize_stream(input, decoder)
                .map_err(Into::into)
                .boxed())
        }
        .boxed())
    }
}
