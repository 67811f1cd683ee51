//! The corpus, run as an ordinary test.

use std::fs;
use std::path::{Path, PathBuf};

use super::TRIALS;

/// Where a trial's corpus lies.
pub(super) fn corpus(trial: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(trial)
}

#[test]
fn the_corpus_replays() {
    for (name, trial) in TRIALS {
        let mut files: Vec<PathBuf> = fs::read_dir(corpus(name))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        assert!(!files.is_empty(), "{name} has no corpus");
        files.sort();
        for file in files {
            let bytes = fs::read(&file).unwrap();
            let passed = std::panic::catch_unwind(|| trial(&bytes));
            assert!(passed.is_ok(), "{}", file.display());
        }
    }
}

#[test]
fn every_trial_has_its_target() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/Cargo.toml");
    let manifest = fs::read_to_string(manifest).unwrap();
    for (name, _) in TRIALS {
        assert!(
            manifest.contains(&format!("path = \"targets/{name}.rs\"")),
            "{name}"
        );
    }
}
