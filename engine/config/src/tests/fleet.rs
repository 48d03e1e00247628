//! A platform's file with team files beside it.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use super::{Shelf, mended};
use crate::{Files, Fleet};

/// Files by path.
#[derive(Default)]
struct Tree(BTreeMap<&'static str, &'static str>);

impl Files for Tree {
    fn env(&self, _: &str) -> Option<String> {
        None
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        let text = self.0.get(path.to_str().unwrap_or_default());
        text.map(|text| (*text).to_owned())
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such file"))
    }

    fn matching(&self, pattern: &Path) -> Result<Vec<PathBuf>, String> {
        let pattern = glob::Pattern::new(pattern.to_str().unwrap_or_default())
            .map_err(|error| error.to_string())?;
        let paths = self.0.keys().filter(|path| pattern.matches(path));
        Ok(paths.map(PathBuf::from).collect())
    }
}

const PLATFORM: &str = r#"
location: eu-west
locations: {eu-west: {}, us-east: {}}
include: [teams/*.yaml]
secrets:
  shop-login: {file: /run/secrets/shop-login, hosts: ["https://shop.example"], teams: [shop]}
teams:
  shop: {checks: 3, series: 1000, min_interval: 10s, hosts: [shop.example, "*.shop.example"], canaries: true}
  pay: {hosts: ["*.pay.example"]}
alerts: {severity: {page: critical, ticket: warning}}
maintenance: [{cron: "0 3 * * SUN", for: 1h, timezone: Europe/Berlin}]
templates:
  base: {interval: 60s, timeout: 10s, retries: 0, locations: all, page: {locations: 2, bad: 2}}
  web:
    extends: base
    probe: http
    settings: {status: 2xx, method: HEAD}
    objectives: {availability: 99.9%, latency: {under: 500ms, at_least: 95%}, window: 30d}
  cert: {extends: base, probe: tls, interval: 1h, expiry: {ticket: 21d, page: 3d}}
"#;

const SHOP: &str = r#"
team: shop
labels: {service: shop, tier: "1"}
alerts: {runbook: "https://wiki.corp/shop/${check.key}"}
targets:
  fronts:
    - {name: home, address: "https://shop.example"}
    - {name: api, address: "https://api.shop.example", set: {path: /healthz}, labels: {service: api}}
    - file_sd: sd/shop-*.json
checks:
  web: {use: web, targets: fronts, was: [shop/homepage], settings: {method: GET}}
  cert: {use: cert, targets: fronts}
  zone:
    use: base
    probe: dns
    interval: 30s
    targets: [{name: ns1, address: "ns1.shop.example:53"}]
    settings: {query: shop.example, type: A}
    depends_on: [cert]
    canary: true
"#;

const DISCOVERED: &str = r#"[
  {"targets": ["https://a.shop.example", "https://b.shop.example"], "labels": {"env": "prod", "__meta_x": "y"}},
  {"targets": ["https://c.shop.example"], "labels": {"name": "c"}}
]"#;

fn tree() -> Tree {
    Tree(BTreeMap::from([
        ("leadsman.yaml", PLATFORM),
        ("teams/shop.yaml", SHOP),
        ("teams/sd/shop-1.json", DISCOVERED),
    ]))
}

fn read(tree: &Tree) -> Fleet {
    let text = tree.0.get("leadsman.yaml").copied().unwrap_or_default();
    Fleet::read(Path::new("leadsman.yaml"), text, tree, &Shelf, true)
}

#[test]
fn a_fleet_of_files_becomes_one_plan() {
    let plan = read(&tree()).plan();
    let plan = plan.unwrap_or_else(|problems| panic!("{problems}"));
    insta::assert_json_snapshot!("fleet", plan);
}

#[test]
fn a_mistake_in_one_file_leaves_the_others_as_they_are() {
    let mut tree = tree();
    tree.0.insert("teams/pay.yaml", "team: pay\nchekcs: {}\n");
    let fleet = read(&tree);
    let ok: Vec<bool> = fleet
        .files
        .values()
        .map(|sheet| sheet.checks.is_ok())
        .collect();
    assert_eq!(ok, [false, true]);
    let problems = fleet.plan().unwrap_err();
    mended("mistake_in_one_file", &problems);
    insta::assert_snapshot!("mistake_in_one_file", problems.render(false));
}

#[test]
fn a_team_file_that_is_not_there_is_told_where_its_path_is_written() {
    let mut tree = tree();
    let platform = PLATFORM.replace("[teams/*.yaml]", "[teams/*.yaml, pay.yaml, other/*.yaml]");
    tree.0.insert("leadsman.yaml", platform.leak());
    let fleet = read(&tree);
    let ok: Vec<bool> = fleet
        .files
        .values()
        .map(|sheet| sheet.checks.is_ok())
        .collect();
    assert_eq!(ok, [false, true]);
    let problems = fleet.plan().unwrap_err();
    assert_eq!(problems.len(), 1, "{problems}");
    mended("a team file", &problems);
    let told = problems.to_string();
    for part in [
        "`pay.yaml` cannot be read: no such file",
        "leadsman.yaml:4:25",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn a_list_of_targets_that_is_not_there_yet_is_told_where_it_is_written_and_is_no_mistake() {
    for (list, is_told) in [("sd/later.json", true), ("sd/later-*.json", false)] {
        let mut tree = tree();
        let shop = SHOP.replace("sd/shop-*.json", list);
        tree.0.insert("teams/shop.yaml", shop.leak());
        let fleet = read(&tree);
        let told = fleet.awaited();
        // Two checks use the list, which is written once.
        assert_eq!(told.len(), usize::from(is_told), "{list}: {told:?}");
        for problem in told {
            assert_eq!(
                (&*problem.file, problem.line),
                (Path::new("teams/shop.yaml"), 9)
            );
            assert!(problem.message.contains(list), "{problem:?}");
        }
        assert!(fleet.plan().is_ok(), "{list}");
    }
}

#[test]
fn a_file_does_not_include_itself_but_by_a_pattern() {
    let mut tree = tree();
    let platform = PLATFORM.replace("[teams/*.yaml]", "[leadsman.yaml]");
    tree.0.insert("leadsman.yaml", platform.leak());
    let told = read(&tree).plan().unwrap_err().to_string();
    let has_place = told.contains("leadsman.yaml:4:11");
    assert!(has_place && told.contains("includes itself"), "{told}");
    let platform = PLATFORM.replace("[teams/*.yaml]", "['*.yaml']");
    tree.0.insert("leadsman.yaml", platform.leak());
    let files = read(&tree).files;
    assert!(!files.contains_key(Path::new("leadsman.yaml")), "{files:?}");
}

#[test]
fn what_a_team_may_not_do_is_refused_in_its_own_file() {
    let target = "targets: [\"https://www.pay.example\"]";
    for (name, text) in [
        (
            "platforms_keys",
            "team: pay\nsecrets: {}\nnetwork: {}\n".to_owned(),
        ),
        (
            "no_team",
            format!("checks: {{web: {{use: web, {target}}}}}\n"),
        ),
        (
            "stranger",
            format!("team: pya\nchecks: {{web: {{use: web, {target}}}}}\n"),
        ),
        (
            "other_hosts",
            "team: pay\nchecks: {web: {use: web, targets: [\"https://shop.example\"]}}\n"
                .to_owned(),
        ),
        (
            "other_teams_secret",
            format!(
                "team: pay\nchecks: {{web: {{use: web, {target}, grants: {{secrets: [shop-login]}}}}}}\n"
            ),
        ),
        (
            "inherited_sum",
            format!("team: pay\nchecks:\n  web: {{use: web, {target}, retries: 9}}\n"),
        ),
        (
            "inherited_setting",
            format!(
                "team: pay\ntemplates: {{mine: {{extends: web, settings: {{mehtod: GET}}}}}}\nchecks:\n  web: {{use: mine, {target}}}\n"
            ),
        ),
        (
            "inherited_threshold",
            format!("team: pay\nchecks:\n  web: {{use: web, {target}, timeout: 400ms}}\n"),
        ),
        (
            "other_probe",
            format!("team: pay\nchecks:\n  web: {{use: web, probe: dns, {target}}}\n"),
        ),
    ] {
        let text: &'static str = Box::leak(text.into_boxed_str());
        let mut tree = tree();
        tree.0.insert("teams/pay.yaml", text);
        let fleet = read(&tree);
        let mut sheets = fleet.files.values();
        assert!(sheets.any(|sheet| sheet.checks.is_ok()), "{name}");
        let problems = fleet.plan().expect_err(name);
        mended(name, &problems);
        insta::assert_snapshot!(name, problems.render(false));
    }
}

#[test]
fn what_no_file_can_know_alone_is_told_of_the_later_one() {
    let target = "targets: [\"https://shop.example\"]";
    for (name, checks) in [
        ("one_id_twice", format!("web: {{use: web, {target}}}")),
        (
            "name_in_use",
            format!("new: {{use: web, {target}, was: [web]}}"),
        ),
        (
            "circle",
            format!(
                "one: {{use: web, {target}, depends_on: [two]}}, two: {{use: web, {target}, depends_on: [one]}}"
            ),
        ),
    ] {
        let text: &'static str =
            Box::leak(format!("team: shop\nchecks: {{{checks}}}\n").into_boxed_str());
        let mut tree = tree();
        tree.0.insert("teams/shop2.yaml", text);
        let problems = read(&tree).plan().expect_err(name);
        mended(name, &problems);
        insta::assert_snapshot!(name, problems.render(false));
    }
}

#[test]
fn a_target_file_that_cannot_be_read_is_told_where_it_is_named() {
    let mut tree = tree();
    tree.0.insert("teams/sd/shop-2.json", "[{]");
    let problems = read(&tree).plan().unwrap_err();
    mended("a list of targets", &problems);
    let problems = problems.to_string();
    let place = "teams/shop.yaml:9";
    assert!(
        problems.contains("shop-2.json") && problems.contains(place),
        "{problems}"
    );
}

/// A file of team pay whose only check depends on others.
fn depending(on: &str) -> &'static str {
    let text = format!(
        "team: pay\nchecks:\n  web:\n    use: web\n    targets: [\"https://www.pay.example\"]\n    depends_on: [{on}]\n"
    );
    Box::leak(text.into_boxed_str())
}

#[test]
fn a_dependency_on_a_check_that_no_file_has_is_told_at_its_line() {
    let mut tree = tree();
    let text = depending("shop/cert, shop/zoen, shop/homepage, nobody");
    tree.0.insert("teams/pay.yaml", text);
    let fleet = read(&tree);
    let mut sheets = fleet.files.values();
    assert!(
        sheets.all(|sheet| sheet.checks.is_ok()),
        "no file knows that alone"
    );
    let problems = fleet.plan().unwrap_err();
    mended("unknown_dependency", &problems);
    insta::assert_snapshot!("unknown_dependency", problems.render(false));
}

#[test]
fn a_dependency_that_a_template_says_is_told_once_for_each_check_that_uses_it() {
    let mut tree = tree();
    let text = PLATFORM.replace(
        "extends: base, probe: tls",
        "extends: base, depends_on: [shop/zoen], probe: tls",
    );
    tree.0
        .insert("leadsman.yaml", Box::leak(text.into_boxed_str()));
    let problems = read(&tree).plan().unwrap_err();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("teams/shop.yaml:12:"), "{told:?}");
    assert!(
        told[0].contains("inherited from leadsman.yaml:"),
        "{told:?}"
    );
}

#[test]
fn a_dependency_may_lead_to_a_check_that_is_wrong_or_runs_elsewhere() {
    let wrong = SHOP.replace("method: GET", "mehtod: GET");
    let elsewhere = SHOP.replace("interval: 30s", "locations: [us-east]");
    let unreadable = format!("{SHOP}\n{{");
    for (shop, about_shop) in [(wrong, 1), (elsewhere, 0), (unreadable, 1)] {
        let mut tree = tree();
        tree.0
            .insert("teams/shop.yaml", Box::leak(shop.into_boxed_str()));
        tree.0.insert("teams/pay.yaml", depending("shop/zone"));
        let problems: Vec<_> = read(&tree).plan().err().into_iter().flatten().collect();
        assert_eq!(problems.len(), about_shop, "{problems:?}");
        let is_shop = |problem: &crate::Problem| problem.file == Path::new("teams/shop.yaml");
        assert!(problems.iter().all(is_shop), "{problems:?}");
    }
}

#[test]
fn a_team_has_canaries_only_where_the_platform_lets_it() {
    let mut tree = tree();
    tree.0.insert(
        "leadsman.yaml",
        PLATFORM.replace(", canaries: true", "").leak(),
    );
    let refused = read(&tree).plan().unwrap_err().to_string();
    for part in [
        "`shop/zone` is a canary",
        "teams/shop.yaml:1",
        "`teams.shop.canaries`",
    ] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
}
