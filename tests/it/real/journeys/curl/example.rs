//! The command lines of the example, by the real `curl` and imported.

use std::{fs, path::Path};

use leadsman_example_shop::{Options, Shop};
use serde_json::{Value, json};

use super::{by_curl, imported};
use crate::real::{http::at, journeys::walk::steps, once::once};

/// The commands of the example, a line each, pointed at a shop.
fn example(shop: &Shop) -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/journey/curl.txt");
    let text = fs::read_to_string(file).unwrap();
    let text = text.replace("\\\n", " ");
    let here = text.replace("http://127.0.0.1:8080", &shop.url());
    here.lines().map(str::to_owned).collect()
}

/// The statuses that curl gets, where `$TOKEN` and `$ORDER` are what the answers before said.
fn statuses(folder: &Path, lines: &[String]) -> Vec<u64> {
    let (mut known, mut statuses) = (String::new(), Vec::new());
    for line in lines {
        let (exit, status) = by_curl(folder, &format!("{known} {line}"));
        assert_eq!(exit, 0, "{line}");
        statuses.push(status);
        let body = fs::read_to_string(folder.join("body")).unwrap_or_default();
        let body: Value = serde_json::from_str(&body).unwrap_or_default();
        for (name, field) in [("TOKEN", "token"), ("ORDER", "id")] {
            if let Some(value) = body[field].as_str() {
                known.extend([name, "=", value, "; "]);
            }
        }
    }
    statuses
}

/// The import as its reader completes it: the first step gives the token, those that create give the order.
fn completed(yaml: &str) -> String {
    let document: Value = serde_saphyr::from_str(yaml).unwrap();
    let mut check = document.clone();
    let settings = &mut check["checks"]["walk"]["settings"];
    for step in settings["steps"].as_array_mut().unwrap() {
        let path = step["request"]["path"].as_str().unwrap();
        let taken = match path {
            "/api/session" => json!({"token": {"json": "$.token", "secret": true}}),
            "/api/orders" => json!({"order": {"json": "$.id"}}),
            _ => json!({}),
        };
        if path != "/api/session" {
            step["request"]["bearer"] = "${token}".into();
        }
        step["capture"] = taken;
    }
    settings.as_object_mut().unwrap().remove("variables");
    // JSON is YAML.
    check.to_string()
}

#[test]
fn the_examples_command_lines_do_the_same_by_curl_and_imported() {
    let (folder, shop) = (
        tempfile::tempdir().unwrap(),
        Shop::start(&Options::default()).unwrap(),
    );
    let lines = example(&shop);
    let expected = statuses(folder.path(), &lines);
    assert_eq!(expected, [201, 201, 201, 204]);
    let file = folder.path().join("curl.txt");
    fs::write(&file, lines.join("\n")).unwrap();
    let (yaml, told) = imported(&file);
    assert_eq!(told, "");
    let text = completed(&yaml).replace("\"env\":\"WALK_LOGIN\"", "\"file\":\"password\"");
    fs::write(folder.path().join("password"), Options::PASSWORD).unwrap();
    let walk = folder.path().join("walk.yaml");
    fs::write(&walk, text).unwrap();
    let run = once(&walk, "walk");
    run.comes_to("pass", "ok");
    assert_eq!(steps(&run).len(), lines.len());
    let operations = at(&run.record, "/attempts/0/report/operations");
    let came: Vec<u64> = operations
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|operation| at(operation, "/answer/http/Ok/status").as_u64())
        .collect();
    assert_eq!(came, expected);
    assert_eq!(
        (shop.served("POST /api/orders"), shop.open_orders()),
        (4, 2),
        "curl and the import each made two orders and deleted one"
    );
}
