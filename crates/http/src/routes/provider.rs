//! Providers as requests name them.

use std::collections::BTreeSet;

use cortex_kernel::{Provider, UnknownProvider};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::problem::{Problem, ProblemKind};

/// `?provider=`, in any of its spellings.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ProviderParameter {
    pub(super) provider: String,
}

/// The provider of this name.
pub(super) fn known(name: &str) -> Result<Provider, Problem> {
    Ok(name.parse::<Provider>()?)
}

/// The provider of this name, if it is not switched off.
pub(super) fn configured(name: &str, providers: &BTreeSet<Provider>) -> Result<Provider, Problem> {
    let provider = known(name)?;
    if providers.contains(&provider) { Ok(provider) } else { Err(switched_off(provider)) }
}

pub(super) fn switched_off(provider: Provider) -> Problem {
    Problem::new(ProblemKind::ProviderNotConfigured).detail(format!("{provider} is switched off in this deployment."))
}

impl From<UnknownProvider> for Problem {
    fn from(error: UnknownProvider) -> Self {
        let names = Provider::ALL.map(Provider::name).join(", ");
        let detail = format!("There is no such provider; there are {names}.");
        Self::new(ProblemKind::UnsupportedProvider).detail(detail).caused_by(error)
    }
}
