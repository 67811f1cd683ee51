//! The HTTP port: metrics for Prometheus, health for whoever watches over the server.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::Metrics;
use crate::error::ServerError;

/// The content type of OpenMetrics.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the port tells of the server.
#[derive(Debug, Clone)]
pub(crate) struct Status {
    /// What is counted.
    pub(crate) metrics: Arc<Metrics>,
    /// Cancelled when the server takes no new work.
    pub(crate) leaving: CancellationToken,
}

/// Answers on `listener` until it is dropped.
///
/// `/metrics` has the metrics, `/health/live` says that the process answers, `/health/ready` whether it takes
/// work: 503 once the server is stopping.
pub(crate) async fn serve(listener: TcpListener, status: Status) -> Result<(), ServerError> {
    let routes = Router::new()
        .route("/metrics", get(metrics))
        .route("/health/live", get(|| async { "live\n" }))
        .route("/health/ready", get(ready))
        .with_state(status);
    axum::serve(listener, routes)
        .await
        .map_err(|error| ServerError::Http(error.to_string()))
}

async fn metrics(State(status): State<Status>) -> Response {
    match status.metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn ready(State(status): State<Status>) -> Response {
    match status.leaving.is_cancelled() {
        false => "ready\n".into_response(),
        true => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response(),
    }
}
