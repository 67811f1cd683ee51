//! What somebody may send before anybody knows who it is.

use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::{BasicAuth, FlightData, HandshakeRequest};
use futures::{StreamExt, stream};
use prost::Message;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::guarded::{Guarded, PASSWORD};

fn handshake(password: &str) -> HandshakeRequest {
    let basic = BasicAuth {
        username: "ada".to_owned(),
        password: password.to_owned(),
    };
    HandshakeRequest {
        protocol_version: 0,
        payload: basic.encode_to_vec().into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_without_a_login_are_small() {
    let guarded = Guarded::with_users().await;
    let mut client = FlightServiceClient::new(guarded.server.channel().await);
    for (bytes, code) in [
        (1 << 20, Code::OutOfRange),
        (100 << 10, Code::OutOfRange),
        (32 << 10, Code::Unauthenticated),
    ] {
        let large = handshake(&"x".repeat(bytes));
        let refused = client.handshake(stream::iter([large])).await.unwrap_err();
        assert_eq!(refused.code(), code, "{bytes}: {refused:?}");
    }
    // A client that keeps its half open is answered as well.
    let open = stream::iter([handshake(PASSWORD)]).chain(stream::pending());
    let answer = client.handshake(open).await.unwrap();
    assert!(answer.metadata().get("authorization").is_some());

    let mut health = HealthClient::new(guarded.server.channel().await);
    let service = "x".repeat(100 << 10);
    let refused = health.check(HealthCheckRequest { service }).await;
    assert_eq!(refused.unwrap_err().code(), Code::OutOfRange);
    health.check(HealthCheckRequest::default()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_read_of_what_strangers_put() {
    let guarded = Guarded::with_users().await;
    let mut client = FlightServiceClient::new(guarded.server.channel().await);
    let endless = stream::iter([FlightData::default()]).chain(stream::pending());
    let refused = client.do_put(endless).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated, "{refused:?}");
}
