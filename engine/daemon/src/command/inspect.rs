//! `leadsman inspect`.

use std::{path::PathBuf, process::ExitCode};

use leadsman_config::Disk;
use leadsman_core::{
    digest,
    id::{NameError, ProbeName},
    plan::{ProbeSource, Undescribed},
};
use leadsman_host::{Probe, is_inert};
use serde_json::{Value, json};

use super::CommandError;
use crate::{app, args::Inspect, catalog::Probes, paint::Paint};

/// A probe and what it was loaded from.
struct Inspected {
    probe: Probe,
    source: String,
    bytes: usize,
    sha256: String,
}

/// Says what a probe is.
pub(super) fn inspect(
    arguments: &Inspect,
    cache: Option<PathBuf>,
) -> Result<ExitCode, CommandError> {
    let io = app::io_runtime()?;
    let probes = app::probes(cache, 16, &io)?;
    let (name, source) = named(arguments, &probes)?;
    let found =
        load(&probes, &name, &source).map_err(|why| CommandError::of_probe(name.as_str(), why))?;
    let text = if arguments.json {
        format!("{:#}\n", found.as_json())
    } else {
        found.told(Paint::for_stdout())
    };
    Ok(super::printed(&text)?)
}

fn named(arguments: &Inspect, probes: &Probes) -> Result<(ProbeName, ProbeSource), CommandError> {
    let wrong = |error: NameError| CommandError::Usage(error.to_string());
    if super::is_file(&arguments.probe) {
        let path = PathBuf::from(&arguments.probe);
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let name = ProbeName::new(&stem).map_err(wrong)?;
        return Ok((name, ProbeSource::File { path, sha256: None }));
    }
    let name = ProbeName::new(&arguments.probe).map_err(wrong)?;
    let Some(config) = &arguments.config else {
        return Ok((name, ProbeSource::Bundled));
    };
    let (plan, absent) = app::read(config, &Disk, probes)?;
    super::warn(&absent)?;
    let source = plan.probes.get(&name).cloned();
    Ok((name, source.unwrap_or(ProbeSource::Bundled)))
}

fn load(probes: &Probes, name: &ProbeName, source: &ProbeSource) -> Result<Inspected, Undescribed> {
    let component = probes.component(name, source)?;
    let probe = probes.sandbox().load(&component);
    Ok(Inspected {
        probe: probe.map_err(|error| Undescribed::Wrong(error.to_string()))?,
        source: match source {
            ProbeSource::Bundled => "bundled".to_owned(),
            ProbeSource::File { path, .. } => path.display().to_string(),
            ProbeSource::Image(image) => image.reference.to_string(),
        },
        bytes: component.len(),
        sha256: digest::sha256(&component),
    })
}

impl Inspected {
    fn as_json(&self) -> Value {
        let description = &self.probe.description;
        let import = |name: &String| json!({"name": name, "inert": is_inert(name)});
        json!({
            "name": description.name,
            "version": description.version,
            "source": self.source,
            "bytes": self.bytes,
            "sha256": self.sha256,
            "imports": self.probe.imports.iter().map(import).collect::<Vec<_>>(),
            "measures": description.measures,
            "settings": description.settings,
        })
    }

    fn told(&self, paint: Paint) -> String {
        let description = &self.probe.description;
        let mut lines = vec![
            format!("{} {}", paint.bold(&description.name), description.version),
            format!("  source    {}", self.source),
            format!("  size      {} bytes", self.bytes),
            format!("  sha256    {}", self.sha256),
        ];
        let imports = self
            .probe
            .imports
            .iter()
            .map(|name| (name.as_str(), standing(name)));
        section(&mut lines, ("imports", imports.collect()), paint);
        let settings = settings(&description.settings);
        let settings = settings
            .iter()
            .map(|(name, help)| (name.as_str(), help.as_str()));
        section(&mut lines, ("settings", settings.collect()), paint);
        let measures = description.measures.iter();
        let measures = measures.map(|measure| (measure.name.as_str(), measure.help.as_str()));
        section(&mut lines, ("measures", measures.collect()), paint);
        lines.join("\n") + "\n"
    }
}

/// What becomes of a call.
fn standing(import: &str) -> &'static str {
    if is_inert(import) {
        "inert: denied or empty"
    } else {
        ""
    }
}

/// The name of each setting, and the first paragraph of what it is.
fn settings(schema: &Value) -> Vec<(String, String)> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let first = |setting: &Value| {
        let text = setting.get("description").and_then(Value::as_str);
        paragraph(text.unwrap_or_default())
    };
    let all = properties.into_iter().flatten();
    all.map(|(name, setting)| (name.clone(), first(setting)))
        .collect()
}

/// The first paragraph on one line: a sentence may go on over the end of a line.
fn paragraph(text: &str) -> String {
    let lines = text.trim().lines().map(str::trim);
    let lines: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    lines.join(" ")
}

/// A heading with names and what is said of each; nothing where there are none.
fn section(lines: &mut Vec<String>, (heading, rows): (&str, Vec<(&str, &str)>), paint: Paint) {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    if !rows.is_empty() {
        lines.push(String::new());
        lines.push(format!("  {}", paint.bold(heading)));
    }
    lines.extend(rows.iter().map(|(name, said)| {
        let line = format!("    {name:<width$}  {}", paint.dim(said));
        line.trim_end().to_owned()
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_told_by_its_first_paragraph_on_one_line() {
        let text =
            "The author's word that it does\n no harm. Without it\nnothing is retried.\n\nMore.";
        let schema = json!({"properties": {"a": {"description": text}, "b": {}}});
        let told = "The author's word that it does no harm. Without it nothing is retried.";
        let expected =
            [("a", told), ("b", "")].map(|(name, told)| (name.to_owned(), told.to_owned()));
        assert_eq!(settings(&schema), expected);
    }
}
