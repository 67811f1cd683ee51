//! The variants of each group of rows: numbers a (group, variant) pair, so that tests keep flat
//! columns with an entry a pair, and tells control and treatment apart at the end.

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::can_cast_types;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{ScalarValue, exec_datafusion_err, exec_err, plan_err};
use datafusion::error::Result;

use crate::constants::{Constants, describe};
use crate::keys::{Keys, stored_type};
use crate::lists::{elements, groups_of_elements, list_field, list_of};
use crate::sql_types::sql_name;

/// The parameter that names the control.
const CONTROL: &str = "control";

/// How many variants a message names at most.
const NAMED: usize = 5;

/// The variants of some groups, a number each.
#[derive(Debug)]
pub(super) struct Variants {
    function: &'static str,
    data_type: DataType,
    groups: usize,
    /// The variants, of which each belongs to one group.
    keys: Keys,
    /// The control, when the call names one.
    control: Option<Control>,
}

/// The variant that a call names as the control.
#[derive(Debug, Clone)]
struct Control {
    key: Vec<u8>,
    /// As messages show it.
    name: String,
}

/// Checks that a control of this type can be one of the variants.
///
/// # Errors
///
/// A planning error that says what was expected.
pub(super) fn check_control(
    function: &str,
    variant: &FieldRef,
    control: Option<&FieldRef>,
) -> Result<()> {
    let variant = variant.data_type();
    match control.map(|control| control.data_type()) {
        Some(control) if !can_cast_types(control, &stored_type(variant)) => plan_err!(
            "argument \"{CONTROL}\" of {function} must be a constant variant, {}, got {}",
            sql_name(variant),
            sql_name(control)
        ),
        _ => Ok(()),
    }
}

impl Variants {
    /// No rows yet, of variants of type `variant`.
    ///
    /// # Errors
    ///
    /// A planning error when the call's control cannot be one of them.
    pub(super) fn of_call(
        function: &'static str,
        variant: &DataType,
        constants: &Constants,
    ) -> Result<Self> {
        let data_type = stored_type(variant);
        let control = match constants.value(CONTROL) {
            None => None,
            Some(given) => {
                let Some(control) = as_variant(given, &data_type) else {
                    let expected = format!("a constant variant, {}", sql_name(variant));
                    return Err(constants.wrong(CONTROL, &expected, given));
                };
                let mut keys = Keys::new(&data_type)?;
                keys.number(&control.to_array()?, None, |_| 0, &mut Vec::new())?;
                Some(Control {
                    key: keys.bytes(0).to_vec(),
                    name: describe(&control),
                })
            }
        };
        Ok(Self {
            function,
            groups: 0,
            keys: Keys::new(&data_type)?,
            control,
            data_type,
        })
    }

    /// As many groups for the same call, without rows.
    pub(super) fn emptied(&self, groups: usize) -> Result<Self> {
        Ok(Self {
            function: self.function,
            groups,
            keys: Keys::new(&self.data_type)?,
            control: self.control.clone(),
            data_type: self.data_type.clone(),
        })
    }

    pub(super) fn grow(&mut self, groups: usize) {
        self.groups = groups;
    }

    pub(super) fn groups(&self) -> usize {
        self.groups
    }

    /// How many variants all groups have.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The number of each row's variant, of the rows that `counted` lets through; `group` says
    /// whose a row is.
    pub(super) fn number(
        &mut self,
        variants: &ArrayRef,
        counted: Option<&NullBuffer>,
        group: impl Fn(usize) -> usize,
    ) -> Result<Vec<u32>> {
        if u32::try_from(self.groups).is_err() {
            return exec_err!("{}: more than {} groups", self.function, u32::MAX);
        }
        let mut numbers = Vec::new();
        let owner = |row| group(row) as u32;
        self.keys.number(variants, counted, owner, &mut numbers)?;
        Ok(numbers)
    }

    /// The variants of the first `groups` groups, in ascending order.
    pub(super) fn by_group(&self, groups: usize) -> ByGroup {
        let key = |number: u32| (self.keys.owner(number), self.keys.bytes(number));
        let all = 0..self.keys.len() as u32;
        let mut numbers: Vec<u32> = all.filter(|n| (key(*n).0 as usize) < groups).collect();
        numbers.sort_unstable_by(|a, b| key(*a).cmp(&key(*b)));
        let mut ends = Vec::with_capacity(groups);
        let mut end = 0;
        for group in 0..groups {
            let of_group = |number: &&u32| key(**number).0 as usize == group;
            end += numbers[end..].iter().take_while(of_group).count();
            ends.push(end);
        }
        ByGroup { numbers, ends }
    }

    /// Control and treatment among a group's variants, as far as there are any.
    ///
    /// # Errors
    ///
    /// An execution error when there are more than two, or two of which none is the control.
    pub(super) fn pair(&self, variants: &[u32]) -> Result<[Option<u32>; 2]> {
        let is_control = |variant: u32| match &self.control {
            None => true,
            Some(control) => self.keys.bytes(variant) == control.key,
        };
        match *variants {
            [] => Ok([None, None]),
            [a] if is_control(a) => Ok([Some(a), None]),
            [b] => Ok([None, Some(b)]),
            [a, b] if is_control(a) => Ok([Some(a), Some(b)]),
            [b, a] if is_control(a) => Ok([Some(a), Some(b)]),
            _ if !variants.iter().any(|variant| is_control(*variant)) => exec_err!(
                "{}: control {} is not among the variants: {}; filter the rows to the control \
                 and one other variant",
                self.function,
                self.control.as_ref().map_or("", |control| &control.name),
                self.names(variants)?
            ),
            _ => exec_err!(
                "{} compares two variants, got {}: {}; filter the rows to two of them, with WHERE \
                 or FILTER",
                self.function,
                variants.len(),
                self.names(variants)?
            ),
        }
    }

    /// The first of some variants, for messages.
    pub(super) fn names(&self, variants: &[u32]) -> Result<String> {
        let shown = &variants[..variants.len().min(NAMED)];
        let column = self.keys.column(shown)?;
        let name = |row| Ok(describe(&ScalarValue::try_from_array(&column, row)?));
        let names = (0..column.len()).map(name);
        let mut names = names.collect::<Result<Vec<String>>>()?.join(", ");
        if variants.len() > shown.len() {
            names.push_str(", …");
        }
        Ok(names)
    }

    /// Forgets the first `groups` groups. The old numbers of the variants that stay, in the order
    /// of their new ones.
    pub(super) fn discard(&mut self, groups: usize) -> Vec<u32> {
        self.groups = self.groups.saturating_sub(groups);
        let gone = u32::try_from(groups).unwrap_or(u32::MAX);
        let renumbered = self.keys.retain(|_, owner| owner.checked_sub(gone));
        let staying = (0..).zip(renumbered).filter(|(_, new)| *new != u32::MAX);
        staying.map(|(old, _)| old).collect()
    }

    /// The field of [`Variants::state`], of variants of type `variant`.
    pub(super) fn state_field(variant: &DataType) -> Field {
        list_field("variants", stored_type(variant))
    }

    /// The variants, a row a group.
    pub(super) fn state(&self, grouped: &ByGroup) -> Result<ArrayRef> {
        let lengths = (0..grouped.ends.len()).map(|group| grouped.of(group).len());
        Ok(list_of(self.keys.column(&grouped.numbers)?, lengths))
    }

    /// The number of each variant of a column that [`Variants::state`] gave, one after another.
    pub(super) fn merge(&mut self, state: &ArrayRef, group_indices: &[usize]) -> Result<Vec<u32>> {
        let lists = state.as_list::<i64>();
        let owners = groups_of_elements(lists, group_indices);
        self.number(&elements(lists), None, |place| owners[place])
    }

    /// The error for a state that does not fit together.
    pub(super) fn broken_state(&self) -> datafusion::error::DataFusionError {
        exec_datafusion_err!("{}: a state has lists of different lengths", self.function)
    }

    /// Bytes on the heap.
    pub(super) fn heap_size(&self) -> usize {
        let control = |control: &Control| control.key.capacity() + control.name.capacity();
        self.keys.heap_size() + self.control.as_ref().map_or(0, control)
    }
}

/// The variants of each group.
pub(super) struct ByGroup {
    /// The numbers, group after group.
    pub(super) numbers: Vec<u32>,
    /// Where each group's end.
    ends: Vec<usize>,
}

impl ByGroup {
    /// The numbers of a group's variants.
    pub(super) fn of(&self, group: usize) -> &[u32] {
        let start = if group == 0 { 0 } else { self.ends[group - 1] };
        &self.numbers[start..self.ends[group]]
    }
}

/// The control as a value of the variants' type; `None` when it is not exactly one.
fn as_variant(given: &ScalarValue, variant: &DataType) -> Option<ScalarValue> {
    let value = given
        .cast_to(variant)
        .ok()
        .filter(|value| !value.is_null())?;
    if given.data_type().is_numeric() && variant.is_numeric() {
        let back = value.cast_to(&given.data_type()).ok()?;
        return (back == *given).then_some(value);
    }
    Some(value)
}

#[cfg(test)]
mod tests;
