//! Families in the format that a scraper asked for.

use std::fmt;

use bytes::Bytes;

use super::{
    collector,
    exposition::{Family, Kind, Text},
    format::Format,
    pieces::Pieces,
    text,
};

/// Of how many checks or check-targets a text has a family at once.
const PART: usize = 1_000;

/// Writes families as they are made, and forgets them. The parts of one follow each other.
pub(super) struct Writer<'a> {
    format: Format,
    out: Pieces<'a>,
    /// The family that was written last.
    last: Option<Text>,
}

impl<'a> Writer<'a> {
    /// Nothing is written yet; `take` is handed the pieces, and says whether anybody wants more.
    pub(super) fn new(format: Format, take: &'a mut dyn FnMut(Bytes) -> bool) -> Self {
        Self {
            format,
            out: Pieces::new(take),
            last: None,
        }
    }

    /// Of how many checks or check-targets a family is to be made at once. In protobuf it is one message.
    pub(super) const fn part(format: Format) -> usize {
        match format {
            Format::Text | Format::OpenMetrics => PART,
            Format::Protobuf => usize::MAX,
        }
    }

    /// Writes families, or parts of them; the error says that nobody wants more.
    pub(super) fn write(&mut self, families: Vec<Family>) -> fmt::Result {
        let told = families.into_iter();
        told.filter(|family| !family.samples.is_empty())
            .try_for_each(|family| self.one(family))
    }

    fn one(&mut self, family: Family) -> fmt::Result {
        let is_begun = self.last.as_ref() == Some(&family.name);
        if !is_begun {
            self.last = Some(family.name.clone());
        }
        match (self.format, family.kind) {
            (Format::Protobuf, _) => collector::write_protobuf(family, &mut self.out),
            // The library knows no summaries.
            (Format::Text, _) | (Format::OpenMetrics, Kind::Summary) => {
                text::write(&family, is_begun, &mut self.out)
            }
            (Format::OpenMetrics, _) => {
                collector::write_open_metrics(family, is_begun, &mut self.out)
            }
        }
    }

    /// Writes what comes last.
    pub(super) fn finish(mut self) -> fmt::Result {
        if self.format == Format::OpenMetrics {
            collector::write_end(&mut self.out)?;
        }
        self.out.finish()
    }
}
