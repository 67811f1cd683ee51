//! Rows of parameters against wanted types.

#![no_main]

// Kernels may panic within the cast, which contains that: only what gets out of it is a finding.
libfuzzer_sys::fuzz_target!(
    init: std::panic::set_hook(Box::new(|_| {})),
    |data: &[u8]| cohortql_protocol_fuzz::trials::parameters(data)
);
