//! What several test modules share: where things lie, how a test that lacks its
//! surroundings passes over itself, programs of other languages, answers as text,
//! made-up orders, certificates, PostgreSQL and S3.

mod certificates;
mod closed;
mod orders;
mod postgres;
mod programs;
mod rows;
mod s3;
mod surroundings;

pub(crate) use certificates::{Authority, Certified};
pub(crate) use closed::ClosedPort;
pub(crate) use orders::{Order, batches, orders};
pub(crate) use postgres::Postgres;
pub(crate) use programs::{named_by, run, succeed};
pub(crate) use rows::{cells, lines};
pub(crate) use s3::S3Server;
pub(crate) use surroundings::{pass_over, reference_data, root, shipped};
