//! A Parquet file.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::ResultWriter;
use crate::cli::error::CliError;

pub(super) struct ParquetFile<'a> {
    writer: ArrowWriter<&'a mut (dyn Write + Send)>,
}

impl<'a> ParquetFile<'a> {
    pub(super) fn new(
        schema: SchemaRef,
        out: &'a mut (dyn Write + Send),
    ) -> Result<Self, CliError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let writer = ArrowWriter::try_new(out, schema, Some(properties))?;
        Ok(Self { writer })
    }
}

impl ResultWriter for ParquetFile<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), CliError> {
        Ok(self.writer.write(batch)?)
    }

    fn finish(&mut self) -> Result<(), CliError> {
        self.writer.finish()?;
        Ok(())
    }
}
