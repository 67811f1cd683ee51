//! Drivers with ways of their own to send parameters, told apart by their user agents.

use arrow::datatypes::{DataType, TimeUnit};
use tonic::metadata::MetadataMap;

/// A kind of driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Driver {
    /// ADBC takes Arrow's Null for "type unknown", and sends its own types, whatever is announced.
    Adbc,
    /// JDBC, and with it all of Java's clients. JDBC counts times in milliseconds, whatever unit is
    /// announced, up to 18.3.0 at least; a type that it does not know it cannot send.
    Java,
    /// Whoever sends what was announced.
    Other,
}

impl Driver {
    /// The driver that a call comes from.
    pub(crate) fn of(metadata: &MetadataMap) -> Self {
        let agent = metadata
            .get("user-agent")
            .and_then(|agent| agent.to_str().ok());
        match agent {
            Some(agent) if agent.contains("ADBC") => Self::Adbc,
            Some(agent) if agent.contains("grpc-java") || agent.contains("JDBC") => Self::Java,
            _ => Self::Other,
        }
    }

    /// The type announced for a parameter whose type the statement leaves open.
    pub(crate) fn unknown_type(self) -> DataType {
        match self {
            Self::Adbc => DataType::Null,
            Self::Java | Self::Other => DataType::Utf8,
        }
    }

    /// The type announced for a parameter that is to be sent as `data_type`. Values are cast to
    /// what the statement wants when they come.
    pub(crate) fn parameter_type(self, data_type: &DataType) -> DataType {
        match (self, data_type) {
            (Self::Java, DataType::Timestamp(_, zone)) => {
                DataType::Timestamp(TimeUnit::Millisecond, zone.clone())
            }
            (Self::Java, DataType::Time32(_) | DataType::Time64(_)) => {
                DataType::Time32(TimeUnit::Millisecond)
            }
            (_, other) => other.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn driver(agent: &'static str) -> Driver {
        let mut metadata = MetadataMap::new();
        metadata.insert("user-agent", agent.parse().unwrap());
        Driver::of(&metadata)
    }

    #[test]
    fn drivers_are_known_by_their_agents() {
        for (agent, expected) in [
            (
                "ADBC Flight SQL Driver v1.12.0 grpc-go/1.80.0",
                Driver::Adbc,
            ),
            ("grpc-java-netty/1.71.0", Driver::Java),
            ("JDBC Flight SQL Driver 19.0.0", Driver::Java),
            ("grpc-c++/1.46.3", Driver::Other),
        ] {
            assert_eq!(driver(agent), expected, "{agent}");
        }
        assert_eq!(Driver::of(&MetadataMap::new()), Driver::Other);
    }

    #[test]
    fn java_is_asked_for_milliseconds() {
        let zone = Some("UTC".into());
        let moment = DataType::Timestamp(TimeUnit::Nanosecond, zone.clone());
        let time = DataType::Time64(TimeUnit::Nanosecond);
        assert_eq!(
            Driver::Java.parameter_type(&moment),
            DataType::Timestamp(TimeUnit::Millisecond, zone)
        );
        assert_eq!(
            Driver::Java.parameter_type(&time),
            DataType::Time32(TimeUnit::Millisecond)
        );
        for driver in [Driver::Adbc, Driver::Other] {
            assert_eq!(driver.parameter_type(&moment), moment);
        }
        assert_eq!(
            Driver::Java.parameter_type(&DataType::Date32),
            DataType::Date32
        );
    }
}
