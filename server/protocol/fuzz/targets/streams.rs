//! Sequences of messages that a client puts.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cohortql_protocol_fuzz::trials::streams(data));
