//! `/api/v1/dashboard/quickbooks` and `/api/v1/integrations/quickbooks`: what the company's books say. What is computed how
//! stands in `docs/insights.md`.

use std::fmt::Display;

use actix_web::web::{Data, Json, Query};
use cortex_insights::model::{
    BookEntry, BookKind, BookTotals, Days, EntryQuery, Money, Party, PartyTotal, Period, RecordCounts, TimeRange,
};
use cortex_insights::ports::ListError;
use cortex_kernel::{CompanyId, Page, PageRequest};
use serde::{Deserialize, Serialize};
use time::Date;
use utoipa::{IntoParams, ToSchema};

use super::money::MoneyBody;
use crate::InsightServices;
use crate::gate::Caller;
use crate::problem::{Problem, ProblemKind};

/// Query of the overview.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Window {
    /// So many days of UTC, of which today is the last; 30 where it is not said.
    #[param(minimum = 1, maximum = 365)]
    days: Option<u16>,
}

/// Query of a list of entries.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// So many days of UTC, of which today is the last; 30 where it is not said.
    #[param(minimum = 1, maximum = 365)]
    days: Option<u16>,
    /// At most so many; 50 where it is not said, 200 at most.
    limit: Option<u16>,
    /// Where to go on: `next_cursor` of the part before.
    cursor: Option<String>,
}

/// Query of the summary.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Stretch {
    /// So many days, this month, quarter or year, of which today is the last; or all of time. `30d` where it is not said.
    #[param(pattern = "^(7d|30d|90d|365d|month|quarter|year|all)$")]
    time_range: Option<String>,
}

/// What the books say of some days.
#[derive(Serialize, ToSchema)]
pub(super) struct BooksOverview {
    period_days: u16,
    #[schema(format = Date)]
    start_date: String,
    #[schema(format = Date)]
    end_date: String,
    invoices: InvoiceTotals,
    bills: BillTotals,
    payments: PaymentTotals,
    customers: CustomerTotals,
    /// At most ten.
    recent_transactions: Vec<Transaction>,
    /// Of any time.
    total_documents: u64,
    /// The currencies of the entries: amounts of several are added as they stand.
    currencies: Vec<String>,
}

#[derive(Serialize, ToSchema)]
struct InvoiceTotals {
    count: u64,
    total_amount: MoneyBody,
    outstanding_balance: MoneyBody,
    paid_amount: MoneyBody,
}

#[derive(Serialize, ToSchema)]
struct BillTotals {
    count: u64,
    total_amount: MoneyBody,
    unpaid_balance: MoneyBody,
    paid_amount: MoneyBody,
}

#[derive(Serialize, ToSchema)]
struct PaymentTotals {
    count: u64,
    total_amount: MoneyBody,
}

#[derive(Serialize, ToSchema)]
struct CustomerTotals {
    /// Of any time.
    count: u64,
    /// Those with the greatest invoices.
    top_5: Vec<CustomerRevenue>,
}

#[derive(Serialize, ToSchema)]
struct CustomerRevenue {
    name: String,
    revenue: MoneyBody,
}

/// An entry in the books.
#[derive(Serialize, ToSchema)]
#[schema(as = BookTransaction)]
struct Transaction {
    /// Its document.
    id: i64,
    /// `invoice`, `bill` or `payment`.
    r#type: &'static str,
    title: String,
    amount: Option<MoneyBody>,
    #[schema(format = Date)]
    date: Option<String>,
    customer_vendor: Option<String>,
    status: Option<String>,
}

/// Invoices, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Invoices)]
pub(super) struct ListedInvoices {
    /// How many there are of these days.
    count: u64,
    invoices: Vec<InvoiceItem>,
    next_cursor: Option<String>,
}

/// What a customer owes.
#[derive(Serialize, ToSchema)]
#[schema(as = Invoice)]
struct InvoiceItem {
    /// Its document.
    id: i64,
    doc_number: Option<String>,
    customer_name: Option<String>,
    total: Option<MoneyBody>,
    balance: Option<MoneyBody>,
    status: Option<String>,
    #[schema(format = Date)]
    date: Option<String>,
    #[schema(format = Date)]
    due_date: Option<String>,
    currency: Option<String>,
    /// How its text begins: at most 2,000 characters.
    content: String,
}

/// Bills, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Bills)]
pub(super) struct ListedBills {
    /// How many there are of these days.
    count: u64,
    bills: Vec<BillItem>,
    next_cursor: Option<String>,
}

/// What is owed to a vendor.
#[derive(Serialize, ToSchema)]
#[schema(as = Bill)]
struct BillItem {
    /// Its document.
    id: i64,
    doc_number: Option<String>,
    vendor_name: Option<String>,
    total: Option<MoneyBody>,
    balance: Option<MoneyBody>,
    status: Option<String>,
    #[schema(format = Date)]
    date: Option<String>,
    #[schema(format = Date)]
    due_date: Option<String>,
    currency: Option<String>,
    /// How its text begins: at most 2,000 characters.
    content: String,
}

/// Payments, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Payments)]
pub(super) struct ListedPayments {
    /// How many there are of these days.
    count: u64,
    payments: Vec<PaymentItem>,
    next_cursor: Option<String>,
}

/// What a customer paid.
#[derive(Serialize, ToSchema)]
#[schema(as = Payment)]
struct PaymentItem {
    /// Its document.
    id: i64,
    reference_number: Option<String>,
    customer_name: Option<String>,
    total: Option<MoneyBody>,
    payment_method: Option<String>,
    #[schema(format = Date)]
    date: Option<String>,
    currency: Option<String>,
    /// How its text begins: at most 2,000 characters.
    content: String,
}

/// What the books say of a stretch of time.
#[derive(Serialize, ToSchema)]
pub(super) struct BooksSummary {
    success: bool,
    time_range: String,
    /// None where the stretch has no beginning.
    #[schema(format = Date)]
    start_date: Option<String>,
    /// None where it has no end.
    #[schema(format = Date)]
    end_date: Option<String>,
    /// What invoices add up to.
    revenue: MoneyBody,
    /// What bills add up to.
    expenses: MoneyBody,
    /// Revenue less expenses.
    net_income: MoneyBody,
    /// What is not paid of invoices of any time.
    outstanding_invoices: MoneyBody,
    /// What is not paid of bills of any time.
    unpaid_bills: MoneyBody,
    /// Always 0: no record that is read tells a balance at a bank.
    cash_on_hand: MoneyBody,
    /// Whether the documents tell how much cash there is: they do not.
    cash_on_hand_is_known: bool,
    /// At most ten.
    top_customers: Vec<CustomerTotal>,
    /// At most ten.
    top_vendors: Vec<VendorTotal>,
    /// At most ten.
    recent_invoices: Vec<InvoiceItem>,
    /// Of any time.
    data_counts: DataCounts,
    /// The currencies of the entries: amounts of several are added as they stand.
    currencies: Vec<String>,
}

#[derive(Serialize, ToSchema)]
struct CustomerTotal {
    name: String,
    revenue: MoneyBody,
    invoices: u64,
}

#[derive(Serialize, ToSchema)]
struct VendorTotal {
    name: String,
    expenses: MoneyBody,
    bills: u64,
}

#[derive(Serialize, ToSchema)]
struct DataCounts {
    invoices: u64,
    bills: u64,
    payments: u64,
    customers: u64,
    total: u64,
}

/// Customers in an overview.
const TOP_IN_OVERVIEW: u16 = 5;
/// Customers and vendors in a summary.
const TOP_IN_SUMMARY: u16 = 10;
/// Entries in an overview or a summary.
const RECENT: u16 = 10;

/// What invoices, bills and payments of the last days add up to.
#[utoipa::path(
    get, path = "/api/v1/dashboard/quickbooks/overview", operation_id = "overview", tag = "quickbooks", params(Window),
    responses((status = 200, body = BooksOverview))
)]
pub(super) async fn overview(
    Caller(caller): Caller,
    Query(window): Query<Window>,
    insights: Data<InsightServices>,
) -> Result<Json<BooksOverview>, Problem> {
    let (company_id, books) = (caller.company_id, &insights.books);
    let days = days(window.days)?;
    let today = insights.today();
    let period = Period::until(today, days);
    let BookTotals { invoices, bills, payments, currencies } = books.sum_up(company_id, period).await?;
    let counts = books.count_records(company_id).await?;
    let top = books.list_parties(company_id, Party::Customers, period, TOP_IN_OVERVIEW).await?;
    let recent = newest(&insights, company_id, None, period).await?;
    Ok(Json(BooksOverview {
        period_days: days.get(),
        start_date: days.first_until(today).to_string(),
        end_date: today.to_string(),
        invoices: InvoiceTotals {
            count: invoices.count,
            total_amount: invoices.total.into(),
            outstanding_balance: invoices.balance.into(),
            paid_amount: invoices.paid.into(),
        },
        bills: BillTotals {
            count: bills.count,
            total_amount: bills.total.into(),
            unpaid_balance: bills.balance.into(),
            paid_amount: bills.paid.into(),
        },
        payments: PaymentTotals { count: payments.count, total_amount: payments.total.into() },
        customers: CustomerTotals {
            count: counts.customers,
            top_5: top.into_iter().map(CustomerRevenue::from).collect(),
        },
        recent_transactions: recent.into_iter().map(Transaction::from).collect(),
        total_documents: counts.all,
        currencies,
    }))
}

/// A part of the invoices of the last days.
#[utoipa::path(
    get, path = "/api/v1/dashboard/quickbooks/invoices", operation_id = "invoices", tag = "quickbooks", params(Wanted),
    responses((status = 200, body = ListedInvoices))
)]
pub(super) async fn invoices(
    Caller(caller): Caller,
    Query(wanted): Query<Wanted>,
    insights: Data<InsightServices>,
) -> Result<Json<ListedInvoices>, Problem> {
    let (count, Page { items, next_cursor }) = list(&insights, caller.company_id, BookKind::Invoice, wanted).await?;
    Ok(Json(ListedInvoices { count, invoices: items.into_iter().map(InvoiceItem::from).collect(), next_cursor }))
}

/// A part of the bills of the last days.
#[utoipa::path(
    get, path = "/api/v1/dashboard/quickbooks/bills", operation_id = "bills", tag = "quickbooks", params(Wanted),
    responses((status = 200, body = ListedBills))
)]
pub(super) async fn bills(
    Caller(caller): Caller,
    Query(wanted): Query<Wanted>,
    insights: Data<InsightServices>,
) -> Result<Json<ListedBills>, Problem> {
    let (count, Page { items, next_cursor }) = list(&insights, caller.company_id, BookKind::Bill, wanted).await?;
    Ok(Json(ListedBills { count, bills: items.into_iter().map(BillItem::from).collect(), next_cursor }))
}

/// A part of the payments of the last days.
#[utoipa::path(
    get, path = "/api/v1/dashboard/quickbooks/payments", operation_id = "payments", tag = "quickbooks", params(Wanted),
    responses((status = 200, body = ListedPayments))
)]
pub(super) async fn payments(
    Caller(caller): Caller,
    Query(wanted): Query<Wanted>,
    insights: Data<InsightServices>,
) -> Result<Json<ListedPayments>, Problem> {
    let (count, Page { items, next_cursor }) = list(&insights, caller.company_id, BookKind::Payment, wanted).await?;
    Ok(Json(ListedPayments { count, payments: items.into_iter().map(PaymentItem::from).collect(), next_cursor }))
}

/// Revenue, expenses and whom they are with, of a stretch of time.
#[utoipa::path(
    get, path = "/api/v1/integrations/quickbooks/summary", operation_id = "summary", tag = "quickbooks", params(Stretch),
    responses((status = 200, body = BooksSummary))
)]
pub(super) async fn summary(
    Caller(caller): Caller,
    Query(stretch): Query<Stretch>,
    insights: Data<InsightServices>,
) -> Result<Json<BooksSummary>, Problem> {
    let (company_id, books) = (caller.company_id, &insights.books);
    let range = stretch.time_range.as_deref().map(str::parse::<TimeRange>).transpose();
    let range = range.map_err(invalid_query)?.unwrap_or_default();
    let period = range.period(insights.today());
    let totals = books.sum_up(company_id, period).await?;
    let ever = books.sum_up(company_id, Period::ALL).await?;
    let customers = books.list_parties(company_id, Party::Customers, period, TOP_IN_SUMMARY).await?;
    let vendors = books.list_parties(company_id, Party::Vendors, period, TOP_IN_SUMMARY).await?;
    let recent = newest(&insights, company_id, Some(BookKind::Invoice), period).await?;
    let counts = books.count_records(company_id).await?;
    let (revenue, expenses) = (totals.invoices.total, totals.bills.total);
    Ok(Json(BooksSummary {
        success: true,
        time_range: range.to_string(),
        start_date: told(period.first),
        end_date: told(period.last),
        revenue: revenue.into(),
        expenses: expenses.into(),
        net_income: (revenue - expenses).into(),
        outstanding_invoices: ever.invoices.balance.into(),
        unpaid_bills: ever.bills.balance.into(),
        cash_on_hand: Money::ZERO.into(),
        cash_on_hand_is_known: false,
        top_customers: customers.into_iter().map(CustomerTotal::from).collect(),
        top_vendors: vendors.into_iter().map(VendorTotal::from).collect(),
        recent_invoices: recent.into_iter().map(InvoiceItem::from).collect(),
        data_counts: counts.into(),
        currencies: totals.currencies,
    }))
}

/// The days that a query asks for.
pub(super) fn days(asked: Option<u16>) -> Result<Days, Problem> {
    asked.map_or(Ok(Days::THIRTY), Days::new).map_err(invalid_query)
}

/// What is asked for is out of bounds.
pub(super) fn invalid_query(error: impl Display) -> Problem {
    Problem::new(ProblemKind::InvalidQuery).detail(format!("The query cannot be taken: {error}."))
}

async fn list(
    insights: &InsightServices,
    company_id: CompanyId,
    kind: BookKind,
    wanted: Wanted,
) -> Result<(u64, Page<BookEntry>), Problem> {
    let period = Period::until(insights.today(), days(wanted.days)?);
    let page = PageRequest::new(wanted.limit, wanted.cursor);
    let entries = insights.books.list_entries(company_id, &EntryQuery { kind: Some(kind), period, page }).await?;
    let totals = insights.books.sum_up(company_id, period).await?;
    Ok((totals.of(kind).count, entries))
}

async fn newest(
    insights: &InsightServices,
    company_id: CompanyId,
    kind: Option<BookKind>,
    period: Period,
) -> Result<Vec<BookEntry>, Problem> {
    let query = EntryQuery { kind, period, page: PageRequest::new(Some(RECENT), None) };
    Ok(insights.books.list_entries(company_id, &query).await?.items)
}

fn told(day: Option<Date>) -> Option<String> {
    day.map(|day| day.to_string())
}

impl From<ListError> for Problem {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Cursor(error) => Self::new(ProblemKind::InvalidQuery)
                .detail("The cursor is none of those that this list answers as next_cursor.")
                .caused_by(error),
            ListError::Store(error) => error.into(),
        }
    }
}

impl From<PartyTotal> for CustomerRevenue {
    fn from(PartyTotal { name, total, .. }: PartyTotal) -> Self {
        Self { name, revenue: total.into() }
    }
}

impl From<PartyTotal> for CustomerTotal {
    fn from(PartyTotal { name, total, count }: PartyTotal) -> Self {
        Self { name, revenue: total.into(), invoices: count }
    }
}

impl From<PartyTotal> for VendorTotal {
    fn from(PartyTotal { name, total, count }: PartyTotal) -> Self {
        Self { name, expenses: total.into(), bills: count }
    }
}

impl From<RecordCounts> for DataCounts {
    fn from(counts: RecordCounts) -> Self {
        let RecordCounts { invoices, bills, payments, customers, all } = counts;
        Self { invoices, bills, payments, customers, total: all }
    }
}

impl From<BookEntry> for Transaction {
    fn from(entry: BookEntry) -> Self {
        Self {
            id: entry.id.get(),
            r#type: entry.kind.name(),
            title: entry.title,
            amount: entry.total.map(MoneyBody),
            date: told(entry.day),
            customer_vendor: entry.party,
            status: entry.status,
        }
    }
}

impl From<BookEntry> for InvoiceItem {
    fn from(entry: BookEntry) -> Self {
        Self {
            id: entry.id.get(),
            doc_number: entry.number,
            customer_name: entry.party,
            total: entry.total.map(MoneyBody),
            balance: entry.balance.map(MoneyBody),
            status: entry.status,
            date: told(entry.day),
            due_date: told(entry.due_day),
            currency: entry.currency,
            content: entry.content,
        }
    }
}

impl From<BookEntry> for BillItem {
    fn from(entry: BookEntry) -> Self {
        Self {
            id: entry.id.get(),
            doc_number: entry.number,
            vendor_name: entry.party,
            total: entry.total.map(MoneyBody),
            balance: entry.balance.map(MoneyBody),
            status: entry.status,
            date: told(entry.day),
            due_date: told(entry.due_day),
            currency: entry.currency,
            content: entry.content,
        }
    }
}

impl From<BookEntry> for PaymentItem {
    fn from(entry: BookEntry) -> Self {
        Self {
            id: entry.id.get(),
            reference_number: entry.number,
            customer_name: entry.party,
            total: entry.total.map(MoneyBody),
            payment_method: entry.payment_method,
            date: told(entry.day),
            currency: entry.currency,
            content: entry.content,
        }
    }
}
