//! Every file explains itself, stays short and names no machine.

use std::path::Path;

use super::{assert_none, files_below, read};

const LONGEST_SOURCE_LINES: usize = 400;
const LONGEST_TEST_LINES: usize = 500;
const LONGEST_SLT_LINES: usize = 300;

fn is_test(path: &Path) -> bool {
    path.components()
        .any(|part| part.as_os_str() == "tests" || part.as_os_str() == "benches")
}

#[test]
fn every_rust_file_begins_with_module_docs() {
    let complaints: Vec<_> = files_below("", &["rs"])
        .iter()
        .filter(|path| !read(path).starts_with("//! "))
        .map(|path| path.display().to_string())
        .collect();
    assert_none("files without a `//!` header", &complaints);
}

#[test]
fn files_stay_short() {
    let mut complaints = Vec::new();
    for path in files_below("", &["rs", "slt", "sql", "py"]) {
        let longest = match path.extension().and_then(|e| e.to_str()) {
            Some("slt") => LONGEST_SLT_LINES,
            _ if is_test(&path) => LONGEST_TEST_LINES,
            _ => LONGEST_SOURCE_LINES,
        };
        let lines = read(&path).lines().count();
        if lines > longest {
            complaints.push(format!(
                "{}: {lines} lines, at most {longest}",
                path.display()
            ));
        }
    }
    assert_none("files too long", &complaints);
}

#[test]
fn no_file_names_a_machine() {
    // Spelled in parts so that this file does not name them either.
    let folders = ["work", "home", "root", "Users"].map(|name| format!("/{name}/"));
    let kinds = [
        "rs", "toml", "md", "sql", "slt", "py", "sh", "svg", "yml", "json", "proto", "txt", "lock",
    ];
    let mut complaints = Vec::new();
    let mut files = files_below("", &kinds);
    files.extend([".ci/run", "justfile", "NOTICE"].map(Into::into));
    for path in files {
        for (number, line) in read(&path).lines().enumerate() {
            if let Some(folder) = folders
                .iter()
                .find(|folder| is_absolute_use(line, folder.as_str()))
            {
                complaints.push(format!("{}:{}: {folder}", path.display(), number + 1));
            }
        }
    }
    assert_none("paths of one machine", &complaints);
}

/// Whether `folder` stands in `line` as the start of a path rather than in the
/// middle of a URL or of a longer path.
fn is_absolute_use(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        !line[..at]
            .chars()
            .next_back()
            .is_some_and(|before| before.is_alphanumeric() || "._-$}~".contains(before))
    })
}
