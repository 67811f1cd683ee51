//! The tour, without a terminal.

use std::collections::{BTreeMap, BTreeSet};

use super::{command, purchases, run, scratch};

#[test]
fn the_tour_holds_the_known_numbers_and_no_escape_codes() {
    let text = run(&["demo"]).quiet();
    assert!(!text.contains('\u{1b}'));
    // Cohort sizes of Fader and Hardie's sample, and the share that came back in the next month:
    // 124 of 781, 134 of 857 and 87 of 719 customers.
    for line in [
        "1997-01    781 100   16 ",
        "1997-02    857 100   16 ",
        "1997-03    719 100   12 ",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    // Second purchases, which the test below counts by itself.
    for line in [
        "│ 1997-01-01 ┆       781 ┆      373 ┆             47.8 ┆        50.0 │",
        "│ 1997-02-01 ┆       857 ┆      410 ┆             47.8 ┆        51.0 │",
        "│ 1997-03-01 ┆       719 ┆      356 ┆             49.5 ┆        77.0 │",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    // The lifts are those of generated lines, and said to be. Nobody buys the companion of a
    // mission alone, so that its confidence is 1 and its lift all baskets over the mission's.
    let (_, lifts) = text.split_once("What is bought together?").unwrap();
    assert!(
        lifts.trim_start().starts_with("Generated order lines"),
        "{lifts}"
    );
    let first = lifts
        .lines()
        .find(|line| line.starts_with("│ cleaning brush"));
    let cells: Vec<&str> = first.unwrap().split(['│', '┆']).map(str::trim).collect();
    assert_eq!(cells[1..3], ["cleaning brush", "hand grinder"]);
    assert_eq!(cells[4], "1.0");
    assert!(cells[5].parse::<f64>().unwrap() > 15.0, "{lifts}");
    for part in [
        "from cohort_retention(",
        "from rfm(",
        "row_number() over",
        "Champions",
        "cohortql orders.csv",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    // Every family of functions is named where the tour ends.
    let (_, onwards) = text.rsplit_once("what there is for").unwrap();
    for function in cohortql_udfs::docs::list() {
        let family = function.family.to_lowercase();
        let name = family.split([' ', ',']).next().unwrap();
        assert!(onwards.contains(name), "{family}\n{onwards}");
    }
}

#[test]
fn second_purchases_are_those_of_the_file() {
    let text = std::fs::read_to_string(purchases()).unwrap();
    let mut days: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        days.entry(cells[1]).or_default().insert(cells[3]);
    }
    for (month, customers, returned) in [
        ("1997-01", 781, 373),
        ("1997-02", 857, 410),
        ("1997-03", 719, 356),
    ] {
        let first_in = |days: &&BTreeSet<&str>| days.first().unwrap().starts_with(month);
        let cohort: Vec<_> = days.values().filter(first_in).collect();
        let twice = cohort.iter().filter(|days| days.len() > 1).count();
        assert_eq!((cohort.len(), twice), (customers, returned), "{month}");
    }
}

#[test]
fn the_tour_does_not_care_for_the_project_it_is_given_in() {
    let (folder, path) = scratch();
    std::fs::write(path("shop.csv"), "id\n1\n").unwrap();
    let config = "[tables.purchases]\nlocation = \"shop.csv\"\n";
    std::fs::write(path("cohortql.toml"), config).unwrap();
    let project = folder.path().to_str().unwrap();
    let made = run(&[
        "--project",
        project,
        "-c",
        "create view order_lines as select 1 as a",
    ]);
    assert_eq!(made.quiet(), "");
    let output = command(["demo"]).current_dir(&folder).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}
