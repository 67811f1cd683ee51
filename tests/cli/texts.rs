//! What the binary says about itself.

use super::run;

#[test]
fn help_has_examples_and_the_version_is_the_crates() {
    let help = run(&["--help"]).quiet();
    for part in [
        "Examples:",
        "cohortql demo",
        "--memory-limit",
        "COHORTQL_MEMORY_LIMIT",
        "serve",
    ] {
        assert!(help.contains(part), "{part}\n{help}");
    }
    // What people copy must not open the machine to others.
    for arguments in [["--help"].as_slice(), &["serve", "--help"], &["man"]] {
        assert!(!run(arguments).quiet().contains("0.0.0.0"));
    }
    let version = run(&["--version"]).quiet();
    assert_eq!(version, format!("cohortql {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_and_the_manual_page_are_generated() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell]).quiet();
        assert!(script.contains("memory-limit"), "{shell}");
    }
    let page = run(&["man"]).quiet();
    assert!(
        page.contains(".TH cohortql 1") && page.contains("memory\\-limit"),
        "{page}"
    );
    // There is no other page that it could send its reader to.
    assert!(page.contains(".SH \"COHORTQL GENERATE EVENTS\""), "{page}");
    assert!(
        page.contains("\\-\\-seed") && !page.contains("(1)"),
        "{page}"
    );
}

#[test]
fn functions_are_listed_and_explained() {
    let list = run(&["functions"]).quiet();
    assert!(
        list.contains("cohort_month") && list.contains("of DataFusion"),
        "{list}"
    );
    let text = run(&["functions", "cohort_month"]).quiet();
    assert!(
        text.contains("Arguments") && text.contains("Example"),
        "{text}"
    );
    let text = run(&["functions", "date_"]).quiet();
    assert!(text.contains("date_trunc"), "{text}");
}
