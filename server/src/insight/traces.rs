//! OpenTelemetry: where the spans of calls go.
//!
//! They are sent in batches, by a thread of their own, over OTLP. The collector need not be there:
//! what it cannot take is dropped, and nothing waits for it but the end of the server, for a moment.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::Uri;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter as OtlpExporter, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider, SpanData, SpanExporter};
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};

use crate::error::ServerError;

/// How long the collector may take to accept a connection, and a batch.
const CONNECTING: Duration = Duration::from_secs(5);
const SENDING: Duration = Duration::from_secs(10);

/// How long the last spans may take on their way out.
const FAREWELL: Duration = Duration::from_secs(3);

/// Where traces go.
#[derive(Debug, Clone, PartialEq)]
pub struct TracesConfig {
    /// A collector that takes OTLP over gRPC, such as `http://127.0.0.1:4317`.
    pub endpoint: String,
    /// The share of traces that are sent, from 0 to 1. A caller that says whether his trace is
    /// kept is believed.
    pub sample: f64,
}

impl TracesConfig {
    /// All traces, to this collector.
    pub fn new(endpoint: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            sample: 1.0,
        }
    }

    /// Checks that the endpoint is one. It may hold a password, which is not repeated.
    pub(crate) fn check_endpoint(&self) -> Result<(), String> {
        let expected = "expected http://HOST:PORT or https://HOST:PORT";
        if self.endpoint.contains('@') {
            return Err(format!("{expected}, got a user in it"));
        }
        let is_endpoint = self.endpoint.parse::<Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some_and(|host| !host.is_empty())
                && uri.port_u16().is_some_and(|port| port > 0)
                && uri.path_and_query().is_none_or(|path| path == "/")
        });
        match is_endpoint {
            true => Ok(()),
            false => Err(format!("{expected}, got {:?}", self.endpoint)),
        }
    }

    /// Checks that the share is one.
    pub(crate) fn check_sample(&self) -> Result<(), String> {
        match (0.0..=1.0).contains(&self.sample) {
            true => Ok(()),
            false => Err(format!("expected 0.0 to 1.0, got {}", self.sample)),
        }
    }

    /// Checks that it could be started.
    pub(crate) fn check(&self) -> Result<(), ServerError> {
        let wrong = |key, message| ServerError::Config(format!("server.traces.{key}: {message}"));
        self.check_endpoint()
            .map_err(|message| wrong("endpoint", message))?;
        self.check_sample()
            .map_err(|message| wrong("sample", message))
    }

    fn channel(&self) -> Result<Channel, ServerError> {
        let refused = |error: tonic::transport::Error| {
            ServerError::Config(format!("server.traces.endpoint: {error}"))
        };
        let mut endpoint = Endpoint::from_shared(self.endpoint.clone()).map_err(refused)?;
        if self.endpoint.starts_with("https:") {
            let tls = ClientTlsConfig::new().with_native_roots();
            endpoint = endpoint.tls_config(tls).map_err(refused)?;
        }
        let endpoint = endpoint.connect_timeout(CONNECTING).timeout(SENDING);
        Ok(endpoint.connect_lazy())
    }
}

/// Makes spans and sends them.
#[derive(Debug)]
pub(crate) struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    propagator: TraceContextPropagator,
}

impl Traces {
    /// Sends spans to a collector. Must be called on the runtime that is to send them.
    pub(super) fn start(config: &TracesConfig) -> Result<Self, ServerError> {
        config.check()?;
        let exporter = OtlpExporter::builder()
            .with_tonic()
            .with_channel(config.channel()?)
            .build()
            .map_err(|error| ServerError::Config(format!("server.traces: {error}")))?;
        let collector = Collector {
            exporter,
            endpoint: config.endpoint.clone(),
            is_away: AtomicBool::new(false),
        };
        let service = Resource::builder()
            .with_service_name("cohortql")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
        let sampler = Sampler::TraceIdRatioBased(config.sample);
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(collector)
            .with_sampler(Sampler::ParentBased(Box::new(sampler)))
            .with_resource(service.build())
            .build();
        let tracer = provider.tracer("cohortql");
        Ok(Self {
            provider,
            tracer,
            propagator: TraceContextPropagator::new(),
        })
    }

    /// What makes spans.
    pub(super) fn tracer(&self) -> &SdkTracer {
        &self.tracer
    }

    /// What reads and writes `traceparent`.
    pub(super) fn propagator(&self) -> &TraceContextPropagator {
        &self.propagator
    }

    /// Sends what has not been sent yet, and waits for it.
    pub(super) fn end(&self) {
        if self.provider.shutdown_with_timeout(FAREWELL).is_err() {
            tracing::warn!("the last traces could not be sent");
        }
    }
}

/// Sends batches, and says when it cannot: once, until it could again.
#[derive(Debug)]
struct Collector {
    exporter: OtlpExporter,
    endpoint: String,
    is_away: AtomicBool,
}

impl SpanExporter for Collector {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let sent = self.exporter.export(batch).await;
        let was_away = self.is_away.swap(sent.is_err(), Ordering::Relaxed);
        let endpoint = self.endpoint.as_str();
        match &sent {
            Err(error) if !was_away => {
                tracing::warn!(endpoint, %error, "traces cannot be sent and are dropped");
            }
            Ok(()) if was_away => tracing::info!(endpoint, "traces are sent again"),
            _ => {}
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_told_from_others() {
        for endpoint in [
            "http://127.0.0.1:4317",
            "http://[::1]:4317/",
            "https://collector.example:443",
        ] {
            assert_eq!(TracesConfig::new(endpoint).check_endpoint(), Ok(()));
        }
        for endpoint in [
            "",
            "127.0.0.1:4317",
            "http://127.0.0.1",
            "http://:4317",
            "http://127.0.0.1:0",
            "http://127.0.0.1:4317/v1/traces",
            "http://127.0.0.1:4317/?a=b",
            "grpc://127.0.0.1:4317",
            "http://not a host:1",
        ] {
            let error = TracesConfig::new(endpoint).check_endpoint().unwrap_err();
            assert!(
                error.starts_with("expected http://HOST:PORT or"),
                "{endpoint}"
            );
        }
        let error = TracesConfig::new("http://ada:hunter2@127.0.0.1:4317").check_endpoint();
        assert!(!error.unwrap_err().contains("hunter2"));
    }

    #[test]
    fn a_share_is_between_none_and_all() {
        let config = |sample| TracesConfig {
            sample,
            ..TracesConfig::new("http://127.0.0.1:4317")
        };
        for sample in [0.0, 0.1, 1.0] {
            assert_eq!(config(sample).check_sample(), Ok(()));
        }
        for sample in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(config(sample).check_sample().is_err());
        }
    }
}
