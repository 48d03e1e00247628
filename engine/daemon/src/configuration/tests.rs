//! Files that change under a daemon, one at a time.

use std::{fmt::Write as _, fs, path::PathBuf, sync::Arc};

use leadsman_host::{Sandbox, SandboxSettings};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::*;

const PLATFORM: &str =
    "include: [teams/*.yaml]\ntemplates: {web: {probe: http, interval: 10s, timeout: 5s}}\n";

/// A folder with a configuration, and a daemon's view of it.
struct Desk {
    folder: TempDir,
    probes: Arc<Probes>,
    _io: Runtime,
}

impl Desk {
    fn new() -> Self {
        let io = Runtime::new().unwrap();
        let settings = SandboxSettings {
            instances: 4,
            ..SandboxSettings::default()
        };
        let sandbox = Sandbox::new(&settings, io.handle().clone()).unwrap();
        let desk = Self {
            folder: tempfile::tempdir().unwrap(),
            probes: Arc::new(Probes::new(sandbox)),
            _io: io,
        };
        desk.write("leadsman.yaml", PLATFORM);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn team(&self, team: &str, address: &str) {
        let text =
            format!("team: {team}\nchecks: {{web: {{use: web, targets: [\"{address}\"]}}}}\n");
        self.write(&format!("teams/{team}.yaml"), &text);
    }

    fn configuration(&self, strict: bool) -> Configuration {
        let copies = Copies::open(&self.path("state")).unwrap();
        let path = self.path("leadsman.yaml");
        Configuration::new(&path, Arc::clone(&self.probes), Some(copies), strict)
    }
}

/// Each check with the address of its first target.
fn addresses(loaded: &Loaded) -> String {
    let mut text = String::new();
    for check in &loaded.plan.checks {
        let first = check.assignments.first();
        let address = first.map_or("", |assignment| assignment.address.as_str());
        write!(text, "{}={address} ", check.id).unwrap();
    }
    text.trim_end().to_owned()
}

#[test]
fn a_bad_file_keeps_its_last_good_version_and_all_others_load() {
    let desk = Desk::new();
    desk.team("pay", "http://a.example");
    desk.team("shop", "http://b.example");
    let mut configuration = desk.configuration(false);
    assert_eq!(
        addresses(&configuration.load(Scope::Everything).unwrap()),
        "pay/web=http://a.example shop/web=http://b.example"
    );
    desk.write("teams/pay.yaml", "team: pay\nchekcs: {}\n");
    desk.team("shop", "http://c.example");
    let loaded = configuration.load(Scope::Everything).unwrap();
    assert_eq!(
        addresses(&loaded),
        "pay/web=http://a.example shop/web=http://c.example"
    );
    let states: Vec<(bool, usize)> = loaded
        .files
        .iter()
        .map(|file| (file.loaded, file.checks))
        .collect();
    assert_eq!(states, [(true, 0), (false, 1), (true, 1)]);
    assert!(
        loaded.problems[0]
            .to_string()
            .contains("unknown key `chekcs`")
    );
    desk.team("pay", "http://d.example");
    let loaded = configuration.load(Scope::Everything).unwrap();
    assert_eq!(
        addresses(&loaded),
        "pay/web=http://d.example shop/web=http://c.example"
    );
    assert!(loaded.problems.is_empty());
}

#[test]
fn a_bad_platform_file_stays_away_while_team_files_go_on() {
    let desk = Desk::new();
    desk.team("pay", "http://a.example");
    let mut configuration = desk.configuration(false);
    configuration.load(Scope::Everything).unwrap();
    desk.write("leadsman.yaml", "include: 7\n");
    desk.team("pay", "http://b.example");
    let loaded = configuration.load(Scope::Everything).unwrap();
    assert_eq!(addresses(&loaded), "pay/web=http://b.example");
    assert!(!loaded.files[0].loaded && loaded.files[1].loaded);
}

#[test]
fn a_start_with_bad_files_has_the_copies_of_the_last_good_ones() {
    let desk = Desk::new();
    desk.team("pay", "http://a.example");
    desk.configuration(false).load(Scope::Everything).unwrap();
    desk.write("leadsman.yaml", "{");
    desk.write("teams/pay.yaml", "{");
    desk.team("shop", "http://b.example");
    let loaded = desk.configuration(false).load(Scope::Everything).unwrap();
    assert_eq!(
        addresses(&loaded),
        "pay/web=http://a.example shop/web=http://b.example"
    );
    assert_eq!(loaded.problems.len(), 2);
}

#[test]
fn where_it_is_strict_one_bad_file_refuses_all() {
    let desk = Desk::new();
    desk.team("pay", "http://a.example");
    let mut configuration = desk.configuration(true);
    configuration.load(Scope::Everything).unwrap();
    desk.write("teams/shop.yaml", "{");
    desk.team("pay", "http://b.example");
    assert!(configuration.load(Scope::Everything).is_err());
    fs::remove_file(desk.path("teams/shop.yaml")).unwrap();
    let loaded = configuration.load(Scope::Everything).unwrap();
    assert_eq!(addresses(&loaded), "pay/web=http://b.example");
}

#[test]
fn a_file_that_takes_another_ones_check_gives_way() {
    let desk = Desk::new();
    desk.team("pay", "http://a.example");
    desk.team("shop", "http://b.example");
    let mut configuration = desk.configuration(false);
    configuration.load(Scope::Everything).unwrap();
    let text = "team: pay\nchecks: {web: {use: web, targets: [\"http://c.example\"]}}\n";
    desk.write("teams/shop.yaml", text);
    let loaded = configuration.load(Scope::Everything).unwrap();
    assert_eq!(
        addresses(&loaded),
        "pay/web=http://a.example shop/web=http://b.example"
    );
    assert!(loaded.problems[0].message.contains("already in"));
}

#[test]
fn discovered_targets_come_and_go_and_an_unreadable_list_keeps_the_old_one() {
    let desk = Desk::new();
    let text = "team: pay\nchecks: {web: {use: web, targets: [{file_sd: sd/*.json}]}}\n";
    desk.write("teams/pay.yaml", text);
    let list = |addresses: &str| {
        desk.write(
            "teams/sd/a.json",
            &format!("[{{\"targets\": [{addresses}]}}]"),
        );
    };
    list("\"http://a.example\"");
    let mut configuration = desk.configuration(false);
    let targets = |loaded: &Loaded| -> Vec<String> {
        let assignments = loaded.plan.checks[0].assignments.iter();
        assignments
            .map(|assignment| assignment.address.clone())
            .collect()
    };
    let first = configuration.load(Scope::Everything).unwrap();
    assert_eq!(targets(&first), ["http://a.example"]);
    assert!(!configuration.has_changed(Scope::Discovery));
    list("\"http://a.example\", \"http://bb.example\"");
    assert!(configuration.has_changed(Scope::Discovery));
    let second = configuration.load(Scope::Discovery).unwrap();
    assert_eq!(targets(&second), ["http://a.example", "http://bb.example"]);
    desk.write("teams/sd/a.json", "[{");
    let third = configuration.load(Scope::Discovery).unwrap();
    assert_eq!(targets(&third), ["http://a.example", "http://bb.example"]);
    assert_eq!(third.problems.len(), 1);
    fs::remove_file(desk.path("teams/sd/a.json")).unwrap();
    let fourth = configuration.load(Scope::Discovery).unwrap();
    assert_eq!(targets(&fourth), Vec::<String>::new());
}

#[test]
fn of_a_hundred_mutated_files_not_one_check_of_another_file_is_affected() {
    let desk = Desk::new();
    for number in 0..101 {
        desk.team(&format!("t{number:03}"), "http://a.example");
    }
    let mut configuration = desk.configuration(false);
    let good = addresses(&configuration.load(Scope::Everything).unwrap());
    let text = "team: t000\nchecks: {web: {use: web, targets: [\"http://a.example\"]}}\n";
    for cut in 0..100 {
        let (before, after) = text.split_at(text.len() * cut / 100);
        let mutated = match cut % 4 {
            0 => before.to_owned(),
            1 => format!("{before}{{{after}"),
            2 => format!("{before}\u{0}{after}"),
            _ => format!("{before}\t{}", after.get(1..).unwrap_or_default()),
        };
        desk.write("teams/t000.yaml", &mutated);
        let now = addresses(&configuration.load(Scope::Everything).unwrap());
        let others = |all: &str| {
            all.split(' ')
                .filter(|one| one.contains("/web=") && !one.starts_with("t000"))
                .count()
        };
        assert_eq!(others(&now), others(&good), "cut {cut}: {mutated:?}");
    }
}

#[test]
fn a_dependency_on_nobodys_check_is_noticed_and_takes_no_file_down() {
    let desk = Desk::new();
    let text = "team: pay\nchecks: {web: {use: web, targets: [\"http://a.example\"], depends_on: [shop/web]}}\n";
    desk.write("teams/pay.yaml", text);
    let mut configuration = desk.configuration(false);
    let mut load = || configuration.load(Scope::Everything).unwrap();
    let alone = load();
    assert_eq!(addresses(&alone), "pay/web=http://a.example");
    assert!(alone.problems.is_empty());
    let [notice] = alone.notices.as_slice() else {
        panic!("{:?}", alone.notices)
    };
    assert_eq!(notice.line, 2);
    assert!(notice.message.contains("`shop/web`"), "{notice}");
    let told: Vec<usize> = alone.files.iter().map(|file| file.notices.len()).collect();
    assert_eq!(told, [0, 1]);

    // The other team's file is refused: what it would have is not unknown.
    let wrong = "team: shop\nchecks: {web: {use: web, targets: 7}}\n";
    desk.write("teams/shop.yaml", wrong);
    let refused = load();
    assert_eq!(addresses(&refused), "pay/web=http://a.example");
    assert_eq!((refused.problems.len(), refused.notices.len()), (1, 0));

    desk.team("shop", "http://b.example");
    assert!(load().notices.is_empty());
    fs::remove_file(desk.path("teams/shop.yaml")).unwrap();
    assert_eq!(load().notices.len(), 1);
    let strict = desk.configuration(true).load(Scope::Everything);
    let refused = strict.unwrap_err().to_string();
    assert!(refused.contains("no check of the fleet"), "{refused}");
}

/// A bundled probe as a file of its own.
fn component(desk: &Desk, file: &str) -> &'static [u8] {
    let component = leadsman_probes::named("http").unwrap().component;
    fs::write(desk.path(file), component).unwrap();
    component
}

#[test]
fn a_name_that_moves_to_another_file_is_another_edition() {
    let desk = Desk::new();
    let mut configuration = desk.configuration(false);
    let mut editions = Vec::new();
    component(&desk, "a.wasm");
    component(&desk, "b.wasm");
    for file in ["a.wasm", "b.wasm", "a.wasm"] {
        let text = format!(
            "probes: {{own: {{file: {file}}}}}\n\
             checks: {{own: {{probe: own, interval: 10s, timeout: 5s, targets: [\"http://a.example\"]}}}}\n"
        );
        desk.write("leadsman.yaml", &text);
        let loaded = configuration.load(Scope::Everything).unwrap();
        assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
        let mut sources = loaded.plan.probes.iter();
        let (name, source) = sources.find(|(name, _)| name.as_str() == "own").unwrap();
        editions.push(desk.probes.edition(name, source));
    }
    let follow = editions.windows(2).all(|pair| pair[0] != pair[1]);
    assert!(follow && !editions.contains(&0), "{editions:?}");
}

#[test]
fn of_two_names_of_one_file_of_which_one_is_pinned_neither_has_changed_once_it_was_read() {
    let desk = Desk::new();
    let pin = digest::sha256(component(&desk, "own.wasm"));
    let text = format!(
        "probes: {{a: {{file: own.wasm, sha256: '{pin}'}}, b: {{file: own.wasm}}}}\n\
         defaults: {{interval: 10s, timeout: 5s}}\n\
         checks:\n  one: {{probe: a, targets: [\"http://a.example\"]}}\n  \
         two: {{probe: b, targets: [\"http://a.example\"]}}\n"
    );
    desk.write("leadsman.yaml", &text);
    let mut configuration = desk.configuration(false);
    let mut editions = || {
        let loaded = configuration.load(Scope::Everything).unwrap();
        assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
        assert!(!configuration.has_changed(Scope::Everything));
        let sources = loaded.plan.probes.iter();
        let editions = sources.map(|(name, source)| desk.probes.edition(name, source));
        editions.collect::<Vec<_>>()
    };
    let first = editions();
    assert_eq!(editions(), first, "neither is read again");
}
