//! Words, and what messages say of those that are none.

use super::*;
use crate::parameter::Kind;

const PARAMETERS: &[Parameter] = &[Parameter::required("mode", Kind::ConstantText)];

const WORDS: &[(&str, u8)] = &[("first", 1), ("last", 2), ("time_decay", 3)];

fn given(value: &ScalarValue) -> Constants {
    Constants::of_known("f", PARAMETERS, &[Some(value)])
}

#[test]
fn words_are_read_in_any_case() {
    for (text, meaning) in [("first", 1), ("LAST", 2), ("Time_Decay", 3)] {
        let constants = given(&ScalarValue::from(text));
        assert_eq!(constants.word("mode", WORDS).unwrap(), Some(meaning));
        assert_eq!(constants.required_word("mode", WORDS).unwrap(), meaning);
    }
    let null = given(&ScalarValue::Utf8(None));
    assert_eq!(null.word("mode", WORDS).unwrap(), None);
}

#[test]
fn what_is_none_of_the_words_is_answered_by_all_of_them() {
    let of = |value: ScalarValue, words: &[(&str, u8)]| {
        let error = given(&value).required_word("mode", words).unwrap_err();
        error.to_string()
    };
    let three = "argument \"mode\" of f must be 'first', 'last' or 'time_decay', got ";
    let found = of(ScalarValue::from("Middle"), WORDS);
    assert!(found.ends_with(&format!("{three}'Middle'")), "{found}");
    let found = of(ScalarValue::from("first "), WORDS);
    assert!(found.ends_with(&format!("{three}'first '")), "{found}");
    let found = of(ScalarValue::Utf8(None), WORDS);
    assert!(found.ends_with(&format!("{three}NULL")), "{found}");
    let found = of(ScalarValue::from("x"), &WORDS[..2]);
    assert!(
        found.ends_with("must be 'first' or 'last', got 'x'"),
        "{found}"
    );
}
