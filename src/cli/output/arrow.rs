//! An Arrow IPC stream, as `pyarrow.ipc.open_stream` reads it.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow_ipc::writer::StreamWriter;

use super::ResultWriter;
use crate::cli::error::CliError;

pub(super) struct ArrowStream<'a> {
    writer: StreamWriter<&'a mut (dyn Write + Send)>,
}

impl<'a> ArrowStream<'a> {
    pub(super) fn new(schema: &Schema, out: &'a mut (dyn Write + Send)) -> Result<Self, CliError> {
        let writer = StreamWriter::try_new(out, schema)?;
        Ok(Self { writer })
    }
}

impl ResultWriter for ArrowStream<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), CliError> {
        Ok(self.writer.write(batch)?)
    }

    fn finish(&mut self) -> Result<(), CliError> {
        Ok(self.writer.finish()?)
    }
}
