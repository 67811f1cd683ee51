//! Writes generated rows: a file a month, batch by batch.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::csv::Writer as CsvWriter;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::FileFormat;
use crate::cli::error::CliError;

/// One file that is being written.
pub(super) enum Sink {
    Parquet(Box<ArrowWriter<BufWriter<File>>>),
    Csv(Box<CsvWriter<BufWriter<File>>>),
}

impl Sink {
    /// Makes `name` in `folder`, with the ending of its format.
    pub(super) fn create(
        folder: &Path,
        name: &str,
        format: FileFormat,
        schema: SchemaRef,
    ) -> Result<Self, CliError> {
        let path: PathBuf = folder.join(format!("{name}.{}", format.ending()));
        let file = File::create(&path).map_err(|source| CliError::CannotWrite { path, source })?;
        let file = BufWriter::new(file);
        Ok(match format {
            FileFormat::Csv => Self::Csv(Box::new(CsvWriter::new(file))),
            FileFormat::Parquet => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::default()))
                    .build();
                let writer = ArrowWriter::try_new(file, schema, Some(properties))?;
                Self::Parquet(Box::new(writer))
            }
        })
    }

    /// Appends rows.
    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), CliError> {
        match self {
            Self::Parquet(writer) => writer.write(batch)?,
            Self::Csv(writer) => writer.write(batch)?,
        }
        Ok(())
    }

    /// Ends the file.
    pub(super) fn finish(self) -> Result<(), CliError> {
        match self {
            Self::Parquet(writer) => drop(writer.close()?),
            Self::Csv(writer) => drop(
                writer
                    .into_inner()
                    .into_inner()
                    .map_err(|error| error.into_error())?,
            ),
        }
        Ok(())
    }
}
