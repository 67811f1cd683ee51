//! The tour, without a terminal.

use super::run;

#[test]
fn the_tour_holds_the_known_numbers_and_no_escape_codes() {
    let text = run(&["demo"]).quiet();
    assert!(!text.contains('\u{1b}'));
    // Cohort sizes and the second month's retention of Fader and Hardie's sample.
    for line in [
        "1997-01    781 100 ",
        "1997-02    857 100 ",
        "1997-03    719 100 ",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    for part in [
        "from cohort_retention(",
        "from rfm(",
        "row_number() over",
        "Champions",
        "cohortql orders.csv",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}
