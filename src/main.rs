//! The `cohortql` command.

mod cli;

use std::process::ExitCode;

/// Hash tables of millions of customers are what the system's allocator is
/// slowest at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // More than one provider is compiled in, and rustls refuses to choose.
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        return ExitCode::FAILURE;
    }
    cli::main()
}
