//! Families in the format that a scraper asked for.

use std::fmt;

use bytes::Bytes;

use super::{
    collector,
    exposition::{Family, Kind},
    format::Format,
    pieces::Pieces,
    text,
};

/// Writes families as they are made, and forgets them.
pub(super) struct Writer<'a> {
    format: Format,
    out: Pieces<'a>,
    /// What OpenMetrics has at its end.
    summaries: Vec<Family>,
}

impl<'a> Writer<'a> {
    /// Nothing is written yet; `take` is handed the pieces, and says whether anybody wants more.
    pub(super) fn new(format: Format, take: &'a mut dyn FnMut(Bytes) -> bool) -> Self {
        Self {
            format,
            out: Pieces::new(take),
            summaries: Vec::new(),
        }
    }

    /// Writes families; the error says that nobody wants more.
    pub(super) fn write(&mut self, mut families: Vec<Family>) -> fmt::Result {
        families.retain(|family| !family.samples.is_empty());
        match self.format {
            Format::Text => text::write(families, &mut self.out),
            Format::Protobuf => collector::write_protobuf(families, &mut self.out),
            Format::OpenMetrics => {
                let (summaries, known): (Vec<Family>, Vec<Family>) = families
                    .into_iter()
                    .partition(|family| family.kind == Kind::Summary);
                self.summaries.extend(summaries);
                collector::write_open_metrics(known, &mut self.out)
            }
        }
    }

    /// Writes what comes last.
    pub(super) fn finish(mut self) -> fmt::Result {
        if self.format == Format::OpenMetrics {
            text::write(self.summaries, &mut self.out)?;
            collector::write_end(&mut self.out)?;
        }
        self.out.finish()
    }
}
