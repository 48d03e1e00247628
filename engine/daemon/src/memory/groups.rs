//! The limits of the control groups that a process is in, of both versions.
//!
//! A group is also held by the limits of those above it, so each is read up to the root. In a container
//! the path may lie outside what is mounted: files that are not there limit nothing.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

/// From here on a number of version 1 means that there is no limit: it is rounded down to pages.
const UNLIMITED: u64 = 1 << 62;

/// Where a version keeps its hierarchy, and its files that hold limits.
struct Version {
    mount: &'static str,
    files: &'static [&'static str],
}

/// Above `memory.high` a group is throttled, which a prober would measure as its targets' latency.
const UNIFIED: Version = Version {
    mount: "sys/fs/cgroup",
    files: &["memory.max", "memory.high"],
};

const FIRST: Version = Version {
    mount: "sys/fs/cgroup/memory",
    files: &["memory.limit_in_bytes"],
};

/// The least limit of this process's groups and of those above them. `root` is `/`, but for tests.
pub(super) fn limit(root: &Path) -> Option<u64> {
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
    groups
        .lines()
        .filter_map(memory_group)
        .flat_map(|(version, group)| version.limits(root, group))
        .min()
}

/// The version and the path of a line `hierarchy:controllers:path`, where it is about memory.
fn memory_group(line: &str) -> Option<(Version, &str)> {
    let mut parts = line.splitn(3, ':').skip(1);
    let (controllers, group) = (parts.next()?, parts.next()?);
    match controllers {
        "" => Some((UNIFIED, group)),
        _ if controllers.split(',').any(|name| name == "memory") => Some((FIRST, group)),
        _ => None,
    }
}

impl Version {
    fn limits(&self, root: &Path, group: &str) -> Vec<u64> {
        let mount = root.join(self.mount);
        let group = inside(group);
        group
            .ancestors()
            .flat_map(|ancestor| {
                let folder = mount.join(ancestor);
                self.files.iter().map(move |file| folder.join(file))
            })
            .filter_map(|file| bytes(&file))
            .collect()
    }
}

/// The path below the mount; `..` leads to groups that cannot be seen from here.
fn inside(group: &str) -> PathBuf {
    let parts = Path::new(group).components();
    let mut inside = PathBuf::new();
    for part in parts {
        match part {
            Component::Normal(name) => inside.push(name),
            Component::ParentDir => return PathBuf::new(),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    inside
}

/// A limit in bytes; `max` is none.
fn bytes(file: &Path) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    text.trim().parse().ok().filter(|bytes| *bytes < UNLIMITED)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const MIB: u64 = 1 << 20;

    /// A root with the process's groups and files with what they hold.
    fn machine(groups: &str, files: &[(&str, &str)]) -> TempDir {
        let root = tempfile::tempdir().unwrap();
        let groups = ("proc/self/cgroup", groups);
        for (name, text) in files.iter().chain([&groups]) {
            let file = root.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        root
    }

    #[test]
    fn a_service_is_held_by_its_own_limit() {
        let root = machine(
            "0::/system.slice/leadsman.service\n",
            &[
                ("sys/fs/cgroup/system.slice/memory.max", "max\n"),
                (
                    "sys/fs/cgroup/system.slice/leadsman.service/memory.max",
                    "1342177280\n",
                ),
                (
                    "sys/fs/cgroup/system.slice/leadsman.service/memory.high",
                    "max\n",
                ),
            ],
        );
        assert_eq!(limit(root.path()), Some(1_280 * MIB));
    }

    #[test]
    fn the_slice_above_may_be_narrower_and_what_throttles_counts_too() {
        let own = "sys/fs/cgroup/system.slice/leadsman.service/memory.max";
        let groups = "0::/system.slice/leadsman.service\n";
        let above = ("sys/fs/cgroup/system.slice/memory.max", "268435456\n");
        let root = machine(groups, &[(own, "536870912\n"), above]);
        assert_eq!(limit(root.path()), Some(256 * MIB));
        let high = ("sys/fs/cgroup/system.slice/memory.high", "134217728\n");
        let root = machine(groups, &[(own, "536870912\n"), above, high]);
        assert_eq!(limit(root.path()), Some(128 * MIB));
    }

    #[test]
    fn a_container_finds_its_limit_at_the_root_of_what_it_sees() {
        for groups in ["0::/\n", "0::/../../pod7/a1\n", "0::/kubepods/pod7/a1\n"] {
            let root = machine(groups, &[("sys/fs/cgroup/memory.max", "134217728\n")]);
            assert_eq!(limit(root.path()), Some(128 * MIB), "{groups}");
        }
    }

    #[test]
    fn the_first_version_is_read_where_memory_is_still_its_own() {
        let groups = "9:name=systemd:/\n4:cpu,cpuacct:/a\n3:memory:/docker/a1\n0::/\n";
        let own = "sys/fs/cgroup/memory/docker/a1/memory.limit_in_bytes";
        let above = (
            "sys/fs/cgroup/memory/memory.limit_in_bytes",
            "9223372036854771712\n",
        );
        let root = machine(groups, &[(own, "134217728\n"), above]);
        assert_eq!(limit(root.path()), Some(128 * MIB));
        let root = machine(groups, &[(own, "9223372036854771712\n"), above]);
        assert_eq!(limit(root.path()), None);
    }

    #[test]
    fn a_machine_without_groups_has_no_limit() {
        assert_eq!(limit(tempfile::tempdir().unwrap().path()), None);
        assert_eq!(limit(machine("", &[]).path()), None);
    }
}
