//! What became of the rows, for people and for programs.

use cohortql_engine::load::{Counts, Loaded};
use serde_json::json;

use super::Format;
use crate::cli::error::CliError;
use crate::cli::print;

/// Says it.
pub(super) fn say(loaded: &Loaded, format: Format) -> Result<(), CliError> {
    let text = match format {
        Format::Text => text(loaded),
        Format::Json => json(loaded),
    };
    print(text.as_bytes())
}

fn text(loaded: &Loaded) -> String {
    let table = &loaded.table;
    if loaded.was_loaded {
        return format!(
            "{table}: nothing to do, these rows were loaded before (load {}); --again loads them once \
             more\n",
            loaded.id
        );
    }
    let counts = &loaded.counts;
    let parts = parts(counts).map(|(number, what)| format!("{} {what}", grouped(number)));
    let mut text = format!(
        "{table}: {} read = {}\n",
        grouped(counts.read),
        parts.collect::<Vec<_>>().join(" + ")
    );
    if counts.removed > 0 {
        text += &format!("{} rows were replaced\n", grouped(counts.removed));
    }
    if counts.marked_deleted > 0 {
        let marked = grouped(counts.marked_deleted);
        text += &format!("{marked} rows that came no more were marked as deleted\n");
    }
    if loaded.withheld_deletions {
        text += "no rows were marked as deleted, since a row came whose key cannot be read\n";
    }
    if !loaded.added_columns.is_empty() {
        text += &format!("columns were added: {}\n", loaded.added_columns.join(", "));
    }
    if let Some(quarantine) = &loaded.quarantine {
        text += &format!(
            "{quarantine} says why rows do not fit (load {})\n",
            loaded.id
        );
    }
    text
}

/// The parts that make up what was read. Those that a mode never has are left out when empty.
fn parts(counts: &Counts) -> impl Iterator<Item = (u64, &'static str)> {
    let all = [
        (counts.inserted, "inserted", true),
        (counts.updated, "updated", false),
        (counts.unchanged, "unchanged", false),
        (counts.duplicates, "older duplicates", false),
        (counts.quarantined, "quarantined", true),
    ];
    all.into_iter()
        .filter(|(number, _, always)| *always || *number > 0)
        .map(|(number, what, _)| (number, what))
}

fn json(loaded: &Loaded) -> String {
    let counts = &loaded.counts;
    let value = json!({
        "table": loaded.table,
        "mode": loaded.mode,
        "load_id": loaded.id,
        "was_loaded": loaded.was_loaded,
        "read": counts.read,
        "inserted": counts.inserted,
        "updated": counts.updated,
        "unchanged": counts.unchanged,
        "duplicates": counts.duplicates,
        "quarantined": counts.quarantined,
        "marked_deleted": counts.marked_deleted,
        "removed": counts.removed,
        "withheld_deletions": loaded.withheld_deletions,
        "added_columns": loaded.added_columns,
        "quarantine": loaded.quarantine,
    });
    format!("{value}\n")
}

/// A number with commas between its thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let grouped: Vec<_> = [0, 999, 1000, 1_234_567].map(grouped).into();
        assert_eq!(grouped, ["0", "999", "1,000", "1,234,567"]);
    }
}
