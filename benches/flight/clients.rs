//! The calls that are timed, as arrow-flight's generated client makes them.

use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::{CommandStatementQuery, ProstMessageExt};
use arrow_flight::{FlightDescriptor, Ticket};
use futures::TryStreamExt;
use prost::Message;
use tonic::transport::{Channel, Endpoint};

/// A client of Flight that takes messages of any size.
pub(super) type Flight = FlightServiceClient<Channel>;

pub(super) async fn channel(address: &str) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    endpoint
        .tcp_nodelay(true)
        .initial_stream_window_size(1 << 20)
        .initial_connection_window_size(4 << 20)
        .connect()
        .await
        .unwrap()
}

pub(super) async fn flight(address: &str) -> Flight {
    FlightServiceClient::new(channel(address).await).max_decoding_message_size(64 << 20)
}

/// The ticket of a query.
pub(super) async fn ticket(client: &mut Flight, sql: &str) -> Ticket {
    let command = CommandStatementQuery {
        query: sql.to_owned(),
        transaction_id: None,
    };
    let descriptor = FlightDescriptor::new_cmd(command.as_any().encode_to_vec());
    let info = client
        .get_flight_info(descriptor)
        .await
        .unwrap()
        .into_inner();
    info.endpoint[0].ticket.clone().unwrap()
}

/// Reads an answer to its end, decoded into batches, and counts its rows.
pub(super) async fn rows(client: &mut Flight, ticket: Ticket) -> usize {
    let messages = client.do_get(ticket).await.unwrap().into_inner();
    let messages = messages.map_err(|status| FlightError::Tonic(Box::new(status)));
    let mut batches = FlightRecordBatchStream::new_from_flight_data(messages);
    let mut rows = 0;
    while let Some(batch) = batches.try_next().await.unwrap() {
        rows += batch.num_rows();
    }
    rows
}

/// Reads an answer to its end without decoding it, and counts its bytes.
pub(super) async fn bytes(client: &mut Flight, ticket: Ticket) -> usize {
    let mut messages = client.do_get(ticket).await.unwrap().into_inner();
    let mut bytes = 0;
    while let Some(message) = messages.message().await.unwrap() {
        bytes += message.data_body.len();
    }
    bytes
}
