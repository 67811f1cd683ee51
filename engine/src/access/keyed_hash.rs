//! The hash of mask `hash`: HMAC-SHA256 under the engine's key.
//!
//! Without a key, whoever sees hashes could try all telephone numbers or addresses until one fits. With
//! it, equal values still have equal hashes, in every table, so that masked columns can be joined, grouped and
//! counted.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, Int64Array, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Int64Type, UInt64Type};
use datafusion::common::{exec_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use ring::hmac;
use ring::rand::SystemRandom;

use crate::EngineError;

/// Bytes below which a key could be guessed.
const SHORTEST_KEY: usize = 16;

/// The key, which never leaves the process.
pub(crate) type MaskKey = Arc<hmac::Key>;

/// The key in a file, or one drawn for this process, under which hashes change with every start.
///
/// # Errors
/// When the file cannot be read or holds less than 16 bytes.
pub(crate) fn mask_key(
    file: Option<&Path>,
    base: &Path,
) -> std::result::Result<MaskKey, EngineError> {
    let wrong = |message: String| EngineError::Config {
        message: format!("engine.mask_key_file: {message}"),
    };
    let Some(file) = file else {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new());
        let key = key.map_err(|_| wrong("the system gives no randomness for a key".to_owned()))?;
        return Ok(Arc::new(key));
    };
    let file = base.join(file);
    let bytes = std::fs::read(&file)
        .map_err(|error| wrong(format!("{} cannot be read: {error}", file.display())))?;
    if bytes.len() < SHORTEST_KEY {
        return Err(wrong(format!(
            "expected at least {SHORTEST_KEY} bytes in {}, got {}",
            file.display(),
            bytes.len()
        )));
    }
    Ok(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
}

/// Hashes texts to hexadecimal digits, binary values to 32 bytes, and 64-bit integers to others that are not
/// negative.
pub(super) struct KeyedHash {
    key: MaskKey,
    signature: Signature,
}

impl KeyedHash {
    pub(super) fn new(key: MaskKey) -> Self {
        Self {
            key,
            signature: Signature::any(1, Volatility::Immutable),
        }
    }

    /// Whether there is a hash of this type that fits it.
    pub(super) fn takes(data_type: &DataType) -> bool {
        use DataType::{Binary, BinaryView, Int64, LargeBinary, LargeUtf8, UInt64, Utf8, Utf8View};
        matches!(
            data_type,
            Utf8 | LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView | Int64 | UInt64
        )
    }

    fn tag(&self, value: &[u8]) -> hmac::Tag {
        hmac::sign(&self.key, value)
    }

    fn hex(&self, value: &str) -> String {
        let tag = self.tag(value.as_bytes());
        tag.as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// The first eight bytes, without the sign.
    fn number(&self, value: [u8; 8]) -> u64 {
        let tag = self.tag(&value);
        let first = tag.as_ref().iter().take(8);
        first.fold(0, |number, byte| (number << 8) | u64::from(*byte)) >> 1
    }

    fn hashed(&self, values: &ArrayRef) -> Result<ArrayRef> {
        Ok(match values.data_type() {
            DataType::Utf8 => Arc::new(StringArray::from_iter(
                values
                    .as_string::<i32>()
                    .iter()
                    .map(|value| Some(self.hex(value?))),
            )),
            DataType::Binary => Arc::new(BinaryArray::from_iter(
                values
                    .as_binary::<i32>()
                    .iter()
                    .map(|value| Some(self.tag(value?).as_ref().to_vec())),
            )),
            DataType::Int64 => Arc::new(Int64Array::from_iter(
                values
                    .as_primitive::<Int64Type>()
                    .iter()
                    .map(|value| Some(self.number(value?.to_be_bytes()).cast_signed())),
            )),
            DataType::UInt64 => Arc::new(UInt64Array::from_iter(
                values
                    .as_primitive::<UInt64Type>()
                    .iter()
                    .map(|value| Some(self.number(value?.to_be_bytes()))),
            )),
            other => return exec_err!("mask hash takes no {other}"),
        })
    }
}

impl fmt::Debug for KeyedHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyedHash")
    }
}

impl PartialEq for KeyedHash {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.key, &other.key)
    }
}

impl Eq for KeyedHash {}

impl Hash for KeyedHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.key).hash(state);
    }
}

impl ScalarUDFImpl for KeyedHash {
    fn name(&self) -> &'static str {
        "masked"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [one] if Self::takes(one) => Ok(hash_type(one)),
            other => plan_err!("mask hash takes no {other:?}"),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let values = ColumnarValue::values_to_arrays(&arguments.args)?;
        let [values] = values.as_slice() else {
            return exec_err!("mask hash takes one value");
        };
        let values = arrow::compute::cast(values, &hash_type(values.data_type()))?;
        Ok(ColumnarValue::Array(self.hashed(&values)?))
    }
}

/// The type in which values are hashed, and their hashes given.
fn hash_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Int64 | DataType::UInt64 => data_type.clone(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => DataType::Binary,
        _ => DataType::Utf8,
    }
}
