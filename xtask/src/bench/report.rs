//! The figures as a table for people and as JSON for programs.

use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use serde_json::{Map, Value, json};

/// One figure.
#[derive(Debug)]
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) ours: Option<f64>,
    pub(super) peer: Option<f64>,
    pub(super) native: Option<f64>,
    pub(super) ratio: Option<f64>,
    pub(super) bars: Vec<Bar>,
    pub(super) remark: String,
}

/// What a figure must reach.
#[derive(Debug)]
pub(super) struct Bar {
    what: &'static str,
    at_most: f64,
    got: f64,
}

impl Bar {
    pub(super) const fn at_most(what: &'static str, at_most: f64, got: f64) -> Self {
        Self { what, at_most, got }
    }

    fn met(&self) -> bool {
        self.got <= self.at_most
    }
}

impl Figure {
    pub(super) const fn new(name: &'static str, unit: &'static str) -> Self {
        Self {
            name,
            unit,
            ours: None,
            peer: None,
            native: None,
            ratio: None,
            bars: Vec::new(),
            remark: String::new(),
        }
    }

    /// One that only the daemon has, and what it may be at the most.
    pub(super) fn own(name: &'static str, unit: &'static str, ours: f64, at_most: f64) -> Self {
        Self {
            bars: vec![Bar::at_most("", at_most, ours)],
            ..Self::told(name, unit, ours)
        }
    }

    /// One that only the daemon has, and that has no bar.
    pub(super) fn told(name: &'static str, unit: &'static str, ours: f64) -> Self {
        Self {
            ours: Some(ours),
            ..Self::new(name, unit)
        }
    }

    /// One that was not measured, and why.
    pub(super) fn absent(name: &'static str, why: &str) -> Self {
        Self {
            remark: format!("not measured: {why}"),
            ..Self::new(name, "")
        }
    }
}

const HEADER: [&str; 8] = [
    "figure", "unit", "ours", "peer", "plain", "ratio", "bar", "",
];

/// The table.
pub(super) fn table(figures: &[Figure]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header(HEADER);
    for figure in figures {
        table.add_row(row(figure));
    }
    for column in 2..6 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn row(figure: &Figure) -> Vec<String> {
    let shown = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), number);
    let bars: Vec<String> = figure
        .bars
        .iter()
        .map(|bar| {
            format!("≤ {} {}", number(bar.at_most), bar.what)
                .trim_end()
                .to_owned()
        })
        .collect();
    let met: Vec<String> = figure
        .bars
        .iter()
        .map(|bar| match (bar.met(), bar.what) {
            (true, _) => "met".to_owned(),
            (false, "") => "MISSED".to_owned(),
            (false, _) => format!("MISSED: {}", number(bar.got)),
        })
        .collect();
    let mut row = vec![figure.name.to_owned(), figure.unit.to_owned()];
    row.extend([figure.ours, figure.peer, figure.native, figure.ratio].map(shown));
    row.extend([bars.join("\n"), met.join("\n")]);
    row
}

/// Whole numbers are counts; others have three digits after the point.
fn number(value: f64) -> String {
    if value.fract() == 0.0 {
        format!("{value}")
    } else {
        format!("{value:.3}")
    }
}

/// What the table has no room for.
pub(super) fn notes(figures: &[Figure], quick: bool) -> Vec<String> {
    let mut notes = vec![
        "peer: blackbox_exporter; plain: the same requests in Rust without anything around them.".to_owned(),
        "ratio: ours to the peer's; of http_expect_500, to the same without expectations, in turn with it. CPU is of the process under test, for each probe that the target answered.".to_owned(),
        "At 500 a second a figure is void where the peer or plain Rust made less than 98 % of them. Without a rate HTTP alone is measured: how far the other protocols go is not known.".to_owned(),
        "Below, probes a second and peak memory: ours | peer | plain. Lags are as exact as the histogram's buckets.".to_owned(),
    ];
    if quick {
        notes.push("--quick: 2 s for each figure, without the runs that take a minute; CPU times are within ten percent.".to_owned());
    }
    let remarked = figures.iter().filter(|figure| !figure.remark.is_empty());
    notes.extend(remarked.map(|figure| format!("{}: {}", figure.name, figure.remark)));
    let bars = || figures.iter().flat_map(|figure| &figure.bars);
    let missed = bars().filter(|bar| !bar.met()).count();
    notes.push(format!("{} bars, {missed} missed", bars().count()));
    notes
}

/// {figure: {ours, peer, native, ratio}}.
pub(super) fn json(figures: &[Figure]) -> String {
    let entry = |figure: &Figure| json!({"ours": figure.ours, "peer": figure.peer, "native": figure.native, "ratio": figure.ratio});
    let all: Map<String, Value> = figures
        .iter()
        .map(|figure| (figure.name.to_owned(), entry(figure)))
        .collect();
    format!("{:#}\n", Value::Object(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_that_is_missed_is_said() {
        let figures = [Figure::own("memory", "MB", 130.0, 120.0)];
        assert!(table(&figures).to_string().contains("MISSED"));
        assert_eq!(notes(&figures, false).last().unwrap(), "1 bars, 1 missed");
    }

    #[test]
    fn each_figure_is_told_to_programs_with_what_it_was_held_against() {
        let whole = Figure {
            peer: Some(4.0),
            native: Some(0.5),
            ratio: Some(0.25),
            ..Figure::told("http_500", "ms", 1.0)
        };
        let figures = [whole, Figure::absent("tls_500", "nothing answered")];
        let told: Value = serde_json::from_str(&json(&figures)).unwrap();
        assert_eq!(
            told,
            json!({
                "http_500": {"ours": 1.0, "peer": 4.0, "native": 0.5, "ratio": 0.25},
                "tls_500": {"ours": null, "peer": null, "native": null, "ratio": null},
            })
        );
    }
}
