//! Anomalies: the last day beside those before it, and a build beside those before it.

use super::{build_and_test, project, test, tested, write};

/// A model of days, whose values come from `value`, an expression over `i`, the days before the last.
fn days(value: &str, days: u32, arguments: &str) -> tempfile::TempDir {
    let query = format!(
        "-- tests:\n--   - anomaly: {{{arguments}}}\n\
         SELECT DATE '2024-06-30' - CAST(i AS INT) AS day, {value} AS revenue \
         FROM (SELECT value AS i FROM range(0, {days}))"
    );
    project("", &[("sql/own/sales.sql", &query)])
}

async fn told(folder: &tempfile::TempDir) -> String {
    let lines = tested(&build_and_test(folder, &["sales"]).await.tests);
    lines.split_once(' ').unwrap().1.to_owned()
}

const REVENUE: &str = "of: SUM(revenue), by: day";

#[tokio::test(flavor = "multi_thread")]
async fn the_last_day_that_is_over_is_compared() {
    // The latest day, which may not be over, has next to nothing.
    let usual = days("CASE i WHEN 0 THEN 1 ELSE 100 + i % 5 END", 40, REVENUE);
    let said = told(&usual).await;
    assert!(
        said.starts_with(
            "passed 0: SUM(revenue) of 2024-06-29 is 101, expected 91.8 to 112.2, as the 28 before \
             have the median 102"
        ),
        "{said}"
    );
    let low = days("CASE i WHEN 1 THEN 60 ELSE 100 + i % 5 END", 40, REVENUE);
    assert!(
        told(&low)
            .await
            .starts_with("failed 1: SUM(revenue) of 2024-06-29 is 60, ")
    );
    let warned = days(
        "CASE i WHEN 1 THEN 60 ELSE 100 + i % 5 END",
        40,
        "of: SUM(revenue), by: day, severity: warn",
    );
    assert!(told(&warned).await.starts_with("warned 1: "));
    let known = days(
        "CASE i WHEN 1 THEN 60 ELSE 100 + i % 5 END",
        40,
        "of: SUM(revenue), by: day, tolerance: 0.5",
    );
    assert!(told(&known).await.starts_with("passed 0: "));
}

#[tokio::test(flavor = "multi_thread")]
async fn weekdays_are_compared_with_their_like() {
    // On Saturdays, of which the last day that is over is one, there is a tenth of the usual.
    let weekly = "CASE i % 7 WHEN 1 THEN 10 ELSE 100 + i % 3 END";
    let plain = told(&days(weekly, 90, REVENUE)).await;
    assert!(
        plain.starts_with("failed 1: SUM(revenue) of 2024-06-29 is 10, "),
        "{plain}"
    );
    let same = told(&days(weekly, 90, &format!("{REVENUE}, same_weekday: true"))).await;
    assert!(
        same.starts_with("passed 0: ") && same.contains("as the 8 before have the median 10"),
        "{same}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn days_without_rows_are_no_values_and_are_missed_at_the_end() {
    let gaps = days(
        "100 + i % 5",
        40,
        "by: day, where: \"day NOT IN ('2024-06-20', '2024-06-21')\"",
    );
    let said = told(&gaps).await;
    assert!(
        said.contains("as the 26 before have the median 1"),
        "{said}"
    );
    let gone = days("100", 40, "by: day, where: day <> '2024-06-29'");
    assert_eq!(
        told(&gone).await,
        "failed 1: there is nothing of 2024-06-29, the day before the last"
    );
    let closed = days(
        "100",
        40,
        "by: day, where: \"day = '2024-06-30' OR date_part('dow', day) <> 6\"",
    );
    assert_eq!(
        told(&closed).await,
        "passed 0: not judged: there is nothing of 2024-06-29, nor of its weekday before"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_or_constant_past_says_little() {
    let short = days("i * 1000", 8, REVENUE);
    assert_eq!(
        told(&short).await,
        "passed 0: not judged: 6 values before it, and 7 are needed"
    );
    let enough = days("CASE i WHEN 1 THEN 10000 ELSE 1 END", 9, REVENUE);
    assert!(told(&enough).await.starts_with("failed 1: "));
    let constant = days("CASE i WHEN 1 THEN 109 ELSE 100 END", 40, REVENUE);
    assert!(told(&constant).await.starts_with("passed 0: "));
    let strict = days(
        "CASE i WHEN 1 THEN 109 ELSE 100 END",
        40,
        "of: SUM(revenue), by: day, tolerance: 0",
    );
    assert!(told(&strict).await.starts_with("failed 1: "));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_is_compared_with_those_before_it() {
    let rows = |count: u32| {
        format!("-- tests:\n--   - anomaly: {{}}\nSELECT value AS n FROM range(0, {count})")
    };
    let folder = project("", &[]);
    for count in [100, 101, 103, 99, 100, 102, 100] {
        write(&folder, &[("sql/own/sales.sql", &rows(count))]);
        let said = told(&folder).await;
        assert!(said.contains("not judged"), "{said}");
    }
    write(&folder, &[("sql/own/sales.sql", &rows(100))]);
    assert!(
        told(&folder)
            .await
            .starts_with("passed 0: COUNT(*) is 100, expected 90 to 110")
    );
    write(&folder, &[("sql/own/sales.sql", &rows(50))]);
    let said = told(&folder).await;
    assert_eq!(
        said,
        "failed 1: COUNT(*) is 50, expected 90 to 110, as the 8 before have the median 100"
    );
    // Another target has a past of its own.
    let config = "[project]\nname = 'shop'\ntarget = 'prod'\n[targets.prod]\nwarehouse = 'prod/'";
    write(&folder, &[("cohortql.toml", config)]);
    assert!(told(&folder).await.contains("not judged: 0 values"));
    assert_eq!(test(&folder, &["sales"]).await.len(), 1);
}
