//! `cohortql demo`: a tour of what the engine is for, on data inside the binary.

mod data;
mod heat;
mod order_lines;
mod tour;

use std::io::{BufWriter, Write, stdout};

use cohortql_server::ServeOptions;

use super::args::Settings;
use super::error::CliError;
use super::{open, serve};

/// Gives the tour, and with an address serves its tables afterwards.
pub(crate) fn run(listen: Option<&str>, settings: &Settings) -> Result<(), CliError> {
    let runtime = open::runtime()?;
    runtime.block_on(async {
        // Before the tour: a taken port is known at once.
        let listener = match listen {
            Some(address) => Some(serve::listen(address).await?),
            None => None,
        };
        let engine = open::engine_alone(settings).await?;
        data::register(&engine)?;
        let mut out = BufWriter::new(stdout());
        tour::give(&engine, &mut out).await?;
        out.flush()?;
        match listener {
            Some(listener) => serve::serve_engine(engine, listener, ServeOptions::default()).await,
            None => Ok(()),
        }
    })
}
