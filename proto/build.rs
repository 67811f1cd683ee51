//! Compiles the .proto files with a compiler written in Rust, so that no
//! `protoc` has to be installed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = [
        "proto/arrow/flight/protocol/session.proto",
        "proto/cohortql/ticket/v1/ticket.proto",
        "proto/cohortql/control/v1/control.proto",
    ];
    for file in files {
        println!("cargo::rerun-if-changed={file}");
    }
    let descriptors = protox::compile(files, ["proto"])?;
    tonic_prost_build::configure()
        .bytes(".cohortql.ticket.v1")
        .compile_fds(descriptors)?;
    Ok(())
}
