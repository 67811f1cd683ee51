//! Where COPY may write to, however the place is spelled.

use std::path::Path;

use super::*;

/// What the folder of a role holds.
fn listed(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// A user eve who copies to the folder `allowed`, beside which is another.
async fn exporting(folder: &Path) -> Guarded {
    for name in ["allowed", "allowed-not", "allowed/[x]"] {
        std::fs::create_dir(folder.join(name)).unwrap();
    }
    let text = format!(
        "[roles.exporter]\nread = ['public.orders']\nprivileges = ['copy']\n\
         locations = ['{}/allowed']\n{}",
        folder.display(),
        user("eve", &["exporter"])
    );
    let guarded = Guarded::start(&text, |_| {}).await;
    let orders = "CREATE TABLE orders AS VALUES (1), (2)";
    guarded.server.engine.sql(orders).await.unwrap();
    guarded
}

#[tokio::test(flavor = "multi_thread")]
async fn places_outside_are_refused_in_every_spelling() {
    let folder = tempfile::tempdir().unwrap();
    let guarded = exporting(folder.path()).await;
    let root = folder.path().display();
    for place in [
        format!("{root}/allowed-not/out.csv"),
        format!("{root}/out.csv"),
        format!("{root}/allowed/../allowed-not/out.csv"),
        format!("{root}/allowed/./.././allowed-not/out.csv"),
        format!("{root}/allowed/[x]/../../allowed-not/out.csv"),
        format!("{root}/allowed-not/[x]/../out.csv"),
        format!("file:{root}/allowed-not/out.csv"),
        format!("file://{root}/allowed-not/out.csv"),
        format!("FILE://{root}/allowed-not/out.csv"),
        format!("file://{root}/allowed/../allowed-not/out.csv"),
        format!("file://{root}/allowed/%2e%2e/allowed-not/out.csv"),
        "../out.csv".to_owned(),
        "out.csv".to_owned(),
        "s3://bucket/out.csv".to_owned(),
    ] {
        for copy in [
            format!("COPY orders TO '{place}'"),
            format!("COPY (SELECT 1 AS x) TO '{place}' STORED AS CSV"),
        ] {
            let refused = refusals(&guarded, "eve", &copy).await;
            for way in ["GetFlightInfo", "PollFlightInfo", "prepared", "DoPut"] {
                let found = refused.iter().find(|(refused, _)| *refused == way);
                let (_, status) = found.unwrap_or_else(|| panic!("{way} of {copy}"));
                assert!(
                    matches!(
                        status.code(),
                        Code::PermissionDenied | Code::InvalidArgument
                    ),
                    "{way} of {copy}: {status:?}"
                );
            }
        }
        let explained = format!("EXPLAIN ANALYZE COPY orders TO '{place}'");
        raw(&guarded, "eve")
            .await
            .query(&explained)
            .await
            .unwrap_err();
    }
    assert_eq!(listed(folder.path()), ["allowed", "allowed-not"]);
    assert_eq!(
        listed(&folder.path().join("allowed-not")),
        Vec::<String>::new()
    );
    assert_eq!(listed(&folder.path().join("allowed")), ["[x]"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pattern_is_no_place_to_write_to() {
    let folder = tempfile::tempdir().unwrap();
    let guarded = exporting(folder.path()).await;
    let (eve, root) = (raw(&guarded, "eve").await, folder.path().display());
    for place in ["*.csv", "o?t.csv", "[x]/out.csv", "**/out.csv"] {
        let copy = format!("COPY orders TO '{root}/allowed/{place}'");
        let (code, message) = eve.query(&copy).await.unwrap_err();
        assert_eq!(code, Code::InvalidArgument, "{copy}: {message}");
        assert!(message.contains("pattern"), "{copy}: {message}");
    }
    assert_eq!(listed(&folder.path().join("allowed")), ["[x]"]);
    assert_eq!(
        listed(&folder.path().join("allowed/[x]")),
        Vec::<String>::new()
    );
    for place in [
        "one.csv".to_owned(),
        "./two.csv".to_owned(),
        "../allowed/three.csv".to_owned(),
    ] {
        let copy = format!("COPY orders TO '{root}/allowed/{place}'");
        let info = eve.info(&copy).await.unwrap();
        assert_eq!(info.total_records, 2, "{copy}");
    }
    assert_eq!(
        listed(&folder.path().join("allowed")),
        ["[x]", "one.csv", "three.csv", "two.csv"]
    );
}
