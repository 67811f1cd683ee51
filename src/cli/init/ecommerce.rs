//! The template of a web shop: made-up events, and what the shop's other systems would know of them.

use std::path::Path;

use crate::cli::args::Settings;
use crate::cli::error::CliError;
use crate::cli::{generate, open};

/// Half a year of a small shop.
const EVENTS: u64 = 100_000;

/// Makes the files of orders and so on from the table `events`; `$DATA` is their folder.
const TABLES: &str = include_str!("ecommerce/tables.sql");

/// A model to begin with.
const MODEL: &str = include_str!("ecommerce/mart_monthly_revenue.sql");

/// Makes `data/` and the model.
pub(super) async fn make(folder: &Path, settings: &Settings) -> Result<(), CliError> {
    let data = std::path::absolute(folder.join("data"))?;
    generate::sample_events(EVENTS, &data.join("events"))?;
    let engine = open::engine_alone(settings).await?;
    let events = format!("{}/", data.join("events").display());
    engine.register_path(&events, Some("events")).await?;
    let script = TABLES.replace("$DATA", &data.display().to_string().replace('\'', "''"));
    let session = engine.session();
    for statement in session.parse(&script)? {
        let planned = session.plan(&statement).await?;
        session.execute(planned).await?.collect().await?;
    }
    super::make(&folder.join("sql/marts"))?;
    super::new_file(&folder.join("sql/marts/mart_monthly_revenue.sql"), MODEL)
}
