//! A report of what is known about something, as answers tell it. What the data do not say is empty.

use cortex_insights::model::{Investigation, Metric, Passage, Urgency};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::money::MoneyBody;

/// What documents and books say about something. Nothing in it is invented: what they do not say is empty.
#[derive(Serialize, ToSchema)]
pub(super) struct Report {
    title: String,
    executive_summary: String,
    root_cause: RootCause,
    impact: ReportImpact,
    /// The earliest first.
    timeline: Vec<ReportEvent>,
    key_stakeholders: Vec<Stakeholder>,
    /// Sentences that stand in the documentation, by the rule that found an alert.
    recommendations: Vec<Recommendation>,
    metrics: Vec<MetricItem>,
    /// At most 15 documents, the best first.
    sources: Vec<ReportSource>,
    total_sources: usize,
    generation_time_ms: u64,
}

#[derive(Serialize, ToSchema)]
struct RootCause {
    primary_cause: String,
    contributing_factors: Vec<String>,
    /// Sentences of documents.
    evidence: Vec<String>,
}

#[derive(Serialize, ToSchema)]
struct ReportImpact {
    financial_impact: String,
    /// Customers of the books that are named.
    customers_affected: Vec<String>,
    orders_blocked: Vec<String>,
    urgency: &'static str,
    risk_level: &'static str,
}

#[derive(Serialize, ToSchema)]
struct ReportEvent {
    #[serde(with = "time::serde::rfc3339")]
    date: OffsetDateTime,
    event: String,
    source: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ReportStakeholder)]
struct Stakeholder {
    name: String,
    role: &'static str,
    /// How many of the sources are his.
    status: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ReportRecommendation)]
struct Recommendation {
    action: &'static str,
    owner: &'static str,
    deadline: &'static str,
    expected_outcome: &'static str,
    priority: &'static str,
}

/// A sum of the books of the last thirty days.
#[derive(Serialize, ToSchema)]
#[schema(as = ReportMetric)]
struct MetricItem {
    metric_name: &'static str,
    current_value: MoneyBody,
    /// Against the thirty days before: `up`, `down` or `flat`.
    trend: &'static str,
    context: String,
}

#[derive(Serialize, ToSchema)]
struct ReportSource {
    document_id: i64,
    /// Its sentences that say most; its title where only that does.
    text: String,
    /// Of use only to compare it with the other sources.
    score: f32,
    /// Where it comes from.
    from: String,
    #[serde(with = "time::serde::rfc3339::option")]
    date: Option<OffsetDateTime>,
    r#type: String,
    sender: Option<String>,
    metadata: ReportSourceMetadata,
}

#[derive(Serialize, ToSchema)]
struct ReportSourceMetadata {
    title: String,
    file_url: Option<String>,
    parent_document_id: Option<i64>,
}

impl From<Investigation> for Report {
    fn from(known: Investigation) -> Self {
        let urgency = known.impact.urgency.map_or("", Urgency::name);
        Self {
            title: known.title,
            executive_summary: known.executive_summary,
            root_cause: RootCause {
                primary_cause: known.cause.primary.unwrap_or_default(),
                contributing_factors: Vec::new(),
                evidence: known.cause.evidence,
            },
            impact: ReportImpact {
                financial_impact: known.impact.financial.unwrap_or_default(),
                customers_affected: known.impact.customers,
                orders_blocked: Vec::new(),
                urgency,
                risk_level: urgency,
            },
            timeline: known
                .timeline
                .into_iter()
                .map(|moment| ReportEvent { date: moment.at, event: moment.event, source: moment.source })
                .collect(),
            key_stakeholders: known
                .stakeholders
                .into_iter()
                .map(|stakeholder| Stakeholder {
                    name: stakeholder.name,
                    role: "sender",
                    status: match stakeholder.sources {
                        1 => "1 document".to_owned(),
                        count => format!("{count} documents"),
                    },
                })
                .collect(),
            recommendations: known
                .recommendations
                .into_iter()
                .map(|advice| Recommendation {
                    action: advice.action,
                    owner: "",
                    deadline: "",
                    expected_outcome: advice.expected_outcome,
                    priority: advice.priority.name(),
                })
                .collect(),
            metrics: known.metrics.into_iter().map(MetricItem::from).collect(),
            total_sources: known.sources.len(),
            sources: known.sources.into_iter().map(ReportSource::from).collect(),
            generation_time_ms: u64::try_from(known.took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

impl From<Metric> for MetricItem {
    fn from(metric: Metric) -> Self {
        let currencies = metric.currencies.join(", ");
        let of = if currencies.is_empty() { String::new() } else { format!(" ({currencies})") };
        Self {
            metric_name: metric.name,
            current_value: metric.value.into(),
            trend: metric.trend.name(),
            context: format!("Last 30 days{of}; {} in the 30 days before.", metric.before),
        }
    }
}

impl From<Passage> for ReportSource {
    fn from(source: Passage) -> Self {
        Self {
            document_id: source.document_id.get(),
            text: source.said(),
            score: source.score,
            from: source.source,
            date: source.created_at,
            r#type: source.kind,
            sender: source.sender,
            metadata: ReportSourceMetadata {
                title: source.title,
                file_url: source.file_url,
                parent_document_id: source.parent_id.map(cortex_kernel::DocumentId::get),
            },
        }
    }
}
