//! Sealed bytes, altered, truncated and foreign.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cohortql_protocol_fuzz::trials::tickets(data));
