//! What every call passes before a service sees it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::metadata::MetadataMap;
use tower::{Layer, Service};

use super::doors::is_open;
use super::{Authenticator, Credentials};
use crate::connection::Connection;
use crate::error::ServerError;
use crate::insight::Call;

/// Puts an [`Identity`](super::Identity) into each request, or refuses it.
#[derive(Clone)]
pub(crate) struct AuthenticationLayer {
    authenticator: Arc<Authenticator>,
}

impl AuthenticationLayer {
    pub(crate) fn new(authenticator: Arc<Authenticator>) -> Self {
        Self { authenticator }
    }
}

impl<S> Layer<S> for AuthenticationLayer {
    type Service = Authentication<S>;

    fn layer(&self, inner: S) -> Authentication<S> {
        Authentication {
            inner,
            authenticator: Arc::clone(&self.authenticator),
        }
    }
}

/// A service behind the layer.
#[derive(Clone)]
pub(crate) struct Authentication<S> {
    inner: S,
    authenticator: Arc<Authenticator>,
}

type Answer<S> = Pin<
    Box<dyn Future<Output = Result<Response<Body>, <S as Service<Request<Body>>>::Error>> + Send>,
>;

impl<S> Service<Request<Body>> for Authentication<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Answer<S>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // The service that was polled ready is the one to be called.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        let authenticator = Arc::clone(&self.authenticator);
        Box::pin(async move {
            if !is_open(request.uri().path())
                && let Err(error) = identify(&authenticator, &mut request).await
            {
                return Ok(Status::from(error).into_http());
            }
            inner.call(request).await
        })
    }
}

async fn identify(
    authenticator: &Authenticator,
    request: &mut Request<Body>,
) -> Result<(), ServerError> {
    let connection = request
        .extensions()
        .get::<Arc<Connection>>()
        .ok_or_else(|| ServerError::Internal("a call came without a connection".to_owned()))?;
    let peer = connection.peer().clone();
    let metadata = MetadataMap::from_headers(std::mem::take(request.headers_mut()));
    let credentials = Credentials::of_headers(&metadata);
    *request.headers_mut() = metadata.into_headers();
    let credentials = credentials.inspect_err(|_| authenticator.unreadable(&peer))?;
    let identity = authenticator.identify(credentials.as_ref(), &peer).await?;
    Call::of(request.extensions()).note("enduser.id", identity.name().to_owned());
    request.extensions_mut().insert(identity);
    Ok(())
}
