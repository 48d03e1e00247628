//! The journey of `journey.yaml`, in Rust: sign in, create, wait until ready, read, delete.

use leadsman_sdk::{prelude::*, settings::SecretName};
use serde_json::{Value, json};

/// An order at the shop.
#[derive(Debug, Settings)]
pub struct Order {
    /// The secret that holds the password of `synthetic`.
    #[setting(default = SecretName::new("shop-password"))]
    pub password: SecretName,
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
    let token = step("sign in", || sign_in(&shop, &settings.password))?;
    let walked = step("create", || create(&shop, &token)).and_then(|order| {
        let read = step("wait until ready", || {
            wait_until_ready(&shop, &token, &order, settings)
        })
        .and_then(|()| step("read the receipt", || read(&shop, &token, &order, settings)));
        let deleted = step("delete", || {
            delete(&shop, &token, &format!("/api/orders/{order}"))
        });
        read.and(deleted)
    });
    let signed_out = step("sign out", || delete(&shop, &token, "/api/session"));
    walked.and(signed_out)?;
    Ok(Verdict::Pass)
}

fn sign_in(shop: &http::Session, password: &str) -> Result<String> {
    let answer = shop
        .post("/api/session")?
        .basic("synthetic", password)?
        .send()?
        .expect(201)?;
    secrets::seal(&answer.text_at("/token")?)
}

fn create(shop: &http::Session, token: &str) -> Result<String> {
    let order = json!({"reference": format!("probe-{}", context::run_id()), "item": "lead-line"});
    let answer = shop
        .post("/api/orders")?
        .bearer(token)
        .json(&order)
        .send()?
        .expect(201)?;
    answer.text_at("/id")
}

fn wait_until_ready(
    shop: &http::Session,
    token: &str,
    order: &str,
    settings: &Order,
) -> Result<()> {
    poll(
        Kind::Body,
        "a ready order",
        *settings.every,
        *settings.within,
        || {
            let look = shop
                .get(&format!("/api/orders/{order}"))?
                .bearer(token)
                .timeout(*settings.within);
            let found: Value = look.send()?.expect(200)?.json()?;
            let ready = found.get("status").is_some_and(|status| status == "ready");
            Ok(ready.then_some(()))
        },
    )
}

fn read(shop: &http::Session, token: &str, order: &str, settings: &Order) -> Result<()> {
    let page = shop
        .get(&format!("/api/orders/{order}/receipt"))?
        .bearer(token)
        .send()?
        .expect(200)?;
    let html = page
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("text/html"));
    ensure!(
        html,
        Header,
        "content-type",
        "HTML",
        page.header("content-type").unwrap_or_default()
    );
    for part in &settings.receipt {
        ensure!(
            part.is_match(&page.content())?,
            Body,
            "body",
            part,
            page.content().excerpt()
        );
    }
    let own = format!("Order {order}<");
    ensure!(
        page.content().contains(own.as_bytes()),
        Body,
        "body",
        own,
        page.content().excerpt()
    );
    Ok(())
}

fn delete(shop: &http::Session, token: &str, path: &str) -> Result<()> {
    shop.delete(path)?
        .bearer(token)
        .send()?
        .expect(204)
        .map(drop)
}

#[cfg(test)]
mod tests {
    use leadsman_sdk::mock::{Mock, Reply};

    use super::*;

    #[test]
    fn an_order_is_deleted_also_when_its_receipt_is_wrong() {
        let at = |path: &str| format!("https://shop.example{path}");
        let run = Mock::new("https://shop.example")
            .secret("shop-password")
            .on(
                "POST",
                &at("/api/session"),
                Reply::status(201).body(r#"{"token": "abcdef"}"#),
            )
            .on(
                "POST",
                &at("/api/orders"),
                Reply::status(201).body(r#"{"id": "ord-1"}"#),
            )
            .on(
                "GET",
                &at("/api/orders/ord-1"),
                Reply::ok(r#"{"status": "ready"}"#),
            )
            .on(
                "GET",
                &at("/api/orders/ord-1/receipt"),
                Reply::ok("<h1>").header("content-type", "text/html"),
            )
            .on("DELETE", &at("/api/orders/ord-1"), Reply::status(204))
            .on("DELETE", &at("/api/session"), Reply::status(204))
            .run(order);
        assert_eq!(run.verdict, Verdict::Fail);
        let went: Vec<_> = run
            .steps
            .iter()
            .map(|(name, ok)| (name.as_str(), *ok))
            .collect();
        assert_eq!(
            went[3..],
            [
                ("read the receipt", Some(false)),
                ("delete", Some(true)),
                ("sign out", Some(true))
            ]
        );
        assert!(run.unrepeatable && !format!("{run:?}").contains("abcdef"));
    }
}
