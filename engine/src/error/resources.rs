//! Messages for queries that run out of memory or of temporary disk space.

/// How the pool of one query names itself.
const OF_ONE_QUERY: &str = "query(pool_size: ";

/// What ran out, how much there is, and which setting to raise.
pub(super) fn explain(message: &str) -> String {
    // The pool lists its largest users first; what failed comes last.
    let failed = message.rsplit("Failed to allocate additional ").next();
    let needed = failed.and_then(|text| text.split_once(" for "));
    let limit = message
        .rsplit_once("pool_size: ")
        .and_then(|(_, rest)| rest.split_once(')'))
        .map_or("memory_limit", |(limit, _)| limit);
    let (whose, setting) = match message.contains(OF_ONE_QUERY) {
        true => (
            "this query",
            "query_memory in [limits] or the session's own limit",
        ),
        false => ("all queries together", "memory_limit"),
    };
    match needed {
        Some((amount, rest)) if message.contains("Failed to allocate") => {
            let user = rest.split(" with ").next().unwrap_or(rest);
            format!(
                "out of memory: {} needs {amount} more, and {whose} may use {limit}; raise \
                 {setting}, or lower target_partitions or batch_size",
                user.trim()
            )
        }
        _ => format!("out of memory: {message}; raise {setting}"),
    }
}

/// The message for temporary files that outgrow their limit, when `message` is about that.
pub(super) fn explain_disk(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("exceeded the allowable limit of ")?;
    let limit = rest.split(". ").next().unwrap_or(rest);
    Some(format!(
        "out of temporary disk space: queries may spill {limit} together; raise temp_limit, or \
         raise memory_limit so that less is spilled"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_messages_name_the_user_the_need_and_the_setting() {
        let message = "Additional allocation failed for Sort[0] with top memory consumers as:\n\
             A#1 consumed 1.0 KB.\nError: Failed to allocate additional 2.0 KB for Sort[0] with \
             0.0 B already allocated for this reservation - 1.0 KB remain available for the total \
             memory pool: fair(pool_size: 4.0 MB)";
        assert_eq!(
            explain(message),
            "out of memory: Sort[0] needs 2.0 KB more, and all queries together may use 4.0 MB; \
             raise memory_limit, or lower target_partitions or batch_size"
        );
    }

    #[test]
    fn disk_messages_name_the_limit() {
        let message = "The used disk space during the spilling process has exceeded the \
             allowable limit of 1.0 MB. Please try increasing the config: `x`.";
        let explained = explain_disk(message).unwrap();
        assert!(explained.contains("may spill 1.0 MB together; raise temp_limit"));
        assert_eq!(explain_disk("file not found"), None);
    }
}
