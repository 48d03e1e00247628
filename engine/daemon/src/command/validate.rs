//! `leadsman validate`: in a pull request, without a network.

mod cost;
mod diff;
mod resolve;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use leadsman_config::{Disk, Problem, Problems};
use leadsman_core::plan::{Plan, Tls};
use leadsman_net::Network;
use serde_json::json;

use super::{CONFIGURATION, CommandError, UNAVAILABLE};
use crate::{
    access::Access,
    app::{self, AppError},
    args::{ReportFormat, Validate},
    catalog::Probes,
};

/// Checks a configuration and says what it found.
pub(super) fn validate(
    arguments: &Validate,
    cache: Option<PathBuf>,
) -> Result<ExitCode, CommandError> {
    let io = app::io_runtime()?;
    let probes = app::probes(cache, 16, &io)?;
    let (plan, absent) = match load(arguments, &probes) {
        Ok(read) => read,
        Err(AppError::Configuration(problems)) if arguments.format != ReportFormat::Text => {
            return wrong(&problems, arguments.format);
        }
        Err(error) => return Err(error.into()),
    };
    let old = match &arguments.diff {
        Some(old) => Some(app::load(old, &probes)?),
        None => None,
    };
    let resolved = if arguments.resolve {
        // Its certificates have no part in it.
        let network = Network::new(&plan.network, &Tls::default()).map_err(AppError::from)?;
        Some(io.block_on(resolve::resolve(&plan, &network)))
    } else {
        None
    };
    if arguments.format == ReportFormat::Json {
        let report = json!({
            "ok": true,
            "checks": plan.checks.len(),
            "problems": [],
            "notices": absent,
            "series": arguments.series.then(|| cost::json(&plan)),
            "diff": old.as_ref().map(|old| diff::Diff::between(old, &plan)),
            "resolve": resolved,
        });
        writeln!(io::stdout(), "{report}")?;
    } else {
        notice(&absent, arguments.format)?;
        tell(arguments, &plan, old.as_ref(), resolved.as_deref())?;
    }
    let refused = resolved
        .iter()
        .flatten()
        .any(|target| !target.is_reachable());
    Ok(if refused {
        ExitCode::from(UNAVAILABLE)
    } else {
        ExitCode::SUCCESS
    })
}

/// The plan and the probes that are not here; with the web configuration, where one is named, all mistakes of both
/// at once.
fn load(arguments: &Validate, probes: &Probes) -> Result<(Plan, Vec<Problem>), AppError> {
    let access = Access::read(arguments.web_config.as_deref()).map_err(AppError::from);
    let plan = app::read(&arguments.config, &Disk, probes);
    match (plan, access) {
        (Err(AppError::Configuration(plan)), Err(AppError::Configuration(web))) => {
            let both = plan.into_iter().chain(web).collect();
            Err(AppError::Configuration(Problems::from_list(both)))
        }
        (plan, access) => access.and(plan),
    }
}

/// What is no mistake and could not be judged.
fn notice(absent: &[Problem], format: ReportFormat) -> io::Result<()> {
    if format != ReportFormat::Github {
        return super::warn(absent);
    }
    let mut lines = absent.iter().map(|problem| annotation("warning", problem));
    lines.try_for_each(|line| writeln!(io::stdout(), "{line}"))
}

fn tell(
    arguments: &Validate,
    plan: &Plan,
    old: Option<&Plan>,
    resolved: Option<&[resolve::Resolved]>,
) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let targets: usize = plan
        .checks
        .iter()
        .map(|check| check.assignments.len())
        .sum();
    let (file, checks, location) = (
        arguments.config.display(),
        plan.checks.len(),
        &plan.location,
    );
    writeln!(
        out,
        "{file}: ok, {checks} checks on {targets} targets at {location}"
    )?;
    if arguments.series {
        write!(out, "\n{}", cost::table(plan))?;
    }
    if let Some(old) = old {
        write!(out, "\n{}", diff::Diff::between(old, plan).text())?;
    }
    if let Some(resolved) = resolved {
        write!(out, "\n{}", resolve::table(resolved))?;
    }
    Ok(())
}

fn wrong(problems: &Problems, format: ReportFormat) -> Result<ExitCode, CommandError> {
    let mut out = io::stdout().lock();
    if format == ReportFormat::Json {
        writeln!(out, "{}", json!({"ok": false, "problems": problems}))?;
    } else {
        for problem in problems {
            writeln!(out, "{}", annotation("error", problem))?;
        }
    }
    Ok(ExitCode::from(CONFIGURATION))
}

/// A workflow command, which becomes an annotation at the line.
fn annotation(level: &str, problem: &Problem) -> String {
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let file = property(&problem.file.display().to_string());
    let (line, column) = (problem.line, problem.column);
    let message = if problem.mend.is_empty() {
        problem.message.clone()
    } else {
        format!("{}\n{}", problem.message, problem.mend)
    };
    let title = property(if problem.path.is_empty() {
        "leadsman"
    } else {
        &problem.path
    });
    format!(
        "::{level} file={file},line={line},col={column},title={title}::{}",
        data(&message)
    )
}

/// Line ends and percent signs have a meaning there.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annotation_has_its_line_and_nothing_breaks_out_of_it() {
        let mut problem = Problem::of_file(
            std::path::Path::new("teams/a,b.yaml"),
            "expected 100%\n::error::x".to_owned(),
            "write less",
        );
        problem.line = 7;
        assert_eq!(
            annotation("error", &problem),
            "::error file=teams/a%2Cb.yaml,line=7,col=1,title=leadsman::expected 100%25%0A::error::x%0Awrite less"
        );
    }
}
