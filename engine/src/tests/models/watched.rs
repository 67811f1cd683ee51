//! What sources hold, how far builds have come with it, and which models it touches.

use std::sync::Arc;

use tempfile::TempDir;

use super::crashes::{Dying, engine_on};
use super::{build, open, project, read, selection, told, variables, write};
use crate::models::{BuildOptions, Cursor, Project};
use crate::tests::cells;

const CONFIG: &str = "[sources.sales]\nlocation = 'sales/'\nformat = 'csv'\n\
                      [sources.shops]\nlocation = 'shops.csv'\n\
                      [sources.later]\nlocation = 'later/'\nformat = 'csv'\n";
const FILES: [(&str, &str); 6] = [
    ("sales/1.csv", "shop,pieces\na,1\nb,2\n"),
    ("shops.csv", "shop,town\na,Rome\nb,Oslo\n"),
    (
        "sql/own/by_shop.sql",
        "-- materialized: incremental\n-- strategy: merge\n-- key: [shop]\n\
         SELECT shop, sum(pieces) AS pieces FROM source.sales GROUP BY shop",
    ),
    (
        "sql/own/towns.sql",
        "-- materialized: table\nSELECT town, pieces FROM by_shop JOIN source.shops USING (shop)",
    ),
    ("sql/own/fixed.sql", "SELECT 1 AS one"),
    ("sql/own/places.sql", "SELECT town FROM source.shops, fixed"),
];

async fn look(folder: &TempDir) -> Cursor {
    read(folder, &[]).await.unwrap().look(None).await.unwrap().0
}

fn changed(now: &Cursor, before: Option<&Cursor>) -> String {
    let names: Vec<_> = now.changed_since(before).into_iter().collect();
    names.join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_change_with_their_files() {
    let folder = project(CONFIG, &FILES);
    std::fs::create_dir(folder.path().join("later")).unwrap();
    let (first, troubles) = read(&folder, &[]).await.unwrap().look(None).await.unwrap();
    assert_eq!(changed(&first, None), "sales shops");
    assert!(troubles[0].starts_with("source later: "), "{troubles:?}");
    assert_eq!(changed(&look(&folder).await, Some(&first)), "");
    write(
        &folder,
        &[
            ("sales/2.csv", "shop,pieces\na,4\n"),
            ("later/1.csv", "x\n1\n"),
        ],
    );
    let second = look(&folder).await;
    assert_eq!(changed(&second, Some(&first)), "later sales");
    std::fs::remove_file(folder.path().join("sales/2.csv")).unwrap();
    assert_eq!(changed(&look(&folder).await, Some(&second)), "sales");
    // One that cannot be read has not changed.
    std::fs::remove_dir_all(folder.path().join("sales")).unwrap();
    let project = read(&folder, &[]).await.unwrap();
    let (gone, troubles) = project.look(Some(&second)).await.unwrap();
    assert_eq!(changed(&gone, Some(&second)), "");
    assert!(troubles[0].starts_with("source sales: "), "{troubles:?}");
    // It is kept as it was.
    let project = read(&folder, &[]).await.unwrap();
    assert_eq!(project.cursor("watch").await.unwrap(), None);
    project.keep_cursor("watch", &second).await.unwrap();
    assert_eq!(project.cursor("watch").await.unwrap(), Some(second));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_of_a_source_is_touched_and_what_that_lacks() {
    let folder = project(CONFIG, &FILES);
    let touched = async |sources: &[&str]| {
        let mut project = read(&folder, &[]).await.unwrap();
        project.compare(None).await.unwrap();
        let models = project.select(&selection(&["path:own"])).unwrap();
        let sources = sources.iter().map(|name| (*name).to_owned()).collect();
        let names = project.touched(&models, &sources, false);
        let names: Vec<_> = names.iter().map(|model| model.name.clone()).collect();
        names.join(" ")
    };
    assert_eq!(touched(&["shops"]).await, "by_shop fixed places towns");
    build(&folder, &["path:own"], &[]).await.unwrap();
    assert_eq!(touched(&["shops"]).await, "places towns");
    assert_eq!(touched(&["sales"]).await, "by_shop towns");
    assert_eq!(touched(&["later"]).await, "");
    write(&folder, &[("sql/own/fixed.sql", "SELECT 2 AS one")]);
    assert_eq!(touched(&["sales"]).await, "by_shop towns");
    assert_eq!(touched(&["shops"]).await, "fixed places towns");
    // What changed may lie behind models that are not meant.
    let mut project = read(&folder, &[]).await.unwrap();
    project.compare(None).await.unwrap();
    let models = project.select(&selection(&["towns", "places"])).unwrap();
    let names = |sources: &[&str], redefined| {
        let sources = sources.iter().map(|name| (*name).to_owned()).collect();
        let touched = project.touched(&models, &sources, redefined);
        let names: Vec<_> = touched.iter().map(|model| model.name.as_str()).collect();
        names.join(" ")
    };
    assert_eq!(names(&["sales"], false), "towns");
    assert_eq!(names(&[], true), "places");
    assert_eq!(names(&[], false), "");
}

/// One round: what is new is built, and the cursor moves.
async fn round(engine: &crate::Engine) -> Result<String, crate::EngineError> {
    let mut project = Project::open(engine, &variables(&[]))?;
    project.compare(None).await?;
    let (now, _) = project.look(None).await?;
    let new = now.changed_since(project.cursor("watch").await?.as_ref());
    let models = project.select(&selection(&["path:own"]))?;
    let models = project.touched(&models, &new, false);
    let built = project
        .build(&models, BuildOptions::default(), &|_| {})
        .await?;
    let told = told(&built);
    if !told.contains("failed") {
        project.keep_cursor("watch", &now).await?;
    }
    Ok(told)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_dies_before_the_cursor_moves_builds_again_and_doubles_nothing() {
    let mut deaths = 0;
    for last in 0.. {
        let mut has_died = false;
        for is_made in [false, true] {
            let folder = project(CONFIG, &FILES);
            let told = round(&open(&folder).await.unwrap()).await.unwrap();
            assert_eq!(
                told,
                "by_shop 2 rows\nfixed built\nplaces built\ntowns 2 rows"
            );
            write(&folder, &[("sales/2.csv", "shop,pieces\na,4\nc,1\n")]);
            let store = Arc::new(Dying::after(last, is_made));
            // What it comes to does not matter: nobody hears of it.
            let _ = round(&engine_on(&folder, Arc::clone(&store)).await).await;
            has_died |= store.is_dead();
            let engine = open(&folder).await.unwrap();
            round(&engine).await.unwrap();
            let rows = "SELECT shop, pieces FROM by_shop ORDER BY shop";
            assert_eq!(
                cells(engine.default_session(), rows).await,
                "a,5\nb,2\nc,1",
                "{last} {is_made}"
            );
            assert_eq!(round(&engine).await.unwrap(), "", "{last} {is_made}");
        }
        match has_died {
            true => deaths += 1,
            false => break,
        }
    }
    // The two tables' commits, the manifest after each, and the cursor.
    assert!(deaths >= 5, "{deaths}");
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_beyond_their_bounds_are_told_of() {
    let alerts = "[alerts.pieces]\nquery = 'SELECT sum(pieces) FROM by_shop'\nabove = 5\n\
                  [alerts.none]\nquery = 'SELECT pieces FROM by_shop WHERE false'\nbelow = 5\n\
                  [alerts.shops]\nquery = 'SELECT count(*) FROM by_shop'\nbelow = 2.5\nabove = 9\n";
    let folder = project(&format!("{CONFIG}{alerts}"), &FILES);
    build(&folder, &["path:own"], &[]).await.unwrap();
    let asked = async || {
        let alerts = read(&folder, &[]).await.unwrap().alerts().await.unwrap();
        let told = alerts.into_iter().map(|alert| {
            let value = alert
                .value
                .map_or("nothing".to_owned(), |value| value.to_string());
            format!(
                "{} {value} {}",
                alert.name,
                alert.beyond.unwrap_or_default()
            )
        });
        told.collect::<Vec<_>>().join("; ")
    };
    assert_eq!(asked().await, "none nothing ; pieces 3 ; shops 2 below 2.5");
    write(&folder, &[("sales/2.csv", "shop,pieces\na,4\nc,1\n")]);
    build(&folder, &["path:own"], &[]).await.unwrap();
    assert_eq!(asked().await, "none nothing ; pieces 8 above 5; shops 3 ");
    let config = "[alerts.odd]\nquery = 'SELECT 1 AS a, 2 AS b'\nabove = 5\n";
    let odd = project(config, &[]);
    let error = read(&odd, &[]).await.unwrap().alerts().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "alerts.odd: its query must give one number, got 1 rows of 2 columns"
    );
    let empty = project("[alerts.odd]\nquery = 'SELECT 1'\n", &[]);
    let error = read(&empty, &[]).await.unwrap_err().to_string();
    assert!(
        error.contains("alerts.odd") && error.contains("below or above"),
        "{error}"
    );
}
