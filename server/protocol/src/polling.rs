//! What a client is told that polls a statement, and what it polls with: a descriptor that holds
//! sealed bytes. The FlightInfo of a statement that still runs holds them too, since that is what
//! a client cancels it by.

use std::time::SystemTime;

use arrow::datatypes::Schema;
use arrow_flight::sql::Any;
use arrow_flight::{FlightDescriptor, FlightInfo, PollInfo};
use bytes::Bytes;
use prost::Message;

use crate::error::ProtocolError;
use crate::info::{since_epoch, with_descriptor};

/// What the sealed bytes are called where Flight SQL's commands stand otherwise.
const TYPE_URL: &str = "type.googleapis.com/cohortql.ticket.v1.Sealed";

/// The answer about a statement that has come to its end: where its result is, and until when.
pub fn poll_finished(info: FlightInfo, expires: SystemTime) -> PollInfo {
    let answer = PollInfo {
        progress: Some(1.0),
        ..PollInfo::new().with_info(info)
    };
    expiring(answer, expires)
}

/// The answer about a statement that still runs, to be asked about again with what is sealed.
pub fn poll_unfinished(
    asked: FlightDescriptor,
    schema: &Schema,
    sealed: Bytes,
    progress: Option<f64>,
    expires: SystemTime,
) -> Result<PollInfo, ProtocolError> {
    let info = FlightInfo::new()
        .try_with_schema(schema)?
        .with_ordered(true)
        .with_app_metadata(packed(sealed.clone()));
    let answer = PollInfo {
        progress,
        ..PollInfo::new()
            .with_info(with_descriptor(info, asked))
            .with_descriptor(FlightDescriptor::new_cmd(packed(sealed)))
    };
    Ok(expiring(answer, expires))
}

/// The sealed bytes in a descriptor to poll with; none in one that asks for something new.
pub fn polled(descriptor: &FlightDescriptor) -> Option<Bytes> {
    unpacked(&descriptor.cmd)
}

/// The sealed bytes in the FlightInfo of a statement that still ran when it was made.
pub fn poll_of(info: &FlightInfo) -> Option<Bytes> {
    unpacked(&info.app_metadata).or_else(|| info.flight_descriptor.as_ref().and_then(polled))
}

fn expiring(mut answer: PollInfo, expires: SystemTime) -> PollInfo {
    let (seconds, nanos) = since_epoch(expires);
    let time = answer.expiration_time.get_or_insert_default();
    (time.seconds, time.nanos) = (seconds, nanos);
    answer
}

fn packed(sealed: Bytes) -> Bytes {
    let any = Any {
        type_url: TYPE_URL.to_owned(),
        value: sealed,
    };
    any.encode_to_vec().into()
}

fn unpacked(bytes: &Bytes) -> Option<Bytes> {
    let any = Any::decode(bytes.clone()).ok()?;
    (any.type_url == TYPE_URL).then_some(any.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_polled_with_comes_back() {
        let sealed = Bytes::from_static(b"sealed");
        let asked = FlightDescriptor::new_cmd("command");
        let answer = poll_unfinished(
            asked.clone(),
            &Schema::empty(),
            sealed.clone(),
            Some(0.5),
            SystemTime::now(),
        );
        let answer = answer.unwrap();
        let again = answer.flight_descriptor.unwrap();
        assert_eq!(polled(&again), Some(sealed.clone()));
        assert_eq!(poll_of(&answer.info.unwrap()), Some(sealed));
        assert_eq!(polled(&asked), None);
    }
}
