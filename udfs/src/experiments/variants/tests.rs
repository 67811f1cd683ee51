//! Control and treatment among the variants of a group, and what is said where they are not.

use std::sync::Arc;

use datafusion::arrow::array::StringArray;

use super::*;
use crate::parameter::{Kind, Parameter};

const PARAMETERS: &[Parameter] = &[Parameter::optional(CONTROL, Kind::Constant)];

fn pair(control: &str, given: &[&str]) -> std::result::Result<[Option<u32>; 2], String> {
    let control = ScalarValue::from(control);
    let constants = Constants::of_known("f", PARAMETERS, &[Some(&control)]);
    let mut variants = Variants::of_call("f", &DataType::Utf8View, &constants).unwrap();
    variants.grow(1);
    let column: ArrayRef = Arc::new(StringArray::from(given.to_vec()));
    variants.number(&column, None, |_| 0).unwrap();
    let pair = variants.pair(variants.by_group(1).of(0));
    pair.map_err(|error| error.message().to_string())
}

#[test]
fn a_control_that_is_no_variant_is_named() {
    assert_eq!(pair("b", &["b", "a"]), Ok([Some(0), Some(1)]));
    // One variant alone may be the treatment.
    assert_eq!(pair("x", &["a"]), Ok([None, Some(0)]));
    for (given, names) in [
        (["b", "a"].as_slice(), "'a', 'b'"),
        (&["c", "b", "a"], "'a', 'b', 'c'"),
    ] {
        let error = pair("x", given).unwrap_err();
        let begin = format!("f: control 'x' is not among the variants: {names}; filter ");
        assert!(error.starts_with(&begin), "{error}");
    }
    let error = pair("a", &["c", "b", "a"]).unwrap_err();
    let begin = "f compares two variants, got 3: 'a', 'b', 'c'; filter ";
    assert!(error.starts_with(begin), "{error}");
}
