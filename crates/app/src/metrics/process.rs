//! The process itself, in the names that every client library of Prometheus uses. What the system does not tell is left
//! out: only Linux has `/proc`.

use time::OffsetDateTime;

use super::series::{Book, Gauges, Seconds};

/// What is told of the process.
pub(super) struct ProcessFigures {
    resident: Gauges<0>,
    cpu: Seconds,
    files: Gauges<0>,
}

/// Ticks of a second in `/proc/self/stat`: `USER_HZ`, which is part of Linux's interface and the same on every machine
/// that we build for.
const TICKS: f64 = 100.0;

impl ProcessFigures {
    pub(super) fn new(book: &mut Book, started: OffsetDateTime) -> Self {
        let start =
            book.gauges("process_start_time_seconds", [], "When the process began, in seconds of the Unix epoch");
        #[expect(clippy::cast_precision_loss, reason = "seconds of the epoch fit")]
        start.set([], started.unix_timestamp() as f64);
        let build = book.gauges("cortex_build_info", ["version"], "Always 1; the version is a label");
        build.set([env!("CARGO_PKG_VERSION")], 1.0);
        Self {
            resident: book.gauges("process_resident_memory_bytes", [], "Memory that the process has in use"),
            cpu: book.seconds("process_cpu_seconds_total", "Processor time that the process has used"),
            files: book.gauges("process_open_fds", [], "Files and sockets that are open"),
        }
    }

    /// Takes note of how it stands now.
    pub(super) fn look(&self) {
        let read = |name: &str| std::fs::read_to_string(format!("/proc/self/{name}")).ok();
        if let Some(bytes) = read("status").and_then(|text| resident_bytes(&text)) {
            self.resident.set([], bytes);
        }
        if let Some(seconds) = read("stat").and_then(|text| cpu_seconds(&text)) {
            self.cpu.raise_to(seconds);
        }
        if let Some(open) = std::fs::read_dir("/proc/self/fd").ok().and_then(|all| u32::try_from(all.count()).ok()) {
            self.files.set([], f64::from(open));
        }
    }
}

/// The line `VmRSS` of `/proc/self/status`, which is in kibibytes.
fn resident_bytes(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0)
}

/// The fields `utime` and `stime` of `/proc/self/stat`; the name in parentheses before them may hold anything.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: Vec<f64> = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    match ticks[..] {
        [user, system] => Some((user + system) / TICKS),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_tells_is_read() {
        let status = "Name:\tcortex\nVmPeak:\t  900 kB\nVmRSS:\t     512 kB\nThreads:\t4\n";
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194560 1000 0 0 0 250 50 0 0 20 0 4 0 100 1000000 128";

        assert_eq!(resident_bytes(status), Some(524_288.0));
        assert_eq!(cpu_seconds(stat), Some(3.0));
    }

    #[test]
    fn what_makes_no_sense_is_left_out() {
        assert_eq!((resident_bytes("VmRSS: much"), cpu_seconds("42 cortex S")), (None, None));
    }
}
