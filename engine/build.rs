//! Puts the shipped models into the engine: every file of `sql/` but the demonstration's.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// What is put in, below `sql/` of the repository.
const FOLDERS: [&str; 7] = [
    "",
    "staging",
    "intermediate",
    "marts",
    "snapshots",
    "seeds",
    "tests",
];

fn main() -> io::Result<()> {
    let root = variable("CARGO_MANIFEST_DIR")?.join("../sql");
    println!("cargo:rerun-if-changed={}", root.display());
    let mut list = String::from("&[\n");
    for folder in FOLDERS {
        for path in files(&root.join(folder))? {
            let name = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy();
            // Writing to a text cannot fail.
            let _ = writeln!(list, "({name:?}, include_str!({path:?})),");
        }
    }
    list.push(']');
    fs::write(variable("OUT_DIR")?.join("shipped_models.rs"), list)
}

fn variable(name: &str) -> io::Result<PathBuf> {
    env::var_os(name)
        .map(PathBuf::from)
        .ok_or_else(|| io::Error::other(format!("{name} is not set")))
}

/// The files right in a folder, in the order of their names.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
