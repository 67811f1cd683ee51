//! Dependencies point one way, and only the server knows the network protocols.

use std::path::Path;

use super::{assert_none, read};

/// Each crate with the crates of ours that it may use.
const ALLOWED: [(&str, &[&str]); 6] = [
    ("udfs", &[]),
    ("proto", &[]),
    ("engine", &["cohortql-udfs"]),
    ("server/protocol", &["cohortql-proto"]),
    (
        "server",
        &["cohortql-engine", "cohortql-proto", "cohortql-protocol"],
    ),
    ("", &["cohortql-server", "cohortql-engine", "cohortql-udfs"]),
];

const NETWORK: [&str; 8] = [
    "tonic",
    "tonic-health",
    "arrow-flight",
    "axum",
    "hyper",
    "hyper-util",
    "reqwest",
    "tower-http",
];

/// Names in the `[section]` of a crate's manifest.
fn dependencies(folder: &str, section: &str) -> Vec<String> {
    let manifest = read(&Path::new(folder).join("Cargo.toml"));
    manifest
        .lines()
        .skip_while(|line| line.trim() != format!("[{section}]"))
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim().trim_end_matches(".workspace").to_string())
        .collect()
}

#[test]
fn dependencies_point_one_way() {
    let mut complaints = Vec::new();
    for (folder, allowed) in ALLOWED {
        let names = dependencies(folder, "dependencies");
        assert!(!names.is_empty(), "no dependencies read from {folder:?}");
        for name in names {
            if name.starts_with("cohortql") && !allowed.contains(&name.as_str()) {
                complaints.push(format!("{folder:?} must not use {name}"));
            }
        }
    }
    assert_none("dependencies against the direction", &complaints);
}

#[test]
fn only_the_server_knows_network_protocols() {
    let mut complaints = Vec::new();
    for folder in ["", "engine", "udfs"] {
        for name in dependencies(folder, "dependencies") {
            // The root names hyper-util only for its features, so that every
            // build has the same.
            let for_features = folder.is_empty() && name == "hyper-util";
            if NETWORK.contains(&name.as_str()) && !for_features {
                complaints.push(format!("{folder:?} must not use {name}"));
            }
        }
    }
    assert_none("network protocols outside the server", &complaints);
}

#[test]
fn the_functions_need_no_io() {
    for name in dependencies("udfs", "dependencies") {
        assert!(
            !["tokio", "object_store", "parquet", "deltalake"].contains(&name.as_str()),
            "udfs must not use {name}"
        );
    }
}

#[test]
fn the_oldest_compiler_is_stated_once() {
    assert!(read(Path::new("Cargo.toml")).contains("rust-version = \"1.95\""));
    for folder in ["udfs", "proto", "engine", "server"] {
        let manifest = read(&Path::new(folder).join("Cargo.toml"));
        assert!(
            manifest.contains("rust-version.workspace = true"),
            "{folder}/Cargo.toml must take rust-version from the workspace"
        );
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{folder}/Cargo.toml must take its lints from the workspace"
        );
    }
}
