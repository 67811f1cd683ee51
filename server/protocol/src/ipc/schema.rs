//! A schema's fields, each of a type that Arrow has, and not too many of them.

use arrow_ipc::{
    DateUnit, DictionaryEncoding, Endianness, Field, IntervalUnit, Precision, Schema, TimeUnit,
    Type, UnionMode,
};

use super::invalid;
use crate::error::ProtocolError;

/// Fields of a schema at all depths.
const FIELDS: usize = 16_384;

/// How deep fields may lie within each other.
const DEPTH: usize = 32;

/// Bytes of all names and metadata together. One text may be named many times in a flatbuffer,
/// so that the message's size does not bound them.
const TEXT_BYTES: usize = 4 << 20;

/// Fields that a union can number.
const UNION_FIELDS: usize = 128;

/// Checks a schema before it is made Arrow's.
pub(super) fn inspect(schema: &Schema<'_>) -> Result<(), ProtocolError> {
    if schema.endianness() != Endianness::Little {
        return Err(invalid(
            "expected values in little-endian order, got another",
        ));
    }
    let fields = schema
        .fields()
        .ok_or_else(|| invalid("a schema has no list of fields"))?;
    let mut count = Count::default();
    for pair in schema.custom_metadata().into_iter().flatten() {
        count.text(pair.key())?;
        count.text(pair.value())?;
    }
    for field in fields {
        count.field(&field, DEPTH)?;
    }
    Ok(())
}

/// What was met so far.
#[derive(Debug, Default)]
struct Count {
    fields: usize,
    text: usize,
}

impl Count {
    fn text(&mut self, text: Option<&str>) -> Result<(), ProtocolError> {
        self.text += text.map_or(0, str::len);
        if self.text > TEXT_BYTES {
            return Err(invalid(format!(
                "the names and metadata of a schema may take {} MiB",
                TEXT_BYTES >> 20
            )));
        }
        Ok(())
    }

    fn field(&mut self, field: &Field<'_>, depth: usize) -> Result<(), ProtocolError> {
        self.fields += 1;
        if self.fields > FIELDS {
            return Err(invalid(format!(
                "a schema may have {FIELDS} fields, got more"
            )));
        }
        let Some(depth) = depth.checked_sub(1) else {
            return Err(invalid(format!(
                "the fields of a schema may lie {DEPTH} deep, got more"
            )));
        };
        self.text(field.name())?;
        for pair in field.custom_metadata().into_iter().flatten() {
            self.text(pair.key())?;
            self.text(pair.value())?;
        }
        let zone = field.type_as_timestamp().and_then(|zoned| zoned.timezone());
        self.text(zone)?;
        let name = field.name().unwrap_or_default();
        let exists = is_type(field) && field.dictionary().as_ref().is_none_or(is_key);
        if !exists {
            let name: String = name.chars().take(64).collect();
            return Err(invalid(format!(
                "field {name:?} has a type that Arrow does not have"
            )));
        }
        for child in field.children().into_iter().flatten() {
            self.field(&child, depth)?;
        }
        Ok(())
    }
}

/// Whether a dictionary's keys are integers.
fn is_key(dictionary: &DictionaryEncoding<'_>) -> bool {
    let key = dictionary.indexType();
    key.is_some_and(|key| is_width(key.bitWidth()))
}

fn is_width(bits: i32) -> bool {
    matches!(bits, 8 | 16 | 32 | 64)
}

/// Whether Arrow has the type of a field, leaving those of its children aside.
fn is_type(field: &Field<'_>) -> bool {
    let children = field.children().map_or(0, |children| children.len());
    is_flat(field).unwrap_or_else(|| is_nested(field, children).unwrap_or(false))
}

/// Types without children; none for other types, and where the description is missing.
fn is_flat(field: &Field<'_>) -> Option<bool> {
    Some(match field.type_type() {
        Type::Null
        | Type::Bool
        | Type::Binary
        | Type::BinaryView
        | Type::LargeBinary
        | Type::Utf8
        | Type::Utf8View
        | Type::LargeUtf8 => true,
        Type::Int => is_width(field.type_as_int()?.bitWidth()),
        Type::FloatingPoint => matches!(
            field.type_as_floating_point()?.precision(),
            Precision::HALF | Precision::SINGLE | Precision::DOUBLE
        ),
        Type::FixedSizeBinary => field.type_as_fixed_size_binary()?.byteWidth() > 0,
        Type::Decimal => {
            let decimal = field.type_as_decimal()?;
            let most = match decimal.bitWidth() {
                32 => 9,
                64 => 18,
                128 => 38,
                256 => 76,
                _ => return None,
            };
            let (precision, scale) = (decimal.precision(), decimal.scale());
            (1..=most).contains(&precision) && (-most..=precision).contains(&scale)
        }
        Type::Date => matches!(
            field.type_as_date()?.unit(),
            DateUnit::DAY | DateUnit::MILLISECOND
        ),
        Type::Time => {
            let time = field.type_as_time()?;
            matches!(
                (time.bitWidth(), time.unit()),
                (32, TimeUnit::SECOND | TimeUnit::MILLISECOND)
                    | (64, TimeUnit::MICROSECOND | TimeUnit::NANOSECOND)
            )
        }
        Type::Timestamp => is_unit(field.type_as_timestamp()?.unit()),
        Type::Duration => is_unit(field.type_as_duration()?.unit()),
        Type::Interval => matches!(
            field.type_as_interval()?.unit(),
            IntervalUnit::YEAR_MONTH | IntervalUnit::DAY_TIME | IntervalUnit::MONTH_DAY_NANO
        ),
        _ => return None,
    })
}

fn is_unit(unit: TimeUnit) -> bool {
    matches!(
        unit,
        TimeUnit::SECOND | TimeUnit::MILLISECOND | TimeUnit::MICROSECOND | TimeUnit::NANOSECOND
    )
}

/// Types of other types.
fn is_nested(field: &Field<'_>, children: usize) -> Option<bool> {
    Some(match field.type_type() {
        Type::List | Type::LargeList | Type::ListView | Type::LargeListView => children == 1,
        Type::FixedSizeList => children == 1 && field.type_as_fixed_size_list()?.listSize() > 0,
        Type::Map => field.type_as_map().is_some() && is_map(field)?,
        Type::Struct_ => true,
        Type::RunEndEncoded => children == 2 && is_run_end(&field.children()?.get(0))?,
        Type::Union => {
            let union = field.type_as_union()?;
            let mode = matches!(union.mode(), UnionMode::Sparse | UnionMode::Dense);
            let numbers = union.typeIds().map(|ids| ids.iter().collect::<Vec<i32>>());
            mode && (1..=UNION_FIELDS).contains(&children)
                && numbers.is_none_or(|numbers| are_distinct(&numbers, children))
        }
        _ => return None,
    })
}

/// Whether a map's one child is entries of two fields, of which the key is never null.
fn is_map(field: &Field<'_>) -> Option<bool> {
    let children = field.children()?;
    if children.len() != 1 {
        return None;
    }
    let entries = children.get(0);
    let fields = entries.children()?;
    Some(
        entries.type_type() == Type::Struct_
            && entries.dictionary().is_none()
            && !entries.nullable()
            && fields.len() == 2
            && !fields.get(0).nullable(),
    )
}

/// Whether a field can say where runs end.
fn is_run_end(field: &Field<'_>) -> Option<bool> {
    let number = field.type_as_int()?;
    let bits = matches!(number.bitWidth(), 16 | 32 | 64);
    Some(bits && number.is_signed() && field.dictionary().is_none() && !field.nullable())
}

/// Whether a union's fields have a number each, and no two the same.
fn are_distinct(numbers: &[i32], fields: usize) -> bool {
    let mut met = 0_u128;
    numbers.len() == fields
        && numbers.iter().all(|number| {
            let bit = u32::try_from(*number)
                .ok()
                .and_then(|number| 1_u128.checked_shl(number));
            let new = bit.filter(|bit| met & bit == 0);
            met |= new.unwrap_or(0);
            new.is_some()
        })
}
