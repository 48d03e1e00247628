//! Orders, and what can be ordered.

use serde::{Serialize, Serializer};

/// Something that the shop sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Item {
    pub(crate) sku: &'static str,
    #[serde(skip)]
    pub(crate) name: &'static str,
    #[serde(rename = "price", serialize_with = "as_price")]
    pub(crate) cents: u32,
}

/// What can be chosen; the first is what one gets without choosing.
const CHOICE: [Item; 3] = [
    Item {
        sku: "lead-line",
        name: "Lead line, 25 fathoms",
        cents: 3_450,
    },
    Item {
        sku: "log-glass",
        name: "Log glass, 28 seconds",
        cents: 2_275,
    },
    Item {
        sku: "deck-lantern",
        name: "Deck lantern, brass",
        cents: 5_900,
    },
];

/// What comes with everything.
const TALLOW: Item = Item {
    sku: "tallow",
    name: "Tallow, to arm the lead",
    cents: 320,
};

const PACKING: Item = Item {
    sku: "packing",
    name: "Packing in oakum",
    cents: 180,
};

/// What is sold under this name; the first choice where none is named.
pub(crate) fn item(sku: Option<&str>) -> Option<Item> {
    let wanted = sku.unwrap_or("lead-line");
    CHOICE.into_iter().find(|item| item.sku == wanted)
}

/// How far an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Pending,
    Ready,
}

/// One order, which only the session that made it may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) reference: String,
    pub(crate) status: Status,
    pub(crate) items: [Item; 3],
    #[serde(skip)]
    pub(crate) owner: String,
    #[serde(skip)]
    pub(crate) looks: u32,
}

impl Order {
    pub(crate) fn new(id: String, reference: String, item: Item, owner: String) -> Self {
        Self {
            id,
            reference,
            status: Status::Pending,
            items: [item, TALLOW, PACKING],
            owner,
            looks: 0,
        }
    }

    pub(crate) fn cents(&self) -> u32 {
        self.items.iter().map(|item| item.cents).sum()
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn as_price<S: Serializer>(cents: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(f64::from(*cents) / 100.0)
}
