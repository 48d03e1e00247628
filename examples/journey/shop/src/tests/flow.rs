//! The whole shop: each way through it, and each door that stays shut.

use serde_json::json;

use super::client::{Client, ordered, signed_in};
use crate::{Fault, Options, Shop};

#[test]
fn an_order_is_made_becomes_ready_has_a_receipt_and_is_cancelled() {
    let (shop, client) = signed_in(Fault::Healthy);
    let made = client
        .tell(
            "POST /api/orders",
            &json!({"reference": "<r>", "item": "log-glass"}),
        )
        .unwrap();
    let id = made.text("/id");
    assert_eq!((made.status, made.text("/status")), (201, "pending".into()));
    assert!(id.starts_with("ord-"), "{id}");
    assert_eq!(made.header("location"), Some(&*format!("/api/orders/{id}")));
    let order = format!("/api/orders/{id}");
    let looks = [(); 4].map(|()| client.ask(&format!("GET {order}")).text("/status"));
    assert_eq!(looks, ["pending", "pending", "ready", "ready"]);
    let items = client.ask(&format!("GET {order}")).at("/items");
    let expected = json!([
        {"sku": "log-glass", "price": 22.75}, {"sku": "tallow", "price": 3.2}, {"sku": "packing", "price": 1.8}
    ]);
    assert_eq!(items, expected);
    let receipt = client.ask(&format!("GET {order}/receipt"));
    assert_eq!(
        receipt.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    for part in [
        &format!("<h1 id=\"receipt\">Order {id}</h1>"),
        "<td class=\"total\">€ 27.75</td>",
        "&lt;r&gt;",
    ] {
        assert!(receipt.body.contains(part), "{part}: {receipt:?}");
    }
    assert_eq!(shop.open_orders(), 1);
    assert_eq!(client.ask(&format!("DELETE {order}")).status, 204);
    assert_eq!(shop.open_orders(), 0);
    for after in ["GET", "DELETE"] {
        assert_eq!(client.ask(&format!("{after} {order}")).status, 404);
    }
}

#[test]
fn requests_are_counted_by_method_and_pattern() {
    let (shop, client, id) = ordered(Fault::Healthy);
    client.ask(&format!("GET /api/orders/{id}"));
    client.ask("GET /api/orders/nothing");
    client.ask("BREW /tea");
    let counts = [
        "POST /api/session",
        "POST /api/orders",
        "GET /api/orders/{id}",
        "* *",
        "GET /",
    ];
    assert_eq!(counts.map(|what| shop.served(what)), [1, 1, 2, 1, 0]);
}

#[test]
fn the_page_has_a_form_whose_token_signs_in_and_other_tokens_do_not() {
    let (_shop, client) = signed_in(Fault::Healthy);
    let page = client.ask("GET /").body;
    let csrf = page.split("name=\"csrf\" value=\"").nth(1);
    let csrf = csrf.and_then(|rest| rest.split('"').next()).unwrap();
    let sign_in = |password: &str, csrf: &str| {
        let form = json!({"user": "synthetic", "password": password, "csrf": csrf});
        client.tell("POST /api/session", &form).unwrap().status
    };
    assert_eq!(sign_in("correct horse", csrf), 201);
    assert_eq!(sign_in("correct horse", "guessed"), 403);
    assert_eq!(sign_in("wrong horse", csrf), 401);
    assert_eq!(client.ask("POST /api/session").status, 400);
}

#[test]
fn every_file_that_the_page_names_is_there() {
    let (_shop, client) = signed_in(Fault::Healthy);
    let page = client.ask("GET /").body;
    let named: Vec<_> = page
        .split('"')
        .filter(|word| word.starts_with("/assets/"))
        .collect();
    assert!(named.len() >= 3, "{named:?}");
    for path in named {
        let answer = client.ask(&format!("GET {path}"));
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-type").is_some(), "{path}");
    }
    assert_eq!(client.ask("GET /healthz").body, "ok\n");
    assert_eq!(client.ask("GET /nothing").status, 404);
}

#[test]
fn basic_authentication_wants_the_right_password() {
    let (_shop, client) = signed_in(Fault::Healthy);
    let answer = client.basic("wrong horse");
    assert_eq!(
        (answer.status, answer.text("/error")),
        (401, "user or password is wrong".into())
    );
    let answer = client.basic("correct horse");
    assert_eq!((answer.status, answer.at("/expires_in")), (201, json!(600)));
    assert!(answer.header("set-cookie").unwrap().contains("HttpOnly"));
}

#[test]
fn both_the_token_and_the_cookie_are_needed() {
    let (_shop, mut client, id) = ordered(Fault::Healthy);
    let order = format!("GET /api/orders/{id}");
    let token = std::mem::take(&mut client.token);
    assert_eq!(client.ask(&order).status, 401);
    client.token = token;
    client.cookie.clear();
    assert_eq!(client.ask(&order).status, 401);
}

#[test]
fn an_order_belongs_to_its_token() {
    let (shop, client, id) = ordered(Fault::Healthy);
    let mut other = Client::of(&shop);
    other.sign_in();
    for what in ["GET", "DELETE"] {
        assert_eq!(other.ask(&format!("{what} /api/orders/{id}")).status, 404);
    }
    assert_eq!(client.ask(&format!("GET /api/orders/{id}")).status, 200);
}

#[test]
fn who_has_signed_out_is_a_stranger_and_leaves_the_order_behind() {
    let (shop, client, id) = ordered(Fault::Healthy);
    assert_eq!(client.ask("DELETE /api/session").status, 204);
    assert_eq!(client.ask(&format!("GET /api/orders/{id}")).status, 401);
    assert_eq!(shop.open_orders(), 1);
}

#[test]
fn what_cannot_be_ordered_is_refused_with_a_sentence() {
    let (shop, client) = signed_in(Fault::Healthy);
    let order = |json| client.tell("POST /api/orders", &json).unwrap();
    assert_eq!(order(json!({"item": "log-glass"})).status, 400);
    assert_eq!(order(json!({"reference": ""})).status, 400);
    let answer = order(json!({"reference": "r", "item": "anchor"}));
    assert_eq!(
        (answer.status, answer.text("/error")),
        (422, "this is not sold here".into())
    );
    assert_eq!(order(json!({"reference": "r".repeat(201)})).status, 400);
    assert_eq!(shop.open_orders(), 0);
}

#[test]
fn a_shop_that_is_full_of_orders_takes_no_more() {
    let (shop, client) = signed_in(Fault::Healthy);
    let full = (0..2000).find(|_| client.create().unwrap().status != 201);
    assert_eq!((full, shop.open_orders()), (Some(1024), 1024));
    assert_eq!(client.create().unwrap().status, 503);
}

#[test]
fn a_receipt_is_not_there_before_the_order_is_ready() {
    let (_shop, client, id) = ordered(Fault::Healthy);
    let receipt = client.ask(&format!("GET /api/orders/{id}/receipt"));
    assert_eq!(
        (receipt.status, receipt.text("/error")),
        (409, "the order is not ready yet".into())
    );
}

#[test]
fn a_shop_that_is_dropped_answers_no_more() {
    let shop = Shop::start(&Options::default()).unwrap();
    let client = Client::of(&shop);
    assert_eq!(client.ask("GET /healthz").status, 200);
    drop(shop);
    while client.send("GET /healthz", "", "").is_ok() {}
}

#[test]
fn the_fault_is_read_and_changed_over_http_at_an_address_of_its_own() {
    let (shop, mut client) = signed_in(Fault::Healthy);
    assert_eq!(
        client.ask("PUT /faults/slow").status,
        404,
        "not in the shop"
    );
    let control = shop.open_control("127.0.0.1:0".parse().unwrap()).unwrap();
    client.move_to(control);
    assert_eq!(client.ask("PUT /faults/hangs").status, 204);
    assert_eq!(
        (shop.fault(), client.ask("GET /faults").text("/now")),
        (Fault::Hangs, "hangs".into())
    );
    let answer = client.ask("PUT /faults/unknown");
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains("sign-in-crashes"), "{answer:?}");
    let counters = client.ask("GET /counters");
    assert_eq!(counters.at("/open_orders"), 0);
    assert_eq!(counters.at("/served/POST ~1api~1session"), 1);
}
