# `just check` is what continuous integration runs.

default: check

# Everything: formatting, spelling, lints, documentation, tests.
check:
    .ci/run

# The tour on the shipped data.
demo:
    cargo run -- demo

# The everyday loop: lints and all tests, with what this machine has.
test:
    cargo clippy --workspace --all-targets -- -D warnings
    cargo test --workspace

# One family of SQL tests: `just slt functions/cohort`.
slt PART:
    SLT_FILTER={{ PART }} cargo test --test integration slt_

# Rewrites expected results of SQL tests; read the difference before committing it.
complete PART:
    SLT_FILTER={{ PART }} SLT_COMPLETE=1 cargo test --test integration slt_embedded

# Regenerates docs/functions.md from the functions' own documentation.
docs:
    UPDATE_DOCS=1 cargo test --test integration function_reference

# Licences and banned crates, without network.
deny:
    cargo deny --offline check bans licenses sources
