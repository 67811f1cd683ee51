//! The generated client, with headers of our own, and the session messages written out by hand from
//! Flight's specification.

use std::collections::HashMap;

use arrow::array::RecordBatch;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::{Any, CommandStatementQuery, ProstMessageExt};
use arrow_flight::{Action, FlightDescriptor, FlightInfo, PollInfo, Ticket};
use futures::TryStreamExt;
use prost::Message;
use tonic::metadata::{AsciiMetadataKey, MetadataMap};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use super::server::TestServer;

/// The value of an option.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct OptionValue {
    #[prost(oneof = "Value", tags = "1, 2, 3, 4")]
    pub(crate) value: Option<Value>,
}

/// The value of an option, if it has one.
#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum Value {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(bool, tag = "2")]
    Flag(bool),
    #[prost(sfixed64, tag = "3")]
    Whole(i64),
    #[prost(double, tag = "4")]
    Number(f64),
}

/// SetSessionOptionsRequest and GetSessionOptionsResult.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Options {
    #[prost(map = "string, message", tag = "1")]
    pub(crate) options: HashMap<String, OptionValue>,
}

/// SetSessionOptionsResult.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Refused {
    #[prost(map = "string, message", tag = "1")]
    pub(crate) errors: HashMap<String, Number>,
}

/// An enumerator: why an option was refused, what became of a session.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Number {
    #[prost(int32, tag = "1")]
    pub(crate) value: i32,
}

pub(crate) const INVALID_NAME: i32 = 1;
pub(crate) const INVALID_VALUE: i32 = 2;
pub(crate) const CLOSED: i32 = 1;

pub(crate) fn text(value: &str) -> Option<Value> {
    Some(Value::Text(value.to_owned()))
}

/// A client on a connection of its own, which sends the same headers with each call.
#[derive(Clone)]
pub(crate) struct Raw {
    pub(crate) client: FlightServiceClient<Channel>,
    headers: Vec<(String, String)>,
}

impl Raw {
    pub(crate) async fn of(server: &TestServer) -> Self {
        Self {
            client: FlightServiceClient::new(server.channel().await),
            headers: Vec::new(),
        }
    }

    /// The same connection with one more header.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut other = self.clone();
        other.headers.push((name.to_owned(), value.to_owned()));
        other
    }

    pub(crate) fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        for (name, value) in &self.headers {
            let name: AsciiMetadataKey = name.parse().unwrap();
            request.metadata_mut().insert(name, value.parse().unwrap());
        }
        request
    }

    /// Takes an action; gives the body of its one answer, and the headers.
    pub(crate) async fn action(
        &self,
        name: &str,
        body: Vec<u8>,
    ) -> Result<(Vec<u8>, MetadataMap), Status> {
        let request = self.request(Action::new(name, body));
        let answer = self.client.clone().do_action(request).await?;
        let headers = answer.metadata().clone();
        let results: Vec<_> = answer.into_inner().try_collect().await?;
        let body = results
            .into_iter()
            .next()
            .map(|result| result.body.to_vec());
        Ok((body.unwrap_or_default(), headers))
    }

    /// Sets options, and gives those that were refused, with the cookie that came.
    pub(crate) async fn set(
        &self,
        options: &[(&str, Option<Value>)],
    ) -> (HashMap<String, i32>, Option<String>) {
        let options = options.iter().map(|(name, value)| {
            let value = value.clone();
            ((*name).to_owned(), OptionValue { value })
        });
        let request = Options {
            options: options.collect(),
        };
        let answer = self
            .action("SetSessionOptions", request.encode_to_vec())
            .await;
        let (body, headers) = answer.unwrap();
        let refused = Refused::decode(body.as_slice()).unwrap().errors;
        let cookie = headers.get("set-cookie");
        (
            refused
                .into_iter()
                .map(|(name, error)| (name, error.value))
                .collect(),
            cookie.map(|cookie| cookie.to_str().unwrap().to_owned()),
        )
    }

    /// Sets options that are all taken.
    pub(crate) async fn set_all(&self, options: &[(&str, Option<Value>)]) {
        assert_eq!(self.set(options).await.0, HashMap::new());
    }

    pub(crate) async fn get(&self) -> HashMap<String, Value> {
        let (body, _) = self.action("GetSessionOptions", Vec::new()).await.unwrap();
        let options = Options::decode(body.as_slice()).unwrap().options;
        options
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.value?)))
            .collect()
    }

    /// The text of an option in force.
    pub(crate) async fn got(&self, name: &str) -> String {
        match self.get().await.remove(name) {
            Some(Value::Text(text)) => text,
            other => panic!("{name} is {other:?}"),
        }
    }

    pub(crate) async fn close(&self) -> Result<i32, Status> {
        let (body, _) = self.action("CloseSession", Vec::new()).await?;
        Ok(Number::decode(body.as_slice()).unwrap().value)
    }

    pub(crate) async fn info(&self, sql: &str) -> Result<FlightInfo, Status> {
        let request = self.request(statement(sql));
        let info = self.client.clone().get_flight_info(request).await?;
        Ok(info.into_inner())
    }

    pub(crate) async fn poll(&self, descriptor: FlightDescriptor) -> Result<PollInfo, Status> {
        let request = self.request(descriptor);
        let info = self.client.clone().poll_flight_info(request).await?;
        Ok(info.into_inner())
    }

    /// Starts to read what a FlightInfo leads to.
    pub(crate) async fn read(&self, info: &FlightInfo) -> Result<FlightRecordBatchStream, Status> {
        let request = self.request(ticket(info));
        let stream = self.client.clone().do_get(request).await?.into_inner();
        let stream = stream.map_err(FlightError::from);
        Ok(FlightRecordBatchStream::new_from_flight_data(stream))
    }

    /// Runs a query to its end.
    pub(crate) async fn query(&self, sql: &str) -> Result<Vec<RecordBatch>, (Code, String)> {
        let of = |status: &Status| (status.code(), status.message().to_owned());
        let info = self.info(sql).await.map_err(|status| of(&status))?;
        let stream = self.read(&info).await.map_err(|status| of(&status))?;
        stream.try_collect().await.map_err(|error| match error {
            FlightError::Tonic(status) => of(&status),
            other => panic!("expected a status, got {other}"),
        })
    }
}

/// The descriptor of a statement.
pub(crate) fn statement(sql: &str) -> FlightDescriptor {
    let command = CommandStatementQuery {
        query: sql.to_owned(),
        transaction_id: None,
    };
    FlightDescriptor::new_cmd(packed(&command.as_any()))
}

pub(crate) fn packed(any: &Any) -> Vec<u8> {
    any.encode_to_vec()
}

pub(crate) fn ticket(info: &FlightInfo) -> Ticket {
    info.endpoint[0].ticket.clone().unwrap()
}
