//! Completion at many a place.

use super::*;

fn names() -> Names {
    let table = |name: &str, columns: &[&str]| Table {
        name: name.to_owned(),
        columns: columns
            .iter()
            .map(|name| Column {
                name: (*name).to_owned(),
                data_type: "BIGINT".to_owned(),
            })
            .collect(),
    };
    let function = |name: &str, is_ours| Function {
        name: name.to_owned(),
        summary: "what it does".to_owned(),
        is_ours,
        is_report: false,
    };
    Names {
        tables: vec![
            table("orders", &["customer", "amount", "Order Date"]),
            table("visits", &["customer", "seconds"]),
        ],
        functions: vec![
            function("avg", false),
            function("cohort_month", true),
            function("count", false),
            Function {
                is_report: true,
                ..function("rfm", true)
            },
        ],
    }
}

/// The completions where `|` stands.
fn at_bar(marked: &str) -> Vec<String> {
    let position = marked.find('|').unwrap();
    let line = marked.replace('|', "");
    let (start, found) = suggest(&line, position, &names());
    assert!(start <= position);
    found.into_iter().map(|found| found.text).collect()
}

#[test]
fn tables_follow_from_and_its_commas() {
    for place in [
        "select * from |",
        "select * from orders join |",
        "from orders, |",
        "insert into |",
    ] {
        assert_eq!(at_bar(place), ["orders", "visits", "rfm("], "{place}");
    }
    assert_eq!(at_bar("select * from vi|"), ["visits"]);
    assert_eq!(at_bar("select * from r|"), ["rfm("]);
}

#[test]
fn columns_are_those_of_the_tables_mentioned() {
    assert_eq!(at_bar("select am| from orders"), ["amount"]);
    assert!(at_bar("select amou| from visits").is_empty());
    assert_eq!(at_bar("select seco|"), ["seconds"]);
    assert_eq!(
        at_bar("select * from orders where ord|"),
        ["\"Order Date\"", "orders", "order"]
    );
    assert_eq!(
        at_bar("select * from rfm(orders, customer => cu|"),
        ["customer", "current"]
    );
}

#[test]
fn only_keywords_follow_a_value() {
    assert_eq!(at_bar("select amount fr|"), ["from"]);
    assert_eq!(at_bar("select * from orders wh|"), ["when", "where"]);
    assert!(at_bar("select count(*) O|").contains(&"OVER".to_owned()));
}

#[test]
fn an_alias_has_its_tables_columns() {
    assert_eq!(
        at_bar("select v.| from visits as v"),
        ["customer", "seconds"]
    );
    assert_eq!(at_bar("select o.am| from orders o"), ["amount"]);
    assert_eq!(
        at_bar("select visits.| from visits"),
        ["customer", "seconds"]
    );
    assert_eq!(at_bar("select * from public.|"), ["orders", "visits"]);
}

#[test]
fn ours_come_before_others_and_keywords_keep_their_case() {
    assert_eq!(at_bar("select co|"), ["cohort_month(", "count(", "copy"]);
    assert_eq!(at_bar("SEL|"), ["SELECT"]);
    assert_eq!(at_bar("sel|"), ["select"]);
}

#[test]
fn nothing_is_offered_within_strings_comments_and_numbers() {
    for place in [
        "select 'or|",
        "select 1 -- or|",
        "select /* or|",
        "select 12|",
    ] {
        assert!(at_bar(place).is_empty(), "{place}");
    }
}

#[test]
fn only_the_statement_at_the_cursor_counts() {
    assert_eq!(at_bar("select 'a;b'; select * from v|"), ["visits"]);
}

#[test]
fn a_part_of_a_name_is_found_where_nothing_begins_with_it() {
    assert_eq!(at_bar("select _month|"), ["cohort_month("]);
}

#[test]
fn commands_and_their_arguments() {
    assert_eq!(at_bar("\\t|"), ["timing"]);
    assert_eq!(at_bar("\\d v|"), ["visits"]);
    assert_eq!(at_bar("\\df coh|"), ["cohort_month"]);
    assert!(at_bar("\\i fi|").is_empty());
}
