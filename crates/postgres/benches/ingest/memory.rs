//! How much memory this process holds while the work goes on.

use crate::resident::resident;

/// What was seen, by quarters of the work.
#[derive(Default)]
pub(crate) struct Memory {
    quarters: [u64; 4],
}

impl Memory {
    /// Looks, after so many records of all.
    pub(crate) fn look(&mut self, done: u64, all: u64) {
        let most = &mut self.quarters[(4 * done / all) as usize];
        *most = resident().unwrap_or_default().max(*most);
    }

    pub(crate) fn told(&self) -> String {
        if self.quarters.contains(&0) {
            return "not to be seen on this system".to_owned();
        }
        let told = self.quarters.map(|kibibytes| format!("{:.1} MiB", kibibytes as f64 / 1024.0));
        let growth = self.quarters[3] as f64 / self.quarters[1] as f64;
        format!("{} at most, by quarters; the last {growth:.2} of the second", told.join(", "))
    }
}
