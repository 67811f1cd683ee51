//! JSON: one array of objects, or one object a line.
//!
//! NULL is written as `null`, not left out, and so is what JSON can't say: NaN
//! and infinity.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::json::writer::{JsonArray, JsonFormat, LineDelimited, Writer, WriterBuilder};

use super::ResultWriter;
use crate::cli::error::CliError;

pub(super) struct JsonRows<'a, F: JsonFormat> {
    writer: Writer<&'a mut (dyn Write + Send), F>,
    /// An array ends its line; lines do already.
    ends_line: bool,
}

impl<'a> JsonRows<'a, JsonArray> {
    pub(super) fn array(out: &'a mut (dyn Write + Send)) -> Self {
        Self {
            writer: builder().build(out),
            ends_line: true,
        }
    }
}

impl<'a> JsonRows<'a, LineDelimited> {
    pub(super) fn lines(out: &'a mut (dyn Write + Send)) -> Self {
        Self {
            writer: builder().build(out),
            ends_line: false,
        }
    }
}

fn builder() -> WriterBuilder {
    WriterBuilder::new().with_explicit_nulls(true)
}

impl<F: JsonFormat> ResultWriter for JsonRows<'_, F> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), CliError> {
        Ok(self.writer.write(batch)?)
    }

    fn finish(&mut self) -> Result<(), CliError> {
        self.writer.finish()?;
        if self.ends_line {
            self.writer.get_mut().write_all(b"\n")?;
        }
        Ok(())
    }
}
