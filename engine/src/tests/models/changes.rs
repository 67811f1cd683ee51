//! What a build of an incremental model finds anew, and what makes it find everything anew.

use tempfile::TempDir;

use super::{build, build_with, open, project, selection, write};
use crate::models::{BuildOptions, Extent, Outcome, Project, Status};
use crate::tests::cells;

const CONFIG: &str = "[sources.sales]\nlocation = 'sales/'\nformat = 'csv'\n\
                      [sources.shops]\nlocation = 'shops.csv'\n\
                      [vars]\nleast = {type = 'bigint', default = 0}\n";
const BY_SHOP: &str = "-- materialized: incremental\n-- strategy: merge\n-- key: [shop]\n\
                       SELECT shop, count(*) AS sales, sum(pieces) AS pieces FROM source.sales \
                       WHERE pieces >= $least GROUP BY shop";
const BY_DAY: &str = "-- materialized: incremental\n-- strategy: partitions\n-- partition_by: day\n\
                      SELECT CAST(at AS DATE) AS day, shop, pieces FROM source.sales";

fn shop(models: &[(&str, &str)]) -> TempDir {
    let sales = "at,shop,pieces\n2024-01-01 10:00:00,a,1\n2024-01-01 11:00:00,b,2\n\
                 2024-01-02 09:00:00,a,3\n2024-01-02 09:00:00,c,3\n2024-01-02 09:00:00,d,3\n,e,1\n";
    let folder = project(
        CONFIG,
        &[
            ("sales/1.csv", sales),
            ("shops.csv", "shop,town\na,Rome\nb,Oslo\n"),
        ],
    );
    write(&folder, models);
    folder
}

fn extents(outcomes: &[Outcome]) -> String {
    let told = outcomes.iter().map(|outcome| match &outcome.status {
        Status::Built { extent, .. } => match extent {
            Extent::Whole => "whole".to_owned(),
            Extent::Full(reason) => reason.clone(),
            Extent::Keys(keys) => format!("{keys} keys"),
            Extent::Unchanged => "unchanged".to_owned(),
        },
        other => format!("{other:?}"),
    });
    told.collect::<Vec<_>>().join("; ")
}

async fn built(folder: &TempDir, model: &str) -> String {
    extents(&build(folder, &[model], &[]).await.unwrap())
}

async fn read(folder: &TempDir, query: &str) -> String {
    let engine = open(folder).await.unwrap();
    cells(engine.default_session(), query).await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_changed_rows_touch_is_found_anew() {
    let folder = shop(&[("sql/by_shop.sql", BY_SHOP), ("sql/by_day.sql", BY_DAY)]);
    let both = ["by_day", "by_shop"];
    let all = extents(&build(&folder, &both, &[]).await.unwrap());
    assert_eq!(all, "first build; first build");
    let again = extents(&build(&folder, &both, &[]).await.unwrap());
    assert_eq!(again, "unchanged; unchanged");
    let sales = "at,shop,pieces\n2024-01-01 23:00:00,b,5\n,b,7\n";
    write(&folder, &[("sales/2.csv", sales)]);
    let some = build(&folder, &both, &[]).await.unwrap();
    assert_eq!(extents(&some), "2 keys; 1 keys");
    assert!(some.iter().all(|outcome| outcome.bytes_read > 0));
    let shops = "SELECT * FROM by_shop ORDER BY shop";
    assert_eq!(
        read(&folder, shops).await,
        "a,2,4\nb,3,14\nc,1,3\nd,1,3\ne,1,1"
    );
    let days = "SELECT day, count(*), sum(pieces) FROM by_day GROUP BY day ORDER BY day";
    assert_eq!(
        read(&folder, days).await,
        "2024-01-01,3,8\n2024-01-02,3,9\n,2,8"
    );
    // Neither the day nor the shops that nothing touched were written again.
    let versions = "SELECT count(*) FROM by_day VERSION AS OF 0";
    assert_eq!(read(&folder, versions).await, "6");
    let files = std::fs::read_dir(folder.path().join("warehouse/by_day/day=2024-01-02")).unwrap();
    let parquet = |name: &str| name.ends_with(".parquet");
    let files = files.filter(|file| parquet(&file.as_ref().unwrap().file_name().to_string_lossy()));
    assert_eq!(files.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_only_moved_into_other_files_are_the_same_rows() {
    let upon = "-- materialized: incremental\n-- strategy: merge\n-- key: [shop]\n\
                SELECT shop, sum(pieces) AS pieces FROM by_day GROUP BY shop";
    let folder = shop(&[("sql/by_day.sql", BY_DAY), ("sql/upon.sql", upon)]);
    let both = ["by_day", "upon"];
    build(&folder, &both, &[]).await.unwrap();
    let sales = "at,shop,pieces\n2024-01-01 23:00:00,b,5\n";
    write(&folder, &[("sales/2.csv", sales)]);
    build(&folder, &both, &[]).await.unwrap();
    let engine = open(&folder).await.unwrap();
    let session = engine.default_session();
    let day = "OPTIMIZE by_day WHERE day = '2024-01-01'";
    assert_eq!(cells(session, day).await, "0");
    assert_eq!(
        cells(session, "OPTIMIZE by_day ZORDER BY (shop)").await,
        "3"
    );
    assert_eq!(cells(session, "OPTIMIZE upon ZORDER BY (shop)").await, "2");
    let again = extents(&build(&folder, &both, &[]).await.unwrap());
    assert_eq!(again, "unchanged; unchanged");
    write(
        &folder,
        &[("sales/3.csv", "at,shop,pieces\n2024-01-01 23:00:00,b,5\n")],
    );
    let again = extents(&build(&folder, &both, &[]).await.unwrap());
    assert_eq!(again, "1 keys; 1 keys");
    let shops = "SELECT * FROM upon ORDER BY shop";
    assert_eq!(read(&folder, shops).await, "a,4\nb,12\nc,3\nd,3\ne,1");
    cells(session, "OPTIMIZE by_day ZORDER BY (shop)").await;
    cells(session, "VACUUM by_day RETAIN 0 HOURS FORCE").await;
    let again = extents(&build(&folder, &both, &[]).await.unwrap());
    assert_eq!(again, "unchanged; unchanged");
}

#[tokio::test(flavor = "multi_thread")]
async fn some_partitions_are_compacted_alone() {
    let folder = shop(&[("sql/by_day.sql", BY_DAY)]);
    build(&folder, &["by_day"], &[]).await.unwrap();
    let engine = open(&folder).await.unwrap();
    let session = engine.default_session();
    for day in ["2024-01-01", "2024-01-02"] {
        for shop in ["y", "z"] {
            let row = format!("(DATE '{day}', '{shop}', 1)");
            cells(session, &format!("INSERT INTO by_day VALUES {row}")).await;
        }
    }
    let first = "OPTIMIZE by_day WHERE day < '2024-01-02'";
    assert_eq!(cells(session, first).await, "3");
    assert_eq!(cells(session, first).await, "0");
    assert_eq!(cells(session, "OPTIMIZE by_day").await, "3");
    let rows = "SELECT day, count(*) FROM by_day GROUP BY day ORDER BY day";
    assert_eq!(cells(session, rows).await, "2024-01-01,4\n2024-01-02,5\n,1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_build_says_what_for() {
    let folder = shop(&[("sql/by_shop.sql", BY_SHOP)]);
    assert_eq!(built(&folder, "by_shop").await, "first build");
    let vars = [("least", "2")];
    let other = extents(&build(&folder, &["by_shop"], &vars).await.unwrap());
    assert_eq!(
        other,
        "its query, a variable or a column that it reads is another"
    );
    let options = BuildOptions {
        full_refresh: true,
        ..BuildOptions::default()
    };
    let asked = build_with(&folder, &["by_shop"], &[], options).await;
    assert_eq!(extents(&asked.unwrap()), "as asked for");
    assert_eq!(built(&folder, "by_shop").await, "unchanged");

    let text = std::fs::read_to_string(folder.path().join("sales/1.csv")).unwrap();
    write(&folder, &[("sales/1.csv", &text.replace(",a,1", ",a,10"))]);
    let rewritten = built(&folder, "by_shop").await;
    assert!(
        rewritten.starts_with("sales: file \"") && rewritten.ends_with("1.csv\" was written anew"),
        "{rewritten}"
    );
    assert_eq!(
        read(&folder, "SELECT pieces FROM by_shop WHERE shop = 'a'").await,
        "13"
    );

    read(&folder, "INSERT INTO by_shop VALUES ('z', 1, 1)").await;
    let foreign = built(&folder, "by_shop").await;
    assert_eq!(foreign, "somebody else has changed its rows");
    assert_eq!(read(&folder, "SELECT count(*) FROM by_shop").await, "5");

    write(
        &folder,
        &[(
            "sql/by_shop.sql",
            &BY_SHOP.replace("count(*) AS sales", "1.5 AS sales"),
        )],
    );
    let project = Project::open(&open(&folder).await.unwrap(), &Default::default()).unwrap();
    let models = project.select(&selection(&["by_shop"])).unwrap();
    let said = std::sync::Mutex::new(String::new());
    let report = |event: crate::models::Event<'_>| {
        if let crate::models::Event::Columns { changes, .. } = event {
            said.lock().unwrap().push_str(&changes.join("; "));
        }
    };
    let outcomes = project
        .build(&models, BuildOptions::default(), &report)
        .await;
    assert_eq!(extents(&outcomes.unwrap()), "its columns are others");
    assert_eq!(
        said.into_inner().unwrap(),
        "sales becomes Float64 from Int64"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_touch_anything_is_built_in_full() {
    let towns = "-- materialized: incremental\n-- strategy: merge\n-- key: [shop]\n\
                 SELECT s.shop, sum(pieces) AS pieces, max(town) AS town \
                 FROM source.sales AS s LEFT JOIN source.shops AS t ON lower(t.shop) = s.shop \
                 GROUP BY s.shop";
    let shares = "-- materialized: incremental\n-- strategy: merge\n-- key: [shop]\n\
                  SELECT shop, pieces / sum(pieces) OVER () AS share FROM source.sales";
    let now = "-- materialized: incremental\n-- strategy: merge\n-- key: [shop]\n\
               SELECT DISTINCT shop, now() AS found_at FROM source.sales";
    let folder = shop(&[
        ("sql/towns.sql", towns),
        ("sql/shares.sql", shares),
        ("sql/now.sql", now),
    ]);
    for model in ["towns", "shares", "now"] {
        assert_eq!(built(&folder, model).await, "first build");
    }
    write(&folder, &[("sales/2.csv", "at,shop,pieces\n,a,1\n")]);
    assert_eq!(built(&folder, "towns").await, "1 keys");
    assert_eq!(
        built(&folder, "shares").await,
        "a change in sales may touch any shop"
    );
    assert_eq!(built(&folder, "now").await, "it calls now()");
    write(&folder, &[("shops.csv", "shop,town\na,Bonn\nb,Oslo\n")]);
    let replaced = built(&folder, "towns").await;
    assert!(replaced.ends_with("was written anew"), "{replaced}");
    assert_eq!(
        read(&folder, "SELECT town FROM towns WHERE shop = 'a'").await,
        "Bonn"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_table_that_stay_touch_nothing() {
    let sales = "-- materialized: table\nSELECT * FROM source.sales";
    let by_shop = BY_SHOP.replace("source.sales", "all_sales");
    let folder = shop(&[("sql/all_sales.sql", sales), ("sql/by_shop.sql", &by_shop)]);
    let first = build(&folder, &["+by_shop"], &[]).await.unwrap();
    assert_eq!(extents(&first), "whole; first build");
    let path = "sales/1.csv";
    let text = std::fs::read_to_string(folder.path().join(path)).unwrap();
    // One row changes, one goes, and all are written again.
    let text = text.replace(",c,3", ",c,4").replace(",e,1\n", "");
    write(&folder, &[(path, &text)]);
    let second = build(&folder, &["+by_shop"], &[]).await.unwrap();
    assert_eq!(extents(&second), "whole; 2 keys");
    assert_eq!(
        read(&folder, "SELECT * FROM by_shop ORDER BY shop").await,
        "a,2,4\nb,1,2\nc,1,4\nd,1,3"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_version_beside_the_newest_stays_what_it_was() {
    let by_shop = BY_SHOP.replace("$least", "0");
    let gains = "-- materialized: incremental\n-- strategy: merge\n-- key: [shop]\n\
                 SELECT now_.shop, now_.sales - coalesce(then_.sales, 0) AS gained FROM by_shop AS now_ \
                 LEFT JOIN (SELECT * FROM by_shop VERSION AS OF 0) AS then_ ON now_.shop = then_.shop";
    let folder = shop(&[("sql/by_shop.sql", &by_shop)]);
    assert_eq!(built(&folder, "by_shop").await, "first build");
    write(&folder, &[("sql/gains.sql", gains)]);
    assert_eq!(built(&folder, "gains").await, "first build");
    write(&folder, &[("sales/2.csv", "at,shop,pieces\n,b,7\n")]);
    let both = build(&folder, &["by_shop", "gains"], &[]).await.unwrap();
    assert_eq!(extents(&both), "1 keys; 1 keys");
    let gained = "SELECT * FROM gains WHERE gained <> 0";
    assert_eq!(read(&folder, gained).await, "b,1");
}
