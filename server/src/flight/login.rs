//! Handshake: credentials are exchanged for a session token.
//!
//! The token travels in the `authorization` header of the answer, as drivers expect. Older Flight
//! clients send their credentials in the payload; they get the token there as well.

use std::sync::Arc;
use std::time::Duration;

use arrow_flight::{HandshakeRequest, HandshakeResponse};
use cohortql_protocol::ProtocolError;
use tonic::metadata::MetadataValue;
use tonic::{Request, Response, Streaming};

use super::Answer;
use super::service::one;
use crate::auth::{Authenticator, Credentials};
use crate::connection::Connection;
use crate::error::ServerError;
use crate::insight::Call;

/// How long the credentials may take to come, once the call has.
const PATIENCE: Duration = Duration::from_secs(10);

/// Logs somebody in.
pub(super) async fn log_in(
    authenticator: &Authenticator,
    request: Request<Streaming<HandshakeRequest>>,
) -> Result<Response<Answer<HandshakeResponse>>, ServerError> {
    let connection = request
        .extensions()
        .get::<Arc<Connection>>()
        .ok_or_else(|| ServerError::Internal("a call came without a connection".to_owned()))?;
    let peer = connection.peer().clone();
    let call = Call::of(request.extensions());
    let unreadable = |_: &ServerError| authenticator.unreadable(&peer);
    let in_headers = Credentials::of_headers(request.metadata()).inspect_err(unreadable)?;
    let is_in_headers = in_headers.is_some();
    let credentials = match in_headers {
        Some(credentials) => Some(credentials),
        None => in_payload(request.into_inner())
            .await
            .inspect_err(unreadable)?,
    };
    let logged_in = authenticator.log_in(credentials.as_ref(), &peer).await?;
    call.note("enduser.id", logged_in.identity.name().to_owned());
    // Some clients that read headers never read messages.
    let messages: Answer<HandshakeResponse> = if is_in_headers {
        Box::pin(futures::stream::empty())
    } else {
        one(HandshakeResponse {
            protocol_version: 0,
            payload: logged_in.bearer.clone().into(),
        })
    };
    let mut response = Response::new(messages);
    let header = MetadataValue::try_from(format!("Bearer {}", logged_in.bearer))
        .map_err(|_| ServerError::Internal("a session token is no header".to_owned()))?;
    response.metadata_mut().insert("authorization", header);
    Ok(response)
}

/// What the first message says; nothing when it is empty or none comes.
async fn in_payload(
    mut messages: Streaming<HandshakeRequest>,
) -> Result<Option<Credentials>, ServerError> {
    let first = tokio::time::timeout(PATIENCE, messages.message()).await;
    let first = first.map_err(|_| {
        ServerError::Unauthenticated("the handshake brought no credentials in time".to_owned())
    })?;
    let first = first.map_err(|status| ProtocolError::Stream(Box::new(status)))?;
    match first {
        Some(request) if !request.payload.is_empty() => {
            Credentials::of_payload(&request.payload).map(Some)
        }
        _ => Ok(None),
    }
}
