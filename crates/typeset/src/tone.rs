//! The colours of reports.

/// A colour, by what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Of text.
    Ink,
    /// Of what matters less.
    Quiet,
    /// Of numbers.
    Accent,
}

impl Tone {
    const ALL: [Self; 3] = [Self::Ink, Self::Quiet, Self::Accent];

    /// Red, green and blue.
    pub(crate) const fn rgb(self) -> (u8, u8, u8) {
        match self {
            Self::Ink => (28, 39, 51),
            Self::Quiet => (90, 103, 117),
            Self::Accent => (43, 108, 176),
        }
    }

    /// The one of this colour, or else that of text.
    pub(crate) fn of(rgb: (u8, u8, u8)) -> Self {
        Self::ALL.into_iter().find(|tone| tone.rgb() == rgb).unwrap_or(Self::Ink)
    }
}
