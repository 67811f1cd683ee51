//! CSV files, plain or compressed. Columns are found by position; every file's
//! header is compared with the table's, so that a changed order is an error
//! and not wrong rows.

mod infer;
mod raw;
mod reader;

use std::sync::Arc;

use arrow::csv::reader::Format;
use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::config::CsvOptions;
use datafusion::common::{exec_err, plan_err};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::datasource::physical_plan::{FileScanConfig, FileScanConfigBuilder};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::{DataFusionError, Result};
use datafusion::physical_plan::ExecutionPlan;
use object_store::ObjectStore;
use regex::Regex;

pub(crate) use self::raw::RawCsv;
use self::reader::CsvReader;
use super::files::listing::DataFile;
use super::files::named::NamedSource;
use super::files::{self, FileKind};
use super::{OptionHelp, TableDefinition, TableFormat, TableOptions, classify};

/// Rows read to find the types of columns, unless told otherwise.
const SAMPLE_ROWS: usize = 10_000;

/// The format.
#[derive(Debug)]
pub(crate) struct Csv;

#[async_trait]
impl TableFormat for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["tsv"]
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["csv", "tsv"]
    }

    fn options(&self) -> &'static [OptionHelp] {
        &[
            (
                "compression",
                "gzip, zstd or none, for files whose extension does not say",
            ),
            ("comment", "a character that begins lines to skip"),
            (
                "delimiter",
                "the character between values; default ',', and tab for .tsv",
            ),
            (
                "escape",
                "the character that escapes quotes; default: doubled quotes",
            ),
            ("has_header", "the same as header"),
            (
                "header",
                "whether the first line names the columns; default true",
            ),
            (
                "newlines_in_values",
                "whether quoted values may hold line breaks; default true; without them a large file is read in parts at once",
            ),
            (
                "null_values",
                "texts that stand for NULL besides the empty one, separated by commas",
            ),
            ("quote", "the character around values; default '\"'"),
            (
                "schema_infer_max_rec",
                "rows read to find the types; 0 makes all columns text",
            ),
            (
                "truncated_rows",
                "whether short rows are filled with NULL; default false",
            ),
        ]
    }

    async fn open(
        &self,
        session: &dyn Session,
        definition: &TableDefinition,
    ) -> Result<Arc<dyn TableProvider>> {
        let kind = CsvFiles::of(definition)?;
        files::open(session, definition, &Self, Arc::new(kind)).await
    }
}

/// How the files of one table are written.
#[derive(Debug)]
struct CsvFiles {
    options: CsvOptions,
    header: bool,
    nulls: Option<Regex>,
    /// Whether the columns were declared, and may have other names than in the files.
    declared: bool,
}

impl CsvFiles {
    fn of(definition: &TableDefinition) -> Result<Self> {
        let tabs = definition.locations.iter().all(|location| {
            let stem = classify::strip_compression(location.url().path());
            stem.to_ascii_lowercase().ends_with(".tsv")
        });
        Self::new(&definition.options, tabs, definition.schema.is_some())
    }

    fn new(given: &TableOptions, tabs: bool, declared: bool) -> Result<Self> {
        let header = given
            .boolean("header")?
            .or(given.boolean("has_header")?)
            .unwrap_or(true);
        let default_delimiter = if tabs { b'\t' } else { b',' };
        let nulls = given
            .list("null_values")
            .map(|words| null_pattern(&words))
            .transpose()?;
        let options = CsvOptions {
            has_header: Some(header),
            delimiter: given.character("delimiter")?.unwrap_or(default_delimiter),
            quote: given.character("quote")?.unwrap_or(b'"'),
            escape: given.character("escape")?,
            comment: given.character("comment")?,
            newlines_in_values: Some(given.boolean("newlines_in_values")?.unwrap_or(true)),
            truncated_rows: given.boolean("truncated_rows")?,
            schema_infer_max_rec: Some(given.count("schema_infer_max_rec")?.unwrap_or(SAMPLE_ROWS)),
            null_regex: nulls.as_ref().map(ToString::to_string),
            ..CsvOptions::default()
        };
        if options.delimiter == options.quote {
            return plan_err!("options \"delimiter\" and \"quote\" are the same character");
        }
        Ok(Self {
            options,
            header,
            nulls,
            declared,
        })
    }

    fn csv_format(&self, compression: FileCompressionType) -> CsvFormat {
        CsvFormat::default()
            .with_options(self.options.clone())
            .with_file_compression_type(compression)
    }
}

impl CsvFiles {
    /// The same for Arrow's reader.
    fn arrow_format(&self) -> Format {
        let mut format = Format::default()
            .with_header(self.header)
            .with_delimiter(self.options.delimiter)
            .with_quote(self.options.quote)
            .with_truncated_rows(self.options.truncated_rows == Some(true));
        if let Some(escape) = self.options.escape {
            format = format.with_escape(escape);
        }
        if let Some(comment) = self.options.comment {
            format = format.with_comment(comment);
        }
        if let Some(nulls) = &self.nulls {
            format = format.with_null_regex(nulls.clone());
        }
        format
    }
}

#[async_trait]
impl FileKind for CsvFiles {
    fn format(&self, _: &dyn Session, compression: FileCompressionType) -> Arc<dyn FileFormat> {
        Arc::new(self.csv_format(compression))
    }

    fn by_name(&self) -> bool {
        false
    }

    async fn infer(
        &self,
        _session: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        files: &[DataFile],
    ) -> Result<SchemaRef> {
        let sample = self.options.schema_infer_max_rec.unwrap_or(SAMPLE_ROWS);
        infer::schema(store, self, sample, files).await
    }

    fn sampled(&self) -> usize {
        infer::SAMPLE_FILES
    }

    async fn verify(
        &self,
        _session: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        file: &DataFile,
        schema: &Schema,
    ) -> Result<()> {
        if !self.header {
            return Ok(());
        }
        let found = infer::schema(store, self, 0, std::slice::from_ref(file)).await?;
        let names = |s: &Schema| {
            s.fields()
                .iter()
                .map(|f| f.name().clone())
                .collect::<Vec<_>>()
        };
        let (expected, got) = (names(schema), names(&found));
        let short = self.options.truncated_rows == Some(true) && expected.starts_with(&got);
        if expected.len() != got.len() && !short {
            return exec_err!(
                "its header has {} columns ({}), but the table has {} ({})",
                got.len(),
                got.join(", "),
                expected.len(),
                expected.join(", ")
            );
        }
        let same_set = {
            let (mut a, mut b) = (expected.clone(), got.clone());
            a.sort();
            b.sort();
            a == b
        };
        if expected != got && !same_set && !self.declared && !short {
            return exec_err!(
                "its columns are ({}), but the table's are ({})",
                got.join(", "),
                expected.join(", ")
            );
        }
        // Declared columns may have names of their own; but the file's names in
        // another order can only be a mistake.
        if expected != got && same_set {
            return exec_err!(
                "its columns are in another order, ({}), than the table's, ({}); CSV is read by position",
                got.join(", "),
                expected.join(", ")
            );
        }
        Ok(())
    }

    async fn scan(
        &self,
        _session: &dyn Session,
        _compression: FileCompressionType,
        config: FileScanConfig,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let reader = CsvReader::new(self.options.clone(), self.nulls.clone());
        let source = NamedSource::new(Arc::clone(&config.file_source), Arc::new(reader));
        let config = FileScanConfigBuilder::from(config)
            .with_source(Arc::new(source))
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

/// A pattern for the empty text and the given words.
fn null_pattern(words: &[&str]) -> Result<Regex> {
    let words: Vec<_> = words.iter().map(|w| regex::escape(w)).collect();
    Regex::new(&format!("^(|{})$", words.join("|")))
        .map_err(|e| DataFusionError::Plan(format!("option \"null_values\" is not usable: {e}")))
}
