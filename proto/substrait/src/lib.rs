//! The messages of [Substrait](https://substrait.io) 0.85: generated code only.
//!
//! The `.proto` files under `proto/` are the project's own, under the Apache License 2.0.

/// The messages.
#[expect(missing_docs, reason = "the code is generated")]
pub mod proto {
    /// Extensions of functions and types.
    pub mod extensions {
        include!(concat!(env!("OUT_DIR"), "/substrait.extensions.rs"));
    }

    include!(concat!(env!("OUT_DIR"), "/substrait.rs"));
}

/// The version of Substrait that the messages are of.
pub mod version {
    use crate::proto::Version;

    /// The version, without a producer.
    pub fn version() -> Version {
        version_with_producer(String::new())
    }

    /// The version, of a plan that `producer` makes.
    pub fn version_with_producer(producer: impl Into<String>) -> Version {
        Version {
            major_number: 0,
            minor_number: 85,
            patch_number: 0,
            git_hash: String::new(),
            producer: producer.into(),
        }
    }
}
