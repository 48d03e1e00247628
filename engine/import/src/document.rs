//! The journey as a configuration.

mod parts;

use std::{net::IpAddr, time::Duration};

use url::{Host, Url};

use parts::{expect, request};

use crate::{
    credential::Vault,
    journey::{Act, Capture, Given, Journey, Request, Step, Until},
    text::DOLLAR,
    yaml::{self, Node},
};

/// What a journey may take beside what its steps wait for.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The longest timeout that a check may have.
const LONGEST: Duration = Duration::from_mins(2);

type Entries = Vec<(&'static str, Node)>;

/// Writes the configuration; `head` stands above it.
pub(crate) fn write(journey: &Journey, vault: &Vault, name: &str, head: &[String]) -> String {
    let mut document: Vec<(String, Node)> = vec![("location".into(), Node::text("local"))];
    let allowed = allowed(journey);
    if !allowed.is_empty() {
        let note = vec!["a name that means this machine or a private address is reached only where it is allowed".to_owned()];
        let network = Node::map([("allow", Node::texts(allowed))]);
        document.push(("network".into(), network.under(note)));
    }
    if !vault.names().is_empty() {
        document.push(("secrets".into(), vault.node().spread()));
    }
    let checks = Node::map([(name, check(journey, vault).spread())]);
    document.push(("checks".into(), checks.spread()));
    let body = yaml::write(&Node::Map(document));
    let head: Vec<String> = head.iter().map(|line| format!("# {line}")).collect();
    format!("{}\n\n{body}", head.join("\n"))
}

fn check(journey: &Journey, vault: &Vault) -> Node {
    let host = Url::parse(&journey.origin).ok();
    let host = host.as_ref().and_then(Url::host_str).unwrap_or("target");
    let target = Node::map([
        ("name", Node::text(host)),
        ("address", Node::text(&journey.origin)),
    ]);
    let mut check: Entries = vec![
        ("probe", Node::text("journey")),
        ("interval", Node::text("5m")),
        ("timeout", Node::text(shown(timeout(journey)))),
        ("targets", Node::List(vec![target])),
    ];
    let grants = grants(journey, vault);
    if !grants.is_empty() {
        check.push(("grants", Node::map(grants)));
    }
    check.push(("settings", settings(journey).spread()));
    Node::map(check)
}

fn grants(journey: &Journey, vault: &Vault) -> Entries {
    let mut hosts: Vec<String> = Vec::new();
    for request in requests(journey) {
        let dialled = request
            .settings
            .iter()
            .find(|(key, _)| *key == "resolve_to");
        let dialled = dialled.and_then(|(_, node)| match node {
            Node::Text(text) => Some(text.clone()),
            _ => None,
        });
        let other = (request.origin != journey.origin).then(|| request.origin.clone());
        hosts.extend(other.into_iter().chain(dialled));
    }
    hosts.sort();
    hosts.dedup();
    let mut grants = Entries::new();
    if !hosts.is_empty() {
        grants.push(("hosts", Node::texts(hosts)));
    }
    if !vault.names().is_empty() {
        grants.push(("secrets", Node::texts(vault.names())));
    }
    grants
}

fn settings(journey: &Journey) -> Node {
    let home = journey.origin.as_str();
    let mut settings = Entries::new();
    if journey.fresh {
        settings.push(("connections", Node::text("fresh")));
    }
    let mut variables: Vec<(String, Node)> = journey
        .variables
        .iter()
        .map(|variable| {
            let value = match &variable.value {
                Given::Text(text) => text.written(),
                Given::Env(name) => format!("${{env:{name}}}"),
            };
            let node = Node::text(value).under(variable.comment.clone());
            (variable.name.clone(), node)
        })
        .collect();
    let mut steps =
        Node::List(journey.steps.iter().map(|made| step(made, home)).collect()).spread();
    let cleanup = Node::List(
        journey
            .cleanup
            .iter()
            .map(|made| step(made, home))
            .collect(),
    )
    .spread();
    let dollar = format!("${{{DOLLAR}}}");
    let used = [&steps, &cleanup]
        .iter()
        .any(|node| yaml::write(node).contains(&dollar));
    if used {
        variables.push((DOLLAR.to_owned(), Node::text("$")));
    }
    if !variables.is_empty() {
        settings.push(("variables", Node::Map(variables)));
    }
    if journey.steps.is_empty() {
        steps = Node::List(Vec::new());
    }
    settings.push(("steps", steps));
    if !journey.cleanup.is_empty() {
        settings.push(("cleanup", cleanup));
    }
    Node::map(settings)
}

fn step(step: &Step, home: &str) -> Node {
    let mut entries: Entries = vec![("name", Node::text(&step.name))];
    if !step.with.is_empty() {
        let with = step.with.iter();
        let with = with.map(|(name, value)| (name, Node::text(value.written())));
        entries.push(("with", Node::map(with)));
    }
    match &step.act {
        Act::Request(asked) => entries.push(("request", request(asked, home))),
        Act::Pause(length) => entries.push(("pause", Node::text(shown(*length)))),
    }
    entries.extend(
        step.until
            .as_ref()
            .map(|until| ("until", self::until(until))),
    );
    let expected = expect(&step.expect);
    if !expected.is_empty() {
        let node = Node::map(expected).under(step.expect.comment.clone());
        entries.push(("expect", node));
    }
    if let Some(under) = step.under {
        entries.push(("under", Node::text(shown(under))));
    }
    if !step.captures.is_empty() {
        let captures = step.captures.iter().map(|kept| (&kept.name, capture(kept)));
        entries.push(("capture", Node::map(captures)));
    }
    Node::map(entries).spread().under(step.comment.clone())
}

fn until(until: &Until) -> Node {
    Node::map([
        ("expect", Node::map(expect(&until.expect))),
        ("every", Node::text(shown(until.every))),
        ("within", Node::text(shown(until.within))),
    ])
}

fn capture(capture: &Capture) -> Node {
    let (key, source) = &capture.source;
    let mut entries: Entries = vec![(key, Node::text(source))];
    entries.extend(
        capture
            .regex
            .as_ref()
            .map(|regex| ("regex", Node::text(regex))),
    );
    for (key, set) in [("all", capture.all), ("secret", capture.secret)] {
        if set {
            entries.push((key, Node::Bool(true)));
        }
    }
    Node::map(entries).under(capture.comment.clone())
}

fn requests(journey: &Journey) -> impl Iterator<Item = &Request> {
    let steps = journey.steps.iter().chain(&journey.cleanup);
    steps.filter_map(Step::request)
}

/// The ranges without which a name of this machine, or a private address dialled instead, would be refused.
fn allowed(journey: &Journey) -> Vec<String> {
    let mut ranges: Vec<String> = Vec::new();
    for request in requests(journey) {
        let url = Url::parse(&request.origin).ok();
        if let Some(Host::Domain(name)) = url.as_ref().and_then(Url::host)
            && (name == "localhost" || name.ends_with(".localhost"))
        {
            ranges.extend(["127.0.0.0/8".to_owned(), "::1/128".to_owned()]);
        }
        for (key, node) in &request.settings {
            if let ("resolve_to", Node::Text(place)) = (*key, node) {
                ranges.extend(private(place));
            }
        }
    }
    ranges.sort();
    ranges.dedup();
    ranges
}

fn private(place: &str) -> Option<String> {
    let url = Url::parse(&format!("http://{place}")).ok()?;
    let address = match url.host()? {
        Host::Ipv4(address) => IpAddr::V4(address),
        Host::Ipv6(address) => IpAddr::V6(address),
        Host::Domain("localhost") => return Some("127.0.0.0/8".to_owned()),
        Host::Domain(_) => return None,
    };
    match address {
        IpAddr::V4(v4) if v4.is_private() || v4.is_loopback() || v4.is_link_local() => {
            Some(format!("{v4}/32"))
        }
        IpAddr::V6(v6)
            if v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local() =>
        {
            Some(format!("{v6}/128"))
        }
        _ => None,
    }
}

fn timeout(journey: &Journey) -> Duration {
    let steps = journey.steps.iter().chain(&journey.cleanup);
    let waits = steps.map(|step| {
        let pause = match &step.act {
            Act::Pause(length) => *length,
            Act::Request(_) => Duration::ZERO,
        };
        pause
            + step
                .until
                .as_ref()
                .map_or(Duration::ZERO, |until| until.within)
    });
    let waits = waits.fold(Duration::ZERO, Duration::saturating_add);
    TIMEOUT.saturating_add(waits).min(LONGEST)
}

/// A duration as one would write it.
pub(crate) fn shown(duration: Duration) -> String {
    let millis = duration.as_millis();
    match millis {
        0 => "0s".to_owned(),
        _ if millis.is_multiple_of(60_000) && millis > 120_000 => format!("{}m", millis / 60_000),
        _ if millis.is_multiple_of(1_000) => format!("{}s", millis / 1_000),
        _ => format!("{millis}ms"),
    }
}
