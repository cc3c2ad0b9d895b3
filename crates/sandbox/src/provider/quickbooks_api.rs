//! The `QuickBooks` API: the company's own facts.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::api::{Refused, caller, error};
use super::{Provider, Vendor};
use crate::clock::millis_offset;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.route("/v3/company/{realm}/companyinfo/{id}", web::get().to(company));
}

async fn company(
    provider: web::Data<Provider>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Refused> {
    let account = caller(&provider, &request, Vendor::Intuit, "accounting")?;
    let (realm, id) = path.into_inner();
    if realm != account.realm_id || id != account.realm_id {
        return Err(error(Vendor::Intuit, 403));
    }
    let domain = account.email.rsplit('@').next().unwrap_or_default();
    Ok(HttpResponse::Ok().json(json!({
        "CompanyInfo": {
            "Id": "1",
            "CompanyName": account.company_name,
            "LegalName": account.company_name,
            "Country": "GB",
            "Email": { "Address": format!("accounts@{domain}") },
        },
        "time": millis_offset(provider.shared.clock.now()),
    })))
}
