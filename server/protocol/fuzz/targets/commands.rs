//! Packed commands of Flight SQL.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cohortql_protocol_fuzz::trials::commands(data));
