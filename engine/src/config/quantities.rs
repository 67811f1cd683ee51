//! Sizes and durations as people write them: `4GB`, `512 MiB`, `30s`, `1.5h`.

use std::time::Duration;

const SIZE_UNITS: [(&str, u64); 14] = [
    ("b", 1),
    ("k", 1 << 10),
    ("kb", 1 << 10),
    ("kib", 1 << 10),
    ("m", 1 << 20),
    ("mb", 1 << 20),
    ("mib", 1 << 20),
    ("g", 1 << 30),
    ("gb", 1 << 30),
    ("gib", 1 << 30),
    ("t", 1 << 40),
    ("tb", 1 << 40),
    ("tib", 1 << 40),
    ("", 1),
];

const DURATION_UNITS: [(&str, u64); 13] = [
    ("ms", 1),
    ("s", 1_000),
    ("sec", 1_000),
    ("m", 60_000),
    ("min", 60_000),
    ("minute", 60_000),
    ("minutes", 60_000),
    ("h", 3_600_000),
    ("hour", 3_600_000),
    ("hours", 3_600_000),
    ("d", 86_400_000),
    ("day", 86_400_000),
    ("days", 86_400_000),
];

/// Bytes; units count in powers of 1024, a bare number is bytes.
pub fn parse_size(text: &str) -> Result<u64, String> {
    parse(text, &SIZE_UNITS)
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| format!("expected a size such as \"512MB\" or \"4GB\", got {text:?}"))
}

/// A length of time; the unit must be written.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    parse(text, &DURATION_UNITS)
        .filter(|millis| *millis > 0)
        .map(Duration::from_millis)
        .ok_or_else(|| {
            format!("expected a duration such as \"500ms\", \"30s\" or \"5m\", got {text:?}")
        })
}

/// A decimal number times its unit, in whole base units.
fn parse(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let end = text
        .find(|character: char| !character.is_ascii_digit() && character != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.trim().to_lowercase();
    let (_, scale) = units.iter().find(|(name, _)| *name == unit)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole = whole.parse::<u64>().ok()?.checked_mul(*scale)?;
    if fraction.is_empty() {
        return (!number.ends_with('.')).then_some(whole);
    }
    let digits = u32::try_from(fraction.len()).ok()?;
    let part = u128::from(fraction.parse::<u64>().ok()?) * u128::from(*scale)
        / 10_u128.checked_pow(digits)?;
    whole.checked_add(u64::try_from(part).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(parse_size("4GB"), Ok(4 << 30));
        assert_eq!(parse_size("512 MiB"), Ok(512 << 20));
        assert_eq!(parse_size("1.5k"), Ok(1536));
        assert_eq!(parse_size("1000"), Ok(1000));
        for wrong in [
            "",
            "GB",
            "4XB",
            "-1GB",
            "0",
            "1.GB",
            "99999999999TB",
            "1.2.3GB",
        ] {
            let error = parse_size(wrong).unwrap_err();
            assert!(error.ends_with(&format!("got {wrong:?}")), "{error}");
        }
    }

    #[test]
    fn durations() {
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(parse_duration("1.5h"), Ok(Duration::from_secs(5400)));
        assert_eq!(parse_duration("2 days"), Ok(Duration::from_secs(172_800)));
        for wrong in ["30", "0s", "soon", "5 weeks"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }
}
