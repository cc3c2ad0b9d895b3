//! The kinds of metrics that there are here, and the book in which all of them stand.
//!
//! Labels are names that the code has, never text that somebody sent: so their number is bounded. Whatever is counted on
//! the way of a request takes no lock that anybody holds for long: counters and histograms are atomics, and the map that
//! leads to them by their labels is written to at the first use of each.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::{MetricType, TypedMetric};
use prometheus_client::registry::Registry;

/// A metric as the documentation lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its name, as it is scraped.
    pub name: String,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// The names of its labels.
    pub labels: Vec<&'static str>,
    /// What it says.
    pub meaning: &'static str,
}

/// Every metric of a process.
#[derive(Default)]
pub(super) struct Book {
    pub(super) registry: Registry,
    pub(super) described: Vec<Described>,
}

type Labels<const N: usize> = [(&'static str, &'static str); N];

/// Counts things that happen.
#[derive(Clone)]
pub(crate) struct Counters<const N: usize> {
    labels: [&'static str; N],
    family: Family<Labels<N>, Counter>,
}

/// Counts seconds that somebody else measures.
#[derive(Clone)]
pub(crate) struct Seconds(Counter<f64, AtomicU64>);

/// Says how things stand.
#[derive(Clone)]
pub(crate) struct Gauges<const N: usize> {
    labels: [&'static str; N],
    family: Family<Labels<N>, Gauge<f64, AtomicU64>>,
}

/// Says how long things take.
#[derive(Clone)]
pub(crate) struct Timings<const N: usize> {
    labels: [&'static str; N],
    family: Family<Labels<N>, Histogram, Bounds>,
}

/// The upper bounds of a histogram's buckets, in seconds, without the infinite one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds(&'static [f64]);

/// From what a query takes to what a client waits for.
pub(crate) const FAST: Bounds = Bounds(&[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0]);

/// Of calls to others, which may take up to their time limit.
pub(crate) const REMOTE: Bounds = Bounds(&[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 60.0]);

/// Durations by how long they are. Unlike the library's own it has no lock.
#[derive(Clone, Debug)]
struct Histogram(Arc<Observed>);

#[derive(Debug)]
struct Observed {
    bounds: &'static [f64],
    /// One for each bound, and one for what lies above the last.
    buckets: Box<[AtomicU64]>,
    /// 64 bits of nanoseconds last for five centuries.
    nanoseconds: AtomicU64,
}

impl Book {
    pub(super) fn counters<const N: usize>(
        &mut self,
        name: &'static str,
        labels: [&'static str; N],
        meaning: &'static str,
    ) -> Counters<N> {
        let family = Family::default();
        self.registry.register(bare(name), meaning, family.clone());
        self.describe(name, "counter", &labels, meaning);
        let counters = Counters { labels, family };
        // What has no labels is there from the beginning.
        if N == 0 {
            drop(counters.family.get_or_create(&pair(labels, [""; N])));
        }
        counters
    }

    pub(super) fn seconds(&mut self, name: &'static str, meaning: &'static str) -> Seconds {
        let counter = Counter::default();
        self.registry.register(bare(name), meaning, counter.clone());
        self.describe(name, "counter", &[], meaning);
        Seconds(counter)
    }

    pub(super) fn gauges<const N: usize>(
        &mut self,
        name: &'static str,
        labels: [&'static str; N],
        meaning: &'static str,
    ) -> Gauges<N> {
        let family = Family::default();
        self.registry.register(name, meaning, family.clone());
        self.describe(name, "gauge", &labels, meaning);
        Gauges { labels, family }
    }

    pub(super) fn timings<const N: usize>(
        &mut self,
        name: &'static str,
        labels: [&'static str; N],
        bounds: Bounds,
        meaning: &'static str,
    ) -> Timings<N> {
        let family = Family::new_with_constructor(bounds);
        self.registry.register(name, meaning, family.clone());
        self.describe(name, "histogram", &labels, meaning);
        Timings { labels, family }
    }

    fn describe(&mut self, name: &str, kind: &'static str, labels: &[&'static str], meaning: &'static str) {
        self.described.push(Described { name: name.to_owned(), kind, labels: labels.to_vec(), meaning });
    }
}

impl<const N: usize> Counters<N> {
    /// Shows these from the beginning, at nothing: a rate sees no first of what appears with it.
    pub(super) fn beginning_with<const M: usize>(self, values: [[&'static str; N]; M]) -> Self {
        for values in values {
            drop(self.family.get_or_create(&pair(self.labels, values)));
        }
        self
    }

    /// One more.
    pub(crate) fn one(&self, values: [&'static str; N]) {
        self.add(values, 1);
    }

    /// So many more.
    pub(crate) fn add(&self, values: [&'static str; N], more: u64) {
        self.family.get_or_create(&pair(self.labels, values)).inc_by(more);
    }

    /// What is counted elsewhere has come so far: it never goes back.
    pub(super) fn raise_to(&self, values: [&'static str; N], total: u64) {
        let counter = self.family.get_or_create(&pair(self.labels, values));
        counter.inner().fetch_max(total, Ordering::Relaxed);
    }
}

impl Seconds {
    /// There are so many by now.
    pub(super) fn raise_to(&self, total: f64) {
        self.0.inner().store(total.to_bits(), Ordering::Relaxed);
    }
}

impl<const N: usize> Gauges<N> {
    /// It stands like this.
    pub(crate) fn set(&self, values: [&'static str; N], value: f64) {
        self.family.get_or_create(&pair(self.labels, values)).set(value);
    }

    /// Nothing is known of it any more.
    pub(super) fn clear(&self) {
        self.family.clear();
    }
}

impl<const N: usize> Timings<N> {
    /// It took so long.
    pub(crate) fn observe(&self, values: [&'static str; N], took: Duration) {
        self.family.get_or_create(&pair(self.labels, values)).observe(took);
    }
}

/// The library adds the ending by itself.
fn bare(name: &'static str) -> &'static str {
    name.strip_suffix("_total").expect("counters end in _total")
}

fn pair<const N: usize>(names: [&'static str; N], values: [&'static str; N]) -> Labels<N> {
    std::array::from_fn(|index| (names[index], values[index]))
}

impl MetricConstructor<Histogram> for Bounds {
    fn new_metric(&self) -> Histogram {
        Histogram(Arc::new(Observed {
            bounds: self.0,
            buckets: (0..=self.0.len()).map(|_| AtomicU64::new(0)).collect(),
            nanoseconds: AtomicU64::new(0),
        }))
    }
}

impl Histogram {
    fn observe(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let bucket = self.0.bounds.partition_point(|bound| *bound < seconds);
        self.0.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.0.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }
}

impl EncodeMetric for Histogram {
    fn encode(&self, mut encoder: MetricEncoder) -> fmt::Result {
        let bounds = self.0.bounds.iter().copied().chain([f64::INFINITY]);
        let counts = self.0.buckets.iter().map(|count| count.load(Ordering::Relaxed));
        let buckets: Vec<_> = bounds.zip(counts).collect();
        // Of the buckets, not counted apart: the two never disagree.
        let count = buckets.iter().map(|(_, count)| count).sum();
        let sum = Duration::from_nanos(self.0.nanoseconds.load(Ordering::Relaxed)).as_secs_f64();
        encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

impl TypedMetric for Histogram {
    const TYPE: MetricType = MetricType::Histogram;
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::prometheus_text;

    use super::*;

    fn text(book: &Book) -> String {
        let mut text = String::new();
        prometheus_text::encode(&mut text, &book.registry).unwrap();
        text
    }

    #[test]
    fn a_duration_counts_in_every_bucket_that_it_fits_into() {
        let mut book = Book::default();
        let timings = book.timings("waited_seconds", ["where"], Bounds(&[0.5, 1.0]), "How long");

        for milliseconds in [250, 500, 750, 3_000] {
            timings.observe(["here"], Duration::from_millis(milliseconds));
        }

        let text = text(&book);
        for line in [
            "# TYPE waited_seconds histogram",
            r#"waited_seconds_bucket{where="here",le="0.5"} 2"#,
            r#"waited_seconds_bucket{where="here",le="1"} 3"#,
            r#"waited_seconds_bucket{where="here",le="+Inf"} 4"#,
            r#"waited_seconds_sum{where="here"} 4.5"#,
            r#"waited_seconds_count{where="here"} 4"#,
        ] {
            assert!(text.lines().any(|told| told == line), "{line} is not in {text}");
        }
    }

    #[test]
    fn what_is_known_to_happen_is_there_before_it_does() {
        let mut book = Book::default();
        let _ = book.counters("things_total", [], "Things");
        let _ = book.counters("ends_total", ["how"], "Ends").beginning_with([["well"]]);

        let text = text(&book);
        for line in ["# TYPE things_total counter", "things_total 0", r#"ends_total{how="well"} 0"#] {
            assert!(text.lines().any(|told| told == line), "{line} is not in {text}");
        }
    }

    #[test]
    fn what_is_counted_elsewhere_never_goes_back() {
        let mut book = Book::default();
        let counters = book.counters("hits_total", [], "Hits");

        counters.raise_to([], 7);
        counters.raise_to([], 5);

        assert!(text(&book).contains("hits_total 7"));
    }
}
