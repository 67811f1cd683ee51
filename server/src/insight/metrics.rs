//! Metrics in the text format of Prometheus and OpenMetrics.

use std::fmt;
use std::sync::Arc;

use cohortql_engine::{Engine, Outcome, QueryRecord, StatementKind};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabelSet, EncodeMetric, text::encode_eof, text::encode_registry,
};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::audit::Audit;
use crate::auth::Login;

/// From a millisecond to about nine minutes.
const FIRST_BUCKET_SECONDS: f64 = 0.001;
const BUCKET_FACTOR: f64 = 3.0;
const BUCKETS: u16 = 13;

/// What is counted, and how it is told.
pub(crate) struct Metrics {
    registry: Registry,
    statements: Family<StatementLabels, Counter>,
    logins: Family<LoginLabels, Counter>,
    waited: Histogram,
    planned: Histogram,
    ran: Histogram,
    rows: Counter,
    rows_read: Counter,
    bytes_read: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatementLabels {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LoginLabels {
    outcome: &'static str,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Metrics")
    }
}

impl Metrics {
    /// Metrics of an engine's server, the audit's failures among them where there is one.
    pub(crate) fn new(engine: &Engine, audit: Option<&Arc<Audit>>) -> Self {
        let seconds = || {
            Histogram::new(exponential_buckets(
                FIRST_BUCKET_SECONDS,
                BUCKET_FACTOR,
                BUCKETS,
            ))
        };
        let mut metrics = Self {
            registry: Registry::with_prefix("cohortql"),
            statements: Family::default(),
            logins: Family::default(),
            waited: seconds(),
            planned: seconds(),
            ran: seconds(),
            rows: Counter::default(),
            rows_read: Counter::default(),
            bytes_read: Counter::default(),
        };
        metrics.register();
        metrics.registry.register_collector(Box::new(Now {
            engine: engine.clone(),
            audit: audit.map(Arc::clone),
        }));
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "Version of the server", version);
        registry.register(
            "statements",
            "Statements that have ended, by kind and outcome",
            self.statements.clone(),
        );
        registry.register("logins", "Logins, by outcome", self.logins.clone());
        registry.register(
            "statement_queue_seconds",
            "How long statements waited for a place",
            self.waited.clone(),
        );
        registry.register(
            "statement_plan_seconds",
            "How long statements were planned",
            self.planned.clone(),
        );
        registry.register(
            "statement_run_seconds",
            "How long statements ran",
            self.ran.clone(),
        );
        registry.register(
            "rows_returned",
            "Rows returned by queries or affected by changes",
            self.rows.clone(),
        );
        registry.register("rows_read", "Rows read from tables", self.rows_read.clone());
        registry.register(
            "read_bytes",
            "Bytes read from files and object stores",
            self.bytes_read.clone(),
        );
    }

    /// Counts a statement that has ended.
    pub(crate) fn statement(&self, record: &QueryRecord) {
        let labels = StatementLabels {
            kind: match record.kind {
                Some(StatementKind::Query) => "query",
                Some(StatementKind::Change) => "change",
                None => "unknown",
            },
            outcome: Outcome::word(record.outcome),
        };
        self.statements.get_or_create(&labels).inc();
        self.waited.observe(record.queued.as_secs_f64());
        self.planned.observe(record.planned.as_secs_f64());
        self.ran.observe(record.run.as_secs_f64());
        self.rows.inc_by(record.rows);
        self.rows_read.inc_by(record.rows_read);
        self.bytes_read.inc_by(record.bytes_read);
    }

    /// Counts a login.
    pub(crate) fn login(&self, login: &Login<'_>) {
        let outcome = login.outcome.word();
        self.logins.get_or_create(&LoginLabels { outcome }).inc();
    }

    /// All of it as text.
    pub(crate) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)?;
        encode_eof(&mut text)?;
        Ok(text)
    }
}

/// What is asked for when somebody looks.
#[derive(Debug)]
struct Now {
    engine: Engine,
    audit: Option<Arc<Audit>>,
}

impl Collector for Now {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let running = ConstGauge::new(i64::try_from(self.engine.queries().len()).unwrap_or(0));
        let descriptor = encoder.encode_descriptor(
            "statements_running",
            "Statements that are queued, planned or run now",
            None,
            running.metric_type(),
        )?;
        running.encode(descriptor)?;
        for (name, help, value) in [
            (
                "memory_used_bytes",
                "Memory that statements and tables in memory hold",
                self.engine.memory_used(),
            ),
            (
                "memory_limit_bytes",
                "Memory that they may hold together",
                self.engine.settings().memory_limit,
            ),
        ] {
            let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            let descriptor = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(descriptor)?;
        }
        if let Some(audit) = &self.audit {
            let failures = ConstCounter::new(audit.failures());
            let descriptor = encoder.encode_descriptor(
                "audit_failures",
                "Lines of the audit that could not be written",
                None,
                failures.metric_type(),
            )?;
            failures.encode(descriptor)?;
        }
        Ok(())
    }
}
