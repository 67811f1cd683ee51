//! Compiles the .proto files of Substrait without `protoc`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = [
        "substrait/plan.proto",
        "substrait/extended_expression.proto",
    ];
    println!("cargo::rerun-if-changed=proto");
    let descriptors = protox::compile(files, ["proto"])?;
    prost_build::Config::new()
        // They are not written for rustdoc.
        .disable_comments(["."])
        // As `datafusion-substrait` takes them.
        .compile_well_known_types()
        .extern_path(".google.protobuf", "::pbjson_types")
        .compile_fds(descriptors)?;
    Ok(())
}
