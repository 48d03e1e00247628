//! Each fault breaks what it says, and nothing before it.

use std::{
    io::ErrorKind,
    time::{Duration, Instant},
};

use super::client::{Client, ordered, signed_in};
use crate::{Fault, Options, Shop};

fn receipt(client: &Client, id: &str) -> super::client::Answer {
    for _ in 0..3 {
        client.ask(&format!("GET /api/orders/{id}"));
    }
    client.ask(&format!("GET /api/orders/{id}/receipt"))
}

#[test]
fn every_fault_is_found_by_the_name_that_it_shows() {
    for fault in Fault::ALL {
        assert_eq!(fault.to_string().parse(), Ok(*fault));
        assert!(fault.summary().ends_with('.'), "{fault}");
    }
    let told = "sleepy".parse::<Fault>().unwrap_err().to_string();
    assert!(
        told.contains("`sleepy`") && told.contains("healthy, slow,"),
        "{told}"
    );
}

#[test]
fn a_slow_shop_lets_everybody_wait() {
    let slowness = Duration::from_millis(40);
    let fault = Fault::Slow;
    let shop = Shop::start(&Options {
        fault,
        slowness,
        ..Options::default()
    })
    .unwrap();
    let began = Instant::now();
    Client::of(&shop).sign_in();
    assert!(began.elapsed() >= slowness, "{:?}", began.elapsed());
}

#[test]
fn signing_in_is_refused_although_the_password_is_right() {
    let (_shop, client) = signed_in(Fault::SignInRefused);
    assert_eq!(client.basic(Options::PASSWORD).status, 401);
}

#[test]
fn signing_in_crashes() {
    let (_shop, client) = signed_in(Fault::SignInCrashes);
    assert_eq!(client.basic(Options::PASSWORD).status, 500);
    assert_eq!(client.basic("wrong horse").status, 401);
}

#[test]
fn signing_in_gives_no_token() {
    let (_shop, client) = signed_in(Fault::TokenMissing);
    let answer = client.basic(Options::PASSWORD);
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (201, "{\"expires_in\":600}")
    );
}

#[test]
fn signing_in_answers_a_page() {
    let (_shop, client) = signed_in(Fault::SignInNotJson);
    let answer = client.basic(Options::PASSWORD);
    assert_eq!(
        (answer.status, answer.body.starts_with("<h1>")),
        (200, true)
    );
}

#[test]
fn ordering_conflicts_and_makes_no_order() {
    let (shop, client) = signed_in(Fault::CreateConflicts);
    assert_eq!(client.create().unwrap().status, 409);
    assert_eq!(shop.open_orders(), 0);
}

#[test]
fn an_order_is_made_with_another_success_than_is_usual() {
    let (shop, client) = signed_in(Fault::CreatedWith200);
    let answer = client.create().unwrap();
    assert_eq!((answer.status, shop.open_orders()), (200, 1));
    assert!(answer.text("/id").starts_with("ord-"), "{answer:?}");
}

#[test]
fn the_first_look_at_an_order_is_not_answered_well_and_the_next_ones_are() {
    let (_shop, client, id) = ordered(Fault::UnavailableOnce);
    let look = || client.ask(&format!("GET /api/orders/{id}"));
    let [first, second, third] = [look(), look(), look()];
    assert_eq!([first.status, second.status], [503, 200]);
    assert_eq!(third.text("/status"), "ready");
}

#[test]
fn an_order_is_made_without_telling_which() {
    let (shop, client) = signed_in(Fault::OrderWithoutId);
    let answer = client.create().unwrap();
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (201, "{\"status\":\"pending\"}")
    );
    assert_eq!((answer.header("location"), shop.open_orders()), (None, 1));
}

#[test]
fn an_order_stays_pending() {
    let (_shop, client, id) = ordered(Fault::NeverReady);
    let look = || client.ask(&format!("GET /api/orders/{id}")).text("/status");
    assert!((0..10).all(|_| look() == "pending"));
}

#[test]
fn the_receipt_is_that_of_another_order() {
    let (_shop, client, id) = ordered(Fault::WrongReceipt);
    let receipt = receipt(&client, &id);
    assert_eq!(receipt.status, 200);
    assert!(receipt.body.contains("<h1 id=\"receipt\">Order ord-"));
    assert!(!receipt.body.contains(&id));
}

#[test]
fn the_receipt_says_that_it_is_plain_text() {
    let (_shop, client, id) = ordered(Fault::WrongType);
    let receipt = receipt(&client, &id);
    assert_eq!(
        receipt.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert!(receipt.body.contains(&id));
}

#[test]
fn cancelling_is_refused_and_the_order_stays() {
    let (shop, client, id) = ordered(Fault::DeleteRefused);
    let answer = client.ask(&format!("DELETE /api/orders/{id}"));
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, Some("GET, HEAD"))
    );
    assert_eq!(shop.open_orders(), 1);
}

#[test]
fn looking_at_an_order_is_never_answered() {
    let (shop, mut client, id) = ordered(Fault::Hangs);
    client.patience = Duration::from_millis(200);
    let what = format!("GET /api/orders/{id}");
    let error = client.send(&what, &client.credentials(), "").unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        "{error}"
    );
    assert_eq!(shop.served("GET /api/orders/{id}"), 1);
    client.patience = Duration::from_secs(10);
    assert_eq!(client.ask(&format!("DELETE /api/orders/{id}")).status, 204);
}

#[test]
fn asking_for_the_receipt_is_never_answered() {
    let (_shop, mut client, id) = ordered(Fault::ReceiptHangs);
    for _ in 0..3 {
        client.ask(&format!("GET /api/orders/{id}"));
    }
    client.patience = Duration::from_millis(200);
    let what = format!("GET /api/orders/{id}/receipt");
    let error = client.send(&what, &client.credentials(), "").unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        "{error}"
    );
    client.patience = Duration::from_secs(10);
    assert_eq!(client.ask(&format!("DELETE /api/orders/{id}")).status, 204);
}

#[test]
fn the_connection_closes_in_the_middle_of_the_orders_answer() {
    for _ in 0..50 {
        let (shop, client) = signed_in(Fault::Resets);
        let answer = client.create().unwrap();
        let promised: usize = answer.header("content-length").unwrap().parse().unwrap();
        assert_eq!((answer.status, answer.body.len()), (201, promised / 2));
        assert_eq!(shop.open_orders(), 1);
    }
}
