//! `docs`: every page is there, every link leads somewhere, and lineage is that of the models.

use std::collections::BTreeSet;
use std::path::Path;

use super::models::{project, run, write};

fn read(folder: &Path, path: &str) -> String {
    let path = folder.join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn a_site_tells_of_every_model() {
    let folder = project();
    let header = "-- Big <orders> & \"more\".\n--\n-- materialized: table\n-- columns:\n\
                  --   - name: n\n--     description: their number\n--     tests: [not_null, {range: {max: 1}}]\n";
    let query =
        "SELECT count(*) AS n, max(amount) AS largest FROM int_orders WHERE amount < $below";
    write(
        &folder,
        "sql/own/big_orders.sql",
        &format!("{header}{query}"),
    );
    let config = std::fs::read_to_string(folder.path().join("cohortql.toml")).unwrap();
    let vars = "[vars]\nbelow = { type = 'bigint', default = 100 }\n";
    write(&folder, "cohortql.toml", &format!("{config}{vars}"));
    let terms = ["+big_orders", "fct_events"];
    let built = run(&folder, &["build", terms[0], terms[1]]);
    assert_eq!(built.code, Some(1), "{}", built.stdout);
    let said = run(&folder, &["docs", terms[0], terms[1]]).quiet();
    assert!(
        said.starts_with("8 models: open ") && said.ends_with("/target/docs/index.html\n"),
        "{said}"
    );
    let docs = folder.path().join("target/docs");
    let index = read(&docs, "index.html");
    let page = read(&docs, "models/big_orders.html");
    for text in [
        "Big &lt;orders&gt; &amp; &quot;more&quot;.",
        "<dt>rows</dt><dd>1</dd>",
        "<tr><td>n</td><td>BIGINT</td><td>their number</td>",
        "<span class=\"status passed\" title=\"not_null_big_orders_n\">not_null</span>",
        "<span class=\"status failed\"",
        "<td>largest</td><td>DECIMAL(18,2)</td>",
        "<td>below</td><td><code>100</code></td>",
        "amount &lt; 100",
        "<a href=\"../models/int_orders.html\">int_orders</a>",
    ] {
        assert!(page.contains(text), "{text} is not in {page}");
    }
    assert!(index.contains("not built"), "{index}");
    let source = read(&docs, "models/source.orders.html");
    assert!(
        source.contains("<td>order_id</td><td>BIGINT</td>"),
        "{source}"
    );
    // Nothing comes from elsewhere, and every link leads to a page.
    for (text, at) in [(&index, ""), (&page, "models/"), (&source, "models/")] {
        assert!(!text.contains(" src="), "{text}");
        for found in text.split("href=\"").skip(1) {
            let target = found.split('"').next().unwrap();
            assert!(docs.join(at).join(target).is_file(), "{target}");
        }
    }
}

#[test]
fn lineage_is_told_to_programs_too() {
    let folder = project();
    write(
        &folder,
        "sql/own/all_orders.sql",
        "SELECT * FROM source.orders",
    );
    write(
        &folder,
        "sql/own/count_orders.sql",
        "SELECT count(*) AS n FROM all_orders",
    );
    run(&folder, &["run", "path:own"]).quiet();
    run(
        &folder,
        &[
            "docs",
            "path:own",
            "--out",
            folder.path().join("site").to_str().unwrap(),
        ],
    )
    .quiet();
    let site = folder.path().join("site");
    assert_eq!(
        read(&site, "lineage.mmd"),
        "flowchart LR\n  source__orders[(\"source.orders\")]\n  all_orders(\"all_orders\")\n  \
         count_orders(\"count_orders\")\n  source__orders --> all_orders\n  all_orders --> count_orders\n"
    );
    let events = read(&site, "openlineage.json");
    let events: Vec<serde_json::Value> = events
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: BTreeSet<(&str, &str)> = events
        .iter()
        .map(|event| {
            let input = event["inputs"][0]["name"].as_str().unwrap();
            (input, event["job"]["name"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        told,
        BTreeSet::from([
            ("source.orders", "all_orders"),
            ("all_orders", "count_orders")
        ])
    );
    let fields = &events[1]["outputs"][0]["facets"]["schema"]["fields"];
    assert_eq!(fields[0]["name"], "n");
    assert_eq!(fields[0]["type"], "BIGINT");
}
