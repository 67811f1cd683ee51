//! The span of a call, from its arrival to the last message of its answer.
//!
//! A call belongs to the trace that its `traceparent` header names. One that comes with a ticket and
//! without that header belongs to the trace of the call which gave the ticket out, so that a
//! statement is one trace even where the client knows nothing of traces. Which trace it is, is known
//! when the ticket has been opened; only then the span is made.
//!
//! A span tells who, what, how much and how it ended. It never has texts of statements, values or
//! messages of errors.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use axum::http::{Extensions, HeaderMap};
use cohortql_engine::QueryId;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{
    Link, Span as _, SpanContext, SpanKind, Status as SpanStatus, TraceContextExt, Tracer,
};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_sdk::trace::Span;
use tonic::{Code, Status};

use super::traces::Traces;
use crate::error::ERROR_ID;

/// The header that says to which trace a call belongs.
const TRACEPARENT: &str = "traceparent";

/// A call that is traced, or not. Clones are the same call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Call(Option<Arc<Traced>>);

#[derive(Debug)]
struct Traced {
    traces: Arc<Traces>,
    name: &'static str,
    arrived: SystemTime,
    /// What its header names.
    parent: Option<SpanContext>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    stage: Stage,
    has_query: bool,
    rows: Option<u64>,
    bytes: Option<u64>,
}

#[derive(Debug)]
enum Stage {
    /// The span is to be made, with these attributes.
    Arrived(Vec<KeyValue>),
    Open(Box<Span>),
    Ended,
}

impl Call {
    /// A call that has just arrived.
    pub(super) fn arrived(traces: &Arc<Traces>, name: &'static str, headers: &HeaderMap) -> Self {
        Self(Some(Arc::new(Traced {
            parent: context(traces, &Headers(headers)),
            traces: Arc::clone(traces),
            name,
            arrived: SystemTime::now(),
            state: Mutex::new(State {
                stage: Stage::Arrived(Vec::new()),
                has_query: false,
                rows: None,
                bytes: None,
            }),
        })))
    }

    /// The call that a request came as.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        extensions.get::<Self>().cloned().unwrap_or_default()
    }

    /// Whether anything is kept of it.
    pub(crate) fn is_traced(&self) -> bool {
        self.0.is_some()
    }

    /// Says that the call follows from the one with this `traceparent`.
    pub(crate) fn follow(&self, traceparent: &str) {
        let Some(traced) = self.0.as_ref().filter(|_| !traceparent.is_empty()) else {
            return;
        };
        let origin = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
        if let Some(origin) = context(&traced.traces, &origin) {
            traced.open(&mut traced.lock(), Some(origin));
        }
    }

    /// What calls that follow from this one are told by; empty where no traces are kept.
    pub(crate) fn traceparent(&self) -> String {
        let Some(traced) = &self.0 else {
            return String::new();
        };
        let mut state = traced.lock();
        traced.open(&mut state, None);
        let Stage::Open(span) = &state.stage else {
            return String::new();
        };
        let context = Context::new().with_remote_span_context(span.span_context().clone());
        let mut carrier = HashMap::new();
        let propagator = traced.traces.propagator();
        propagator.inject_context(&context, &mut carrier);
        carrier.remove(TRACEPARENT).unwrap_or_default()
    }

    /// Adds what is known by now.
    pub(crate) fn note(&self, key: &'static str, value: impl Into<Value>) {
        if let Some(traced) = &self.0 {
            traced.lock().note(KeyValue::new(key, value));
        }
    }

    /// Says which statement it runs; of several, the first is told.
    pub(crate) fn runs(&self, query: &QueryId) {
        if let Some(traced) = &self.0 {
            let mut state = traced.lock();
            if !state.has_query {
                state.has_query = true;
                state.note(KeyValue::new("cohortql.query.id", query.to_string()));
            }
        }
    }

    /// Counts rows that it returns or changes.
    pub(crate) fn add_rows(&self, rows: u64) {
        if let Some(traced) = &self.0 {
            let counted = &mut traced.lock().rows;
            *counted = Some(counted.unwrap_or(0).saturating_add(rows));
        }
    }

    /// Counts bytes that it sends.
    pub(super) fn add_bytes(&self, bytes: u64) {
        if let Some(traced) = &self.0 {
            let counted = &mut traced.lock().bytes;
            *counted = Some(counted.unwrap_or(0).saturating_add(bytes));
        }
    }

    /// Ends it well. What comes afterwards is not told any more.
    pub(super) fn succeed(&self) {
        if let Some(traced) = &self.0 {
            traced.end(Code::Ok);
        }
    }

    /// Ends it as a failure.
    pub(super) fn fail(&self, status: &Status) {
        if let Some(traced) = &self.0 {
            let id = status.metadata().get(ERROR_ID);
            if let Some(id) = id.and_then(|id| id.to_str().ok()) {
                self.note("cohortql.error.id", id.to_owned());
            }
            traced.end(status.code());
        }
    }
}

impl Traced {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the span, unless there is one. What the caller's header names comes before the call
    /// that this one follows from, which is linked then.
    fn open(&self, state: &mut State, origin: Option<SpanContext>) {
        let Stage::Arrived(attributes) = &mut state.stage else {
            return;
        };
        let links = origin.iter().filter(|_| self.parent.is_some());
        let links = links.map(|origin| Link::with_context(origin.clone()));
        let tracer = self.traces.tracer();
        let builder = tracer
            .span_builder(self.name)
            .with_kind(SpanKind::Server)
            .with_start_time(self.arrived)
            .with_attributes(std::mem::take(attributes))
            .with_links(links.collect());
        let parent = match self.parent.clone().or(origin) {
            Some(parent) => Context::new().with_remote_span_context(parent),
            None => Context::new(),
        };
        state.stage = Stage::Open(Box::new(builder.start_with_context(tracer, &parent)));
    }

    fn end(&self, code: Code) {
        let mut state = self.lock();
        self.open(&mut state, None);
        for (key, count) in [
            ("cohortql.rows", state.rows),
            ("cohortql.bytes", state.bytes),
        ] {
            if let Some(count) = count {
                let count = i64::try_from(count).unwrap_or(i64::MAX);
                state.note(KeyValue::new(key, count));
            }
        }
        let code_number = i64::from(i32::from(code));
        state.note(KeyValue::new("rpc.grpc.status_code", code_number));
        if let Stage::Open(mut span) = std::mem::replace(&mut state.stage, Stage::Ended) {
            if code != Code::Ok {
                span.set_status(SpanStatus::error(format!("{code:?}")));
            }
            span.end();
        }
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        // Nobody has said how it ended: its client has gone.
        self.end(Code::Cancelled);
    }
}

impl State {
    fn note(&mut self, attribute: KeyValue) {
        match &mut self.stage {
            Stage::Arrived(attributes) => attributes.push(attribute),
            Stage::Open(span) => span.set_attribute(attribute),
            Stage::Ended => {}
        }
    }
}

/// The span that somebody names, if it can be one.
fn context(traces: &Traces, named: &dyn Extractor) -> Option<SpanContext> {
    let propagator = traces.propagator();
    let context = propagator.extract_with_context(&Context::new(), named);
    let span = context.span().span_context().clone();
    span.is_valid().then_some(span)
}

/// The headers of a call.
struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|key| key.as_str()).collect()
    }
}
