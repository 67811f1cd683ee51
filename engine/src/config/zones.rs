//! Names of time zones.

use cohortql_udfs::is_time_zone;

/// Checks an IANA name or a fixed offset.
pub(crate) fn time_zone(name: &str) -> Result<(), String> {
    match is_time_zone(name) {
        true => Ok(()),
        false => Err(format!(
            "time zone must be an IANA name such as Europe/Berlin or an offset such as +02:00, \
             got {name:?}"
        )),
    }
}
