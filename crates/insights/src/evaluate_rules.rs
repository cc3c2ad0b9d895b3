//! The rules of a company are put to what it knows.

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{Clock, CompanyId, StoreError};

use crate::model::{
    DayLimit, Evaluation, Fact, Finding, LEXICON_VERSION, OwnAddresses, ReadMail, RuleSetting, Scope, find_keywords,
};
use crate::ports::{Alerts, CompanyOverview, Facts, MailSignals};

/// Makes alerts of what rules find, and resolves those that do not hold any more.
///
/// It goes on part by part: a page of mails, or of facts of a rule, each durable by itself. However often it is done, of a
/// rule and a subject there is one alert; what was broken off is done again from its rule on.
pub struct EvaluateRules {
    ports: RulePorts,
    clock: Arc<dyn Clock>,
    limit: DayLimit,
}

/// What an evaluation stands on.
#[derive(Clone)]
pub struct RulePorts {
    /// What was found.
    pub alerts: Arc<dyn Alerts>,
    /// What rules look at.
    pub facts: Arc<dyn Facts>,
    /// What stands in mails.
    pub signals: Arc<dyn MailSignals>,
    /// Which addresses are the company's own.
    pub overview: Arc<dyn CompanyOverview>,
}

/// Whether to go on after a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoOn {
    /// With the next one.
    Yes,
    /// Somebody wants it to stop.
    Interrupted,
    /// It is nobody's business here any more.
    Lost,
}

/// Is told of each part that is done.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Parts: Send + Sync {
    /// A part is done; says whether to do the next one.
    async fn done(&self) -> Result<GoOn, StoreError>;
}

/// Mails whose texts are read at once.
const MAILS: u8 = 100;
/// Facts that are judged at once.
const FACTS: u16 = 500;

impl EvaluateRules {
    /// Judges by `clock`; one person may bring in `limit` on a day.
    #[must_use]
    pub const fn new(ports: RulePorts, clock: Arc<dyn Clock>, limit: DayLimit) -> Self {
        Self { ports, clock, limit }
    }

    /// Puts all rules to the company. Anything but [`GoOn::Yes`] says why it is not at its end.
    pub async fn evaluate(&self, company_id: CompanyId, scope: Scope, parts: &dyn Parts) -> Result<GoOn, StoreError> {
        let go_on = self.read_mails(company_id, parts).await?;
        if go_on != GoOn::Yes {
            return Ok(go_on);
        }
        let own = self.ports.overview.list_own_addresses(company_id).await?;
        let Evaluation { rules, begun_at } = self.ports.alerts.begin_evaluation(company_id).await?;
        for setting in rules {
            let go_on = self.find(company_id, setting, &own, scope, parts).await?;
            if go_on != GoOn::Yes {
                return Ok(go_on);
            }
            // All of it was looked at.
            self.ports.alerts.resolve_unseen(company_id, setting.rule, begun_at).await?;
        }
        parts.done().await
    }

    async fn read_mails(&self, company_id: CompanyId, parts: &dyn Parts) -> Result<GoOn, StoreError> {
        loop {
            let unread = self.ports.signals.list_unread(company_id, LEXICON_VERSION, MAILS).await?;
            if unread.is_empty() {
                return Ok(GoOn::Yes);
            }
            let is_last = unread.len() < usize::from(MAILS);
            let read: Vec<_> = unread
                .into_iter()
                .map(|mail| ReadMail {
                    keywords: find_keywords(&mail.title, &mail.content),
                    document_id: mail.document_id,
                    state: mail.state,
                })
                .collect();
            self.ports.signals.keep(company_id, LEXICON_VERSION, &read).await?;
            let go_on = parts.done().await?;
            if is_last || go_on != GoOn::Yes {
                return Ok(go_on);
            }
        }
    }

    /// A rule that is switched off finds nothing, so that what it found before is over.
    async fn find(
        &self,
        company_id: CompanyId,
        setting: RuleSetting,
        own: &OwnAddresses,
        scope: Scope,
        parts: &dyn Parts,
    ) -> Result<GoOn, StoreError> {
        let RulePorts { alerts, facts, .. } = &self.ports;
        let now = self.clock.now();
        let query = setting.query(own, scope, now);
        let mut after: Option<String> = None;
        if !setting.is_on {
            return Ok(GoOn::Yes);
        }
        loop {
            let page = facts.list(company_id, &query, after, FACTS).await?;
            let findings: Vec<Finding> = page.iter().filter_map(|fact| setting.judge(fact, self.limit, now)).collect();
            if !findings.is_empty() {
                alerts.record(company_id, setting.rule, &findings).await?;
            }
            after = page.last().filter(|_| page.len() == usize::from(FACTS)).map(Fact::subject);
            let go_on = parts.done().await?;
            if after.is_none() || go_on != GoOn::Yes {
                return Ok(go_on);
            }
        }
    }
}

#[cfg(test)]
mod tests;
