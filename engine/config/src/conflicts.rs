//! What no file of a fleet can know alone: how its checks go together with those of the others.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use leadsman_core::{id::CheckId, plan::Check};

use crate::problem::{Problem, Problems};

/// What no file can know alone: two checks of one id, a name that is still in use, a dependency on
/// nothing or in a circle. Of two files with one id, the later one is wrong.
pub fn conflicts(files: &[(&Path, &[Arc<Check>])]) -> Vec<(PathBuf, Problems)> {
    let mut owners: BTreeMap<&str, &Path> = BTreeMap::new();
    let mut wrong: BTreeMap<&Path, Vec<Problem>> = BTreeMap::new();
    for (path, checks) in files {
        for check in *checks {
            if let Some(other) = owners.insert(check.id.as_str(), path) {
                owners.insert(check.id.as_str(), other);
                let why = format!(
                    "the check `{}` is already in `{}`",
                    check.id,
                    other.display()
                );
                let mend = "give it another key, or remove it from one of the two files";
                wrong
                    .entry(path)
                    .or_default()
                    .push(Problem::of_file(path, why, mend));
            }
        }
    }
    for (path, checks) in files {
        for check in *checks {
            let whys = check.was.iter().filter_map(|was| {
                let other = owners.get(was.as_str())?;
                Some(format!(
                    "`{}` was `{was}`, which is still a check in `{}`",
                    check.id,
                    other.display()
                ))
            });
            let mend = "remove that name from `was`, or the check that still has it";
            let problems = whys.map(|why| Problem::of_file(path, why, mend));
            wrong.entry(path).or_default().extend(problems);
        }
    }
    circles(files, &mut wrong);
    wrong
        .into_iter()
        .filter(|(_, problems)| !problems.is_empty())
        .map(|(path, problems)| (path.to_path_buf(), Problems::new(problems)))
        .collect()
}

/// Dependencies that lead back to where they began.
fn circles<'a>(
    files: &[(&'a Path, &'a [Arc<Check>])],
    wrong: &mut BTreeMap<&'a Path, Vec<Problem>>,
) {
    let checks = || {
        files
            .iter()
            .flat_map(|(path, checks)| checks.iter().map(move |check| (*path, check)))
    };
    let by_id: BTreeMap<&str, &Arc<Check>> = checks()
        .map(|(_, check)| (check.id.as_str(), check))
        .collect();
    for (path, check) in checks() {
        let mut open: Vec<&str> = check.depends_on.iter().map(CheckId::as_str).collect();
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            if id == check.id.as_str() {
                let why = format!("`{}` depends on itself", check.id);
                let mend = "break the circle: remove one `depends_on` that leads back to it";
                wrong
                    .entry(path)
                    .or_default()
                    .push(Problem::of_file(path, why, mend));
                break;
            }
            if seen.insert(id) {
                let next = by_id
                    .get(id)
                    .into_iter()
                    .flat_map(|check| &check.depends_on);
                open.extend(next.map(CheckId::as_str));
            }
        }
    }
}
