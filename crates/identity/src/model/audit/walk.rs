//! A walk along a chain, which ends at the first thing that does not agree.

use std::fmt;

use cortex_kernel::CompanyId;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{ChainHash, EntryFacts, Past, PersonalState, SealHead, StoredSeal};

/// A seal and the row that it names, if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The seal.
    pub seal: StoredSeal,
    /// The row.
    pub entry: Option<EntryFacts>,
}

/// What does not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A row, or its seal, says something else than when it was sealed.
    Changed {
        /// The place of its seal; none where it is older than the seals.
        seq: Option<u64>,
        /// The row.
        entry: Uuid,
    },
    /// A sealed row is gone.
    Missing {
        /// The place of its seal.
        seq: u64,
        /// The row.
        entry: Uuid,
    },
    /// A seal was changed.
    SealChanged {
        /// Its place.
        seq: u64,
    },
    /// A seal is gone, from within the chain or with its beginning.
    SealMissing {
        /// Its place.
        seq: u64,
    },
    /// The rows from before the seals are not those that were sealed.
    PastChanged {
        /// How many were sealed.
        sealed: i64,
        /// How many there are.
        found: u64,
    },
    /// A row has no seal, although there was time enough to seal it, or came in past the sealer.
    Unsealed {
        /// The row.
        entry: Uuid,
    },
    /// A row went before it was sealed.
    GoneUnsealed {
        /// The row.
        entry: Uuid,
    },
    /// The chain ends before the place that it is known to have reached.
    CutOff {
        /// That place.
        reached: u64,
        /// Where it ends; none where nothing is left of it.
        ends: Option<u64>,
    },
    /// The chain is whole, and not the one that is known to have reached this place.
    Rewritten {
        /// That place.
        seq: u64,
    },
    /// What is personal in a row is gone, and no retention took it.
    Taken {
        /// The row.
        entry: Uuid,
    },
}

/// What a walk went over, all of it in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Rows from before the seals.
    pub past: u64,
    /// Sealed rows.
    pub entries: u64,
    /// The newest seal.
    pub head: Option<SealHead>,
    /// The place that the chain was known to have reached from outside.
    pub known: Option<u64>,
}

/// How far a check went, and what it holds the rest to. It needs the same little memory however long the chain is.
#[derive(Debug)]
pub struct Walk {
    company_id: CompanyId,
    known: Option<SealHead>,
    past: Past,
    head: Option<SealHead>,
    youngest_forgotten: Option<(i64, Uuid)>,
}

impl Walk {
    /// Begins before the rows from before there were seals. `known` is the head that was kept outside of the company's
    /// database before the walk.
    #[must_use]
    pub const fn begin(company_id: CompanyId, known: Option<SealHead>) -> Self {
        Self { company_id, known, past: Past::NONE, head: None, youngest_forgotten: None }
    }

    /// Goes over the next row from before the seals, in the order of their ids.
    pub fn past(&mut self, entry: &EntryFacts) -> Result<(), Finding> {
        self.personal(None, entry)?;
        self.past.add(entry);
        Ok(())
    }

    /// Goes over the next seal, in the order of their places, after all rows from before.
    pub fn link(&mut self, link: &Link) -> Result<(), Finding> {
        let Link { seal, entry } = link;
        let expected = self.head.map_or(0, |head| head.seq + 1);
        if u64::try_from(seal.seq) != Ok(expected) {
            return Err(Finding::SealMissing { seq: expected });
        }
        let seq = expected;
        let hash = ChainHash::try_from(seal.hash.as_slice()).map_err(|_| Finding::SealChanged { seq })?;
        if seal.previous != self.head.map_or(ChainHash::NOTHING, |head| head.hash).as_bytes() {
            return Err(Finding::SealChanged { seq });
        }
        match (self.head, seal.entry, seal.covered) {
            (None, None, Some(covered)) => {
                let found = self.past.count();
                if self.past.seal(self.company_id).hash != hash {
                    return Err(Finding::PastChanged { sealed: covered, found });
                }
                if u64::try_from(covered) != Ok(found) {
                    return Err(Finding::SealChanged { seq });
                }
            }
            (Some(head), Some(id), None) => {
                let entry = entry.as_ref().ok_or(Finding::Missing { seq, entry: id })?;
                self.personal(Some(seq), entry)?;
                if head.seal(self.company_id, entry).hash != hash {
                    return Err(Finding::Changed { seq: Some(seq), entry: id });
                }
            }
            _ => return Err(Finding::SealChanged { seq }),
        }
        if self.known.is_some_and(|known| known.seq == seq && known.hash != hash) {
            return Err(Finding::Rewritten { seq });
        }
        self.head = Some(SealHead { seq, hash });
        Ok(())
    }

    /// The place of the last seal that the walk went over.
    #[must_use]
    pub fn last(&self) -> Option<u64> {
        self.head.map(|head| head.seq)
    }

    /// Ends after the last seal. `forgotten_before` is the moment up to which retention has gone.
    pub fn end(self, forgotten_before: Option<OffsetDateTime>) -> Result<Checked, Finding> {
        if let (Some((micros, entry)), before) = (self.youngest_forgotten, forgotten_before) {
            let allowed = before.is_some_and(|before| i128::from(micros) * 1_000 < before.unix_timestamp_nanos());
            if !allowed {
                return Err(Finding::Taken { entry });
            }
        }
        if self.head.is_none() && self.past.count() > 0 {
            return Err(Finding::SealMissing { seq: 0 });
        }
        if let Some(known) = self.known
            && self.last().is_none_or(|last| last < known.seq)
        {
            return Err(Finding::CutOff { reached: known.seq, ends: self.last() });
        }
        Ok(Checked {
            past: self.past.count(),
            entries: self.head.map_or(0, |head| head.seq),
            head: self.head,
            known: self.known.map(|known| known.seq),
        })
    }

    fn personal(&mut self, seq: Option<u64>, entry: &EntryFacts) -> Result<(), Finding> {
        match entry.personal.state() {
            PersonalState::Kept => Ok(()),
            PersonalState::Altered => Err(Finding::Changed { seq, entry: entry.id }),
            PersonalState::Forgotten => {
                // A moment that is none was never written by anybody of ours.
                let at = entry.at_micros.ok_or(Finding::Changed { seq, entry: entry.id })?;
                if self.youngest_forgotten.is_none_or(|(youngest, _)| youngest < at) {
                    self.youngest_forgotten = Some((at, entry.id));
                }
                Ok(())
            }
        }
    }
}

impl Finding {
    /// Its name, for programs.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Changed { .. } => "changed",
            Self::Missing { .. } => "cut_out",
            Self::SealChanged { .. } => "seal_changed",
            Self::SealMissing { .. } => "seal_missing",
            Self::PastChanged { .. } => "past_changed",
            Self::Unsealed { .. } => "unsealed",
            Self::GoneUnsealed { .. } => "cut_out_unsealed",
            Self::CutOff { .. } => "cut_off",
            Self::Rewritten { .. } => "rewritten",
            Self::Taken { .. } => "details_taken",
        }
    }

    /// The row that it is about.
    #[must_use]
    pub const fn entry(&self) -> Option<Uuid> {
        match self {
            Self::Changed { entry, .. }
            | Self::Missing { entry, .. }
            | Self::Unsealed { entry }
            | Self::GoneUnsealed { entry }
            | Self::Taken { entry } => Some(*entry),
            Self::SealChanged { .. }
            | Self::SealMissing { .. }
            | Self::PastChanged { .. }
            | Self::CutOff { .. }
            | Self::Rewritten { .. } => None,
        }
    }

    /// The place in the chain that it is about.
    #[must_use]
    pub const fn seq(&self) -> Option<u64> {
        match self {
            Self::Changed { seq, .. } => *seq,
            Self::Missing { seq, .. }
            | Self::SealChanged { seq }
            | Self::SealMissing { seq }
            | Self::Rewritten { seq } => Some(*seq),
            Self::PastChanged { .. } => Some(0),
            Self::CutOff { reached, .. } => Some(*reached),
            Self::Unsealed { .. } | Self::GoneUnsealed { .. } | Self::Taken { .. } => None,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { seq: Some(seq), entry } => {
                write!(f, "audit row {entry} or its seal {seq} was changed after it was sealed")
            }
            Self::Changed { seq: None, entry } => {
                write!(f, "audit row {entry}, which is older than the seals, was changed")
            }
            Self::Missing { seq, entry } => write!(f, "audit row {entry} of seal {seq} was cut out"),
            Self::SealChanged { seq } => write!(f, "seal {seq} was changed"),
            Self::SealMissing { seq } => write!(f, "seal {seq} is missing"),
            Self::PastChanged { sealed, found } if u64::try_from(*sealed) == Ok(*found) => {
                write!(f, "one of the {found} audit rows from before the seals, or their seal, was changed")
            }
            Self::PastChanged { sealed, found } => {
                write!(f, "{sealed} audit rows from before the seals were sealed, and there are {found}")
            }
            Self::Unsealed { entry } => {
                write!(f, "audit row {entry} has no seal: no sealer is running, or it was put in past the sealer")
            }
            Self::GoneUnsealed { entry } => write!(f, "audit row {entry} was cut out before it was sealed"),
            Self::CutOff { reached, ends: Some(ends) } => {
                write!(f, "the chain was cut off: it had reached seal {reached} and ends at seal {ends}")
            }
            Self::CutOff { reached, ends: None } => {
                write!(f, "the chain was cut off: it had reached seal {reached} and nothing is left of it")
            }
            Self::Rewritten { seq } => {
                write!(f, "the chain was rewritten: seal {seq} is not the one that Master knows")
            }
            Self::Taken { entry } => {
                write!(f, "address, agent and details of audit row {entry} are gone, and no retention took them")
            }
        }
    }
}

#[cfg(test)]
mod tests;
