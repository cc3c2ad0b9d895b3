//! How much memory one worker holds while it works.

use tokio::time::Instant;

/// What was measured, by the part of the work that was done then.
#[derive(Debug, Default)]
pub(super) struct Memory {
    samples: Vec<(f64, u32)>,
    last: Option<Instant>,
}

const EVERY: std::time::Duration = std::time::Duration::from_secs(1);

impl Memory {
    /// Looks at a process, now and then. Where the system has no `/proc`, there is nothing to see.
    pub(super) fn look(&mut self, process: Option<u32>, part: f64) {
        if self.last.is_some_and(|last| last.elapsed() < EVERY) {
            return;
        }
        self.last = Some(Instant::now());
        let status = process.and_then(|id| std::fs::read_to_string(format!("/proc/{id}/status")).ok());
        if let Some(kibibytes) = status.as_deref().and_then(resident) {
            self.samples.push((part, kibibytes));
        }
    }

    /// How much more it holds in the last quarter of the work than in the second one; none where that was not seen.
    pub(super) fn growth(&self) -> Option<f64> {
        let (early, late) = (self.between(0.25, 0.5)?, self.between(0.75, f64::INFINITY)?);
        Some(f64::from(late) / f64::from(early))
    }

    pub(super) fn told(&self) -> String {
        let parts = [(0.0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, f64::INFINITY)];
        let told: Vec<_> = parts
            .iter()
            .filter_map(|(from, to)| self.between(*from, *to))
            .map(|kibibytes| format!("{} MiB", kibibytes / 1024))
            .collect();
        if told.is_empty() { "not to be seen on this system".to_owned() } else { told.join(", ") + ", by quarters" }
    }

    /// The median of a part of the work.
    fn between(&self, from: f64, to: f64) -> Option<u32> {
        let mut seen: Vec<_> =
            self.samples.iter().filter(|(part, _)| (from..to).contains(part)).map(|(_, size)| *size).collect();
        seen.sort_unstable();
        seen.get(seen.len() / 2).copied()
    }
}

/// The resident set, in KiB (proc(5)).
fn resident(status: &str) -> Option<u32> {
    status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_set_is_read_where_it_stands() {
        assert_eq!(resident("Name:\tcortex\nVmRSS:\t   52340 kB\nThreads:\t4\n"), Some(52_340));
        assert_eq!(resident("Name:\tcortex\n"), None);
    }

    #[test]
    fn growth_is_told_between_the_second_and_the_last_quarter() {
        let memory = |samples: &[(f64, u32)]| Memory { samples: samples.to_vec(), last: None };
        assert_eq!(memory(&[(0.1, 1), (0.3, 100), (0.4, 100), (0.9, 150)]).growth(), Some(1.5));
        assert_eq!(memory(&[(0.9, 150)]).growth(), None);
    }
}
