//! The receipt of an order, as a page.

use std::{fmt::Write, future::pending, sync::Arc};

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};

use super::{customer::Customer, problem::Problem};
use crate::{
    Fault,
    store::{Item, Order, Status, Store, random},
};

/// `GET /api/orders/{id}/receipt`
pub(super) async fn read(
    State(store): State<Arc<Store>>,
    customer: Customer,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let mut order = store.order(&id, &customer.token)?;
    if order.status == Status::Pending {
        return Err(Problem::NotReady);
    }
    let fault = store.fault();
    if fault == Fault::ReceiptHangs {
        // Whoever waits gives up first, and takes this future along.
        pending::<()>().await;
    }
    if fault == Fault::WrongReceipt {
        order.id = random("ord-")?;
    }
    let content_type = match fault {
        Fault::WrongType => "text/plain; charset=utf-8",
        _ => "text/html; charset=utf-8",
    };
    Ok(([(header::CONTENT_TYPE, content_type)], page(&order)).into_response())
}

fn page(order: &Order) -> String {
    let rows = order.items.iter().fold(String::new(), row);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Receipt</title>\n\
         <h1 id=\"receipt\">Order {id}</h1>\n<p class=\"reference\">{reference}</p>\n\
         <table>\n{rows}<tr><th>Total</th><td class=\"total\">{total}</td></tr>\n</table>\n</html>\n",
        id = order.id,
        reference = escaped(&order.reference),
        total = euros(order.cents()),
    )
}

fn row(mut rows: String, item: &Item) -> String {
    let (name, price) = (item.name, euros(item.cents));
    // Writing to a text cannot fail.
    let written = writeln!(rows, "<tr><th>{name}</th><td>{price}</td></tr>");
    debug_assert!(written.is_ok());
    rows
}

fn euros(cents: u32) -> String {
    format!("€ {}.{:02}", cents / 100, cents % 100)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
