//! What the machine has, for limits that nobody set.

use std::fs;

/// Memory assumed where the machine does not tell.
const FALLBACK_MEMORY: u64 = 8 << 30;

/// The share of the machine's memory that queries may use; the rest is for what DataFusion does
/// not account for, the page cache, and other programs.
const MEMORY_PERCENT: u64 = 60;

/// Memory for queries unless told otherwise, in bytes.
pub(super) fn default_memory_limit() -> u64 {
    let machine = machine_memory().unwrap_or(FALLBACK_MEMORY);
    let allowed = container_memory().map_or(machine, |limit| limit.min(machine));
    allowed / 100 * MEMORY_PERCENT
}

/// Cores that this process may use.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Linux tells in kB; elsewhere there is no such file.
fn machine_memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// The limit of the container that this runs in, by either version of control groups.
fn container_memory() -> Option<u64> {
    [
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ]
    .iter()
    .find_map(|path| fs::read_to_string(path).ok()?.trim().parse().ok())
}
