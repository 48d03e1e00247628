//! The journey of `journey.yaml`, in Rust: sign in, create, wait until ready, read, delete.

use std::time::Duration;

use leadsman_sdk::{prelude::*, settings::SecretName};
use serde_json::{Value, json};

/// An order at the shop.
#[derive(Debug, Settings)]
pub struct Order {
    /// The secret that holds the password of `synthetic`.
    #[setting(default = SecretName::new("shop-password"))]
    pub password: SecretName,
    /// How long it may take to make an order.
    #[setting(default = Timespan::from_millis(800))]
    pub created_within: Timespan,
    /// The pause between two looks at an order.
    #[setting(default = Timespan::from_millis(500))]
    pub every: Timespan,
    /// How long an order may take to be ready.
    #[setting(default = Timespan::from_secs(5))]
    pub within: Timespan,
    /// What the receipt must show.
    #[setting(default = vec![Css::new("h1#receipt"), Css::new("td.total")])]
    pub receipt: Vec<Css>,
    /// The author's word that running it twice does no harm.
    #[setting(default = false)]
    pub repeatable: bool,
}

/// Walks the journey; an order that was made is deleted, whatever else happens.
#[probe]
pub fn order(target: &Target, settings: &Order) -> Result<Verdict> {
    let shop = http::Session::of(target).repeatable(settings.repeatable);
    let shop = shop.reserve(Duration::from_secs(2));
    let shop = step("sign in", || sign_in(shop, &settings.password))?;
    shop.cleaning(|cleanup| walk(&shop, settings, cleanup))
}

fn sign_in(shop: http::Session, password: &str) -> Result<http::Session> {
    let asked = shop.post("/api/session")?.basic("synthetic", password)?;
    let token = asked.send()?.expect(201)?.text_at("/token")?;
    Ok(shop.bearer(secrets::seal(&token)?))
}

fn walk(shop: &http::Session, settings: &Order, cleanup: &mut http::Cleanup) -> Result<Verdict> {
    cleanup.delete("sign out", "/api/session", 204);
    let order = step("create", || {
        let reference = format!("probe-{}", context::run_id());
        let order = json!({"reference": reference, "item": "lead-line"});
        let made = shop.post("/api/orders")?.json(&order).send()?;
        if let Some(id) = made.found_at::<String>("/id") {
            cleanup.delete("delete", format!("/api/orders/{id}"), 204);
        }
        let made = made.expect(201)?.expect_at("/status", "pending")?;
        made.expect_under(*settings.created_within)?.text_at("/id")
    })?;
    let path = format!("/api/orders/{order}");
    step("wait until ready", || {
        let (every, within) = (*settings.every, *settings.within);
        poll(Kind::Body, "a ready order", every, within, || {
            let look = shop.get(&path)?.timeout(within).send()?;
            let at = |pointer: &str| look.found_at::<Value>(pointer);
            let is_ready = look.status() / 100 == 2 && at("/status") == Some(json!("ready"));
            Ok((is_ready && at("/items/2/sku").is_some()).then_some(()))
        })
    })?;
    step("read the receipt", || {
        let page = shop.get(&format!("{path}/receipt"))?.send()?.expect(200)?;
        let html = page.expect_header("content-type", "text/html")?;
        let receipt = html.expect_css(&settings.receipt)?;
        receipt.expect_text(&format!("Order {order}<")).map(drop)
    })?;
    Ok(Verdict::Pass)
}

#[cfg(test)]
mod tests {
    use leadsman_sdk::mock::{Mock, Reply, Run};

    use super::*;

    /// A run at a shop that makes orders of this status, and shows an empty receipt.
    fn run(status: &str) -> Run {
        run_at(status, Duration::from_millis(1))
    }

    /// The same where it takes so long to make an order.
    fn run_at(status: &str, took: Duration) -> Run {
        let at = |path: &str| format!("https://shop.example{path}");
        let made = json!({"id": "ord-1", "status": status}).to_string();
        let ready = r#"{"status": "ready", "items": [{}, {}, {"sku": "line-3"}]}"#;
        let session = Reply::status(201).body(r#"{"token": "abcdef"}"#);
        let order = at("/api/orders/ord-1");
        let receipt = Reply::ok("<h1>").header("content-type", "text/html");
        Mock::new("https://shop.example")
            .secret("shop-password")
            .on("POST", &at("/api/session"), session)
            .on(
                "POST",
                &at("/api/orders"),
                Reply::status(201).body(made).took(took),
            )
            .on("GET", &order, Reply::ok(ready))
            .on("GET", &at("/api/orders/ord-1/receipt"), receipt)
            .on("DELETE", &order, Reply::status(204))
            .on("DELETE", &at("/api/session"), Reply::status(204))
            .run(super::order)
    }

    fn went(run: &Run) -> Vec<(&str, Option<bool>)> {
        let steps = run.steps.iter();
        steps.map(|(name, ok)| (name.as_str(), *ok)).collect()
    }

    #[test]
    fn an_order_is_deleted_also_when_its_receipt_is_wrong() {
        let run = run("pending");
        assert_eq!(run.verdict, Verdict::Fail);
        let end = [
            ("read the receipt", Some(false)),
            ("delete", Some(true)),
            ("sign out", Some(true)),
        ];
        assert_eq!(went(&run)[3..], end);
        assert!(run.unrepeatable && !format!("{run:?}").contains("abcdef"));
    }

    #[test]
    fn an_order_is_deleted_also_when_it_was_made_in_another_state() {
        let run = run("lost");
        assert_eq!(run.verdict, Verdict::Fail);
        let end = [
            ("create", Some(false)),
            ("delete", Some(true)),
            ("sign out", Some(true)),
        ];
        assert_eq!(went(&run)[1..], end);
    }

    #[test]
    fn an_order_that_takes_too_long_to_make_is_deleted_too() {
        for (took, well) in [(800, true), (801, false)] {
            let run = run_at("pending", Duration::from_millis(took));
            let create = ("create", Some(well));
            assert_eq!(went(&run)[1], create, "{took} ms");
            assert!(went(&run).contains(&("delete", Some(true))));
        }
    }
}
