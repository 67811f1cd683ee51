//! Errors in words a user can act on: the file named, the engine's wrapping gone.

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use datafusion::execution::object_store::ObjectStoreUrl;
use object_store::path::Path;

/// The innermost message of an error, without the names of the layers above it.
pub(crate) fn plain(error: &DataFusionError) -> String {
    match error.find_root() {
        DataFusionError::ArrowError(error, _) => match error.as_ref() {
            ArrowError::CsvError(text)
            | ArrowError::JsonError(text)
            | ArrowError::ParseError(text)
            | ArrowError::SchemaError(text)
            | ArrowError::InvalidArgumentError(text) => text.clone(),
            ArrowError::ExternalError(inner) => inner.to_string(),
            other => other.to_string(),
        },
        DataFusionError::ObjectStore(error) => error.to_string(),
        DataFusionError::ParquetError(error) => error.to_string(),
        DataFusionError::IoError(error) => error.to_string(),
        DataFusionError::External(error) => error.to_string(),
        root => root.message().into_owned(),
    }
}

/// A file as the user knows it: a path on disk, a URL elsewhere.
pub(crate) fn file_name(store: &ObjectStoreUrl, path: &Path) -> String {
    match store.as_str() {
        "file:///" => format!("/{path}"),
        url => format!("{url}{path}"),
    }
}

/// An error that happened while reading `file`, saying so.
///
/// Errors of the store keep their kind, since they name the object already and
/// callers tell by it what went wrong.
pub(crate) fn in_file(file: &str, error: DataFusionError) -> DataFusionError {
    match error.find_root() {
        DataFusionError::ObjectStore(inner)
            if matches!(**inner, object_store::Error::NotFound { .. }) =>
        {
            DataFusionError::Execution(format!(
                "file \"{file}\" is gone: it was there when the query was planned"
            ))
        }
        DataFusionError::ObjectStore(_) | DataFusionError::ResourcesExhausted(_) => error,
        _ => DataFusionError::Execution(format!("cannot read \"{file}\": {}", explain(&error))),
    }
}

/// [`plain`], with the commonest causes of broken files spelt out.
fn explain(error: &DataFusionError) -> String {
    let text = plain(error);
    let lower = text.to_lowercase();
    if lower.contains("unexpected end of file")
        || lower.contains("incomplete frame")
        || lower.contains("incomplete deflate")
        || lower.contains("unexpected eof")
        || lower.contains("corrupt deflate stream")
        || lower.contains("unexpected bufferror")
    {
        return format!("the compressed data ends too early or is damaged ({text})");
    }
    if lower.contains("corrupt footer") || lower.contains("invalid parquet file") {
        return format!("not a whole Parquet file: its footer is missing or damaged ({text})");
    }
    text
}
