//! Rows of parameters against wanted types.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cohortql_protocol_fuzz::trials::parameters(data));
