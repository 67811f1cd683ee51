//! CSV as it stands in the file, for who looks at each row by itself.

use std::io::Read;

use arrow::datatypes::Schema;
use csv::{ByteRecord, Reader, ReaderBuilder, WriterBuilder};
use datafusion::error::{DataFusionError, Result};
use regex::Regex;

use super::{CsvFiles, SAMPLE_ROWS};
use crate::formats::TableDefinition;

/// How the files of a table are written.
#[derive(Debug)]
pub(crate) struct RawCsv(CsvFiles);

impl RawCsv {
    /// Files as a definition has them.
    ///
    /// # Errors
    /// When an option is wrong.
    pub(crate) fn of(definition: &TableDefinition) -> Result<Self> {
        CsvFiles::of(definition).map(Self)
    }

    /// The texts that stand for NULL besides the empty one.
    pub(crate) fn nulls(&self) -> Option<&Regex> {
        self.0.nulls.as_ref()
    }

    /// Whether the first line names the columns.
    pub(crate) fn has_header(&self) -> bool {
        self.0.header
    }

    /// The character around values, where it is escaped by another of its own.
    pub(crate) fn quote(&self) -> Option<u8> {
        let options = &self.0.options;
        options.escape.is_none().then_some(options.quote)
    }

    /// Whether short rows are filled with NULL.
    pub(crate) fn fills_short_rows(&self) -> bool {
        self.0.options.truncated_rows == Some(true)
    }

    /// How many rows tell the types.
    pub(crate) fn sample(&self) -> usize {
        let options = &self.0.options;
        options.schema_infer_max_rec.unwrap_or(SAMPLE_ROWS)
    }

    /// All lines, the header among them, whatever their length.
    pub(crate) fn reader<R: Read>(&self, bytes: R) -> Reader<R> {
        let options = &self.0.options;
        ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(options.delimiter)
            .quote(options.quote)
            .escape(options.escape)
            .double_quote(options.escape.is_none())
            .comment(options.comment)
            .from_reader(bytes)
    }

    /// The columns of some rows below a header, which are as long as that.
    pub(crate) fn infer(&self, header: &[String], rows: &[ByteRecord]) -> Result<Schema> {
        let options = &self.0.options;
        let mut writer = WriterBuilder::new()
            .delimiter(options.delimiter)
            .quote(options.quote)
            .from_writer(Vec::new());
        let failed = |error: csv::Error| DataFusionError::External(error.into());
        writer.write_record(header).map_err(failed)?;
        for row in rows {
            writer.write_byte_record(row).map_err(failed)?;
        }
        let text = writer
            .into_inner()
            .map_err(|error| DataFusionError::External(error.to_string().into()))?;
        let format = self.0.arrow_format().with_header(true);
        let (schema, _) = format.infer_schema(text.as_slice(), Some(self.sample()))?;
        Ok(schema)
    }
}
