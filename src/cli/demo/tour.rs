//! The stops of the tour: what each asks, the SQL, and the answer.

use std::io::Write;

use cohortql_engine::Engine;
use nu_ansi_term::Style;

use super::heat;
use crate::cli::error::CliError;
use crate::cli::output::terminal::{self, Colours};
use crate::cli::output::{Format, Look};
use crate::cli::sql::paint::paint;

/// A question and the SQL that answers it.
struct Stop {
    title: &'static str,
    about: &'static str,
    sql: &'static str,
    shape: Shape,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Table,
    /// Cohorts down, periods across, rates as colours.
    Heat,
}

const STOPS: &[Stop] = &[
    Stop {
        title: "Who comes back?",
        about: "Real purchases of 2,357 customers of CDNOW, by the month of the first one: the share\n\
                (in percent) of each cohort that bought again so many months later.",
        sql: include_str!("../../../sql/demo/retention.sql"),
        shape: Shape::Heat,
    },
    Stop {
        title: "Who are they?",
        about: "The same customers, scored by recency, frequency and money.",
        sql: include_str!("../../../sql/demo/segments.sql"),
        shape: Shape::Table,
    },
    Stop {
        title: "How soon is the second purchase?",
        about: "A purchase is a day on which a customer bought.",
        sql: include_str!("../../../sql/demo/second_purchase.sql"),
        shape: Shape::Table,
    },
    Stop {
        title: "What is bought together?",
        about: "Generated order lines of a made-up coffee shop: no real baskets may be shipped.",
        sql: include_str!("../../../sql/demo/lifts.sql"),
        shape: Shape::Table,
    },
];

/// Where to go from here.
const ONWARDS: &str = "\
Your own files are tables named for them:

  cohortql orders.csv                     ask in the shell: Tab completes, \\df explains
  cohortql orders.csv -c 'select count(*) from orders'
  cohortql serve orders.csv               for BI tools, over Flight SQL
  cohortql demo --serve                   these tables, over Flight SQL
  cohortql functions                      what there is for cohorts, segments, funnels, sequences,
                                          sessions, lifetime value, experiments, baskets and money
";

/// Asks every question and writes the answers.
pub(super) async fn give(engine: &Engine, out: &mut (dyn Write + Send)) -> Result<(), CliError> {
    let look = Look {
        colours: Colours::of_stdout(),
        width: terminal::size().0,
        max_rows: None,
        expanded: false,
    };
    let title = if look.colours.any() {
        Style::new().bold().underline()
    } else {
        Style::new()
    };
    for (number, stop) in (1..).zip(STOPS) {
        let heading = format!("{number}. {}", stop.title);
        writeln!(out, "\n{}\n{}\n", title.paint(heading), stop.about)?;
        let sql = stop.sql.trim();
        for line in paint(sql, look.colours).lines() {
            writeln!(out, "  {line}")?;
        }
        writeln!(out)?;
        let mut stream = engine.sql(sql.trim_end_matches(';')).await?;
        match stop.shape {
            Shape::Heat => {
                let batches = stream.collect().await?;
                heat::print(&batches, out, look)?;
            }
            Shape::Table => {
                let mut writer = Format::Table.writer(stream.schema(), out, look)?;
                while let Some(batch) = stream.next_batch().await? {
                    writer.write(&batch)?;
                }
                writer.finish()?;
            }
        }
        out.flush()?;
    }
    writeln!(out, "\n{}\n{ONWARDS}", title.paint("On to your own"))?;
    Ok(())
}
