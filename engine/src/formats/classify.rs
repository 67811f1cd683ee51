//! What a file is, by its name: its format and how it is compressed.

use std::str::FromStr;

use datafusion::common::plan_err;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::error::Result;

use super::{FORMATS, TableFormat};

/// The extensions of compressed files and what each stands for.
const COMPRESSIONS: [(&str, FileCompressionType); 4] = [
    ("gz", FileCompressionType::GZIP),
    ("gzip", FileCompressionType::GZIP),
    ("zst", FileCompressionType::ZSTD),
    ("zstd", FileCompressionType::ZSTD),
];

/// The format of a file by its name, if the extension is a known one.
pub(crate) fn format_of(file: &str) -> Option<&'static dyn TableFormat> {
    let lower = file.to_ascii_lowercase();
    let (rest, _) = split_compression(&lower);
    let extension = rest.rsplit_once('.')?.1;
    FORMATS
        .iter()
        .copied()
        .find(|f| f.extensions().contains(&extension))
}

/// How a file is compressed, by its name.
pub(crate) fn compression_of(file: &str) -> Option<FileCompressionType> {
    split_compression(&file.to_ascii_lowercase()).1
}

/// The value of a `compression` option.
///
/// # Errors
/// When the value names no compression that is read.
pub(crate) fn compression_named(value: &str) -> Result<FileCompressionType> {
    match value.to_ascii_lowercase().as_str() {
        "none" | "uncompressed" => Ok(FileCompressionType::UNCOMPRESSED),
        lower => match COMPRESSIONS.iter().find(|(name, _)| *name == lower) {
            Some((_, compression)) => Ok(*compression),
            None if FileCompressionType::from_str(lower).is_ok() => {
                plan_err!("compression \"{value}\" is not read; expected gzip, zstd or none")
            }
            None => plan_err!("option \"compression\" must be gzip, zstd or none, got \"{value}\""),
        },
    }
}

/// The name without the extensions that [`format_of`] and [`compression_of`] read.
pub(crate) fn strip_extensions(file: &str) -> &str {
    let lower = file.to_ascii_lowercase();
    let (rest, _) = split_compression(&lower);
    let known = |ext: &str| FORMATS.iter().any(|f| f.extensions().contains(&ext));
    let kept = match rest.rsplit_once('.') {
        Some((stem, extension)) if known(extension) => stem.len(),
        _ => rest.len(),
    };
    &file[..kept]
}

/// The name without the extension that [`compression_of`] reads.
pub(crate) fn strip_compression(file: &str) -> &str {
    &file[..split_compression(&file.to_ascii_lowercase()).0.len()]
}

/// Whether tools leave such files beside the data: `_SUCCESS`, `.crc`, `_delta_log/…`.
pub(crate) fn is_hidden(relative: &str) -> bool {
    relative
        .split('/')
        .any(|part| part.starts_with(['_', '.']) && !part.contains('='))
}

fn split_compression(lower: &str) -> (&str, Option<FileCompressionType>) {
    if let Some((rest, extension)) = lower.rsplit_once('.')
        && let Some((_, compression)) = COMPRESSIONS.iter().find(|(name, _)| *name == extension)
    {
        return (rest, Some(*compression));
    }
    (lower, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_format_and_compression() {
        for (file, format) in [
            ("a.csv", Some("csv")),
            ("a.CSV.gz", Some("csv")),
            ("a.tsv.zst", Some("csv")),
            ("a.ndjson", Some("json")),
            ("a.parquet", Some("parquet")),
            ("a.feather", Some("arrow")),
            ("README.md", None),
            ("csv", None),
        ] {
            assert_eq!(format_of(file).map(TableFormat::name), format, "{file}");
        }
        assert_eq!(compression_of("a.csv.gz"), Some(FileCompressionType::GZIP));
        assert_eq!(compression_of("a.csv"), None);
    }

    #[test]
    fn hive_folders_with_an_underscore_are_data() {
        assert!(is_hidden("_delta_log/0.json"));
        assert!(is_hidden("a/.part.crc"));
        assert!(!is_hidden("_day=1/a.csv"));
    }

    #[test]
    fn other_compressions_are_named_as_not_read() {
        assert!(
            compression_named("bzip2")
                .unwrap_err()
                .to_string()
                .contains("gzip, zstd")
        );
        assert_eq!(
            compression_named("GZIP").unwrap(),
            FileCompressionType::GZIP
        );
    }
}
