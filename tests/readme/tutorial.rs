//! The tutorial runs as it stands: its commands one after the other, its files where it says, and its
//! outputs as they are. `UPDATE_DOCS=1` rewrites these.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{blocks, read};
use crate::support::root;

const DOCUMENT: &str = "docs/tutorial.md";

/// Runs commands in a folder, and gives what they print and the folder that they end in.
fn run(commands: &str, folder: &Path) -> (String, PathBuf) {
    let binary = Path::new(env!("CARGO_BIN_EXE_cohortql"));
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", binary.parent().unwrap().display());
    let end = tempfile::NamedTempFile::new().unwrap();
    let output = Command::new("sh")
        .args(["-ec", &format!("{commands}\npwd > \"$END\"")])
        .env("PATH", path)
        .env("END", end.path())
        .env_remove("COHORTQL_PROJECT")
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{commands}{said}{stderr}");
    let end = std::fs::read_to_string(end.path()).unwrap();
    (said, PathBuf::from(end.trim()))
}

#[test]
fn the_tutorial_is_true() {
    let text = read(DOCUMENT);
    let start = TempDir::new().unwrap();
    let (mut folder, mut said) = (start.path().to_path_buf(), String::new());
    let (mut commands, mut compared) = (0, 0);
    let mut wrong = Vec::new();
    for block in blocks(&text) {
        match block.kind.split_once(' ') {
            None if block.kind == "sh" => {
                (said, folder) = run(&block.text, &folder);
                commands += 1;
            }
            None if block.kind == "text" => {
                compared += 1;
                let lines = said.lines().map(|line| format!("{}\n", line.trim_end()));
                let said: String = lines.collect();
                if said != block.text {
                    wrong.push((block, said));
                }
            }
            Some(("toml" | "sql", path)) => {
                let path = folder.join(path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, &block.text).unwrap();
            }
            _ => {}
        }
    }
    assert!(commands > 8 && compared > 3, "{commands} {compared}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let mut lines: Vec<&str> = text.lines().collect();
        for (block, said) in wrong.iter().rev() {
            let shown = block.line..block.line + block.text.lines().count();
            lines.splice(shown, said.lines());
        }
        std::fs::write(root().join(DOCUMENT), lines.join("\n") + "\n").unwrap();
        return;
    }
    let wrong: Vec<_> = wrong
        .iter()
        .map(|(block, said)| format!("line {}: {said}", block.line))
        .collect();
    assert!(
        wrong.is_empty(),
        "not what is printed: {}",
        wrong.join("\n")
    );
    assert!(folder.join("target/docs/index.html").is_file());
}
