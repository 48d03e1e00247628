//! The ways in which the shop can fail, each by its name.

use std::{
    fmt::{self, Display, Formatter},
    str::FromStr,
};

use clap::{ValueEnum, builder::PossibleValue};

macro_rules! faults {
    ($($variant:ident, $name:literal, $summary:literal;)*) => {
        /// What is wrong with the shop: one thing at a time, or nothing.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Fault {
            $(#[doc = $summary] $variant,)*
        }

        impl Fault {
            /// All of them, the healthy shop first.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name on the command line.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it does, in one line.
            pub const fn summary(self) -> &'static str {
                match self { $(Self::$variant => $summary,)* }
            }
        }
    };
}

faults! {
    Healthy, "healthy", "Everything works.";
    Slow, "slow", "Every answer comes late, 300 ms unless told otherwise.";
    SignInRefused, "sign-in-refused", "Signing in answers 401, although user and password are right.";
    SignInCrashes, "sign-in-crashes", "Signing in answers 500.";
    TokenMissing, "token-missing", "Signing in answers 201, without a token.";
    SignInNotJson, "sign-in-not-json", "Signing in answers 200 with a page instead of JSON.";
    CreateConflicts, "create-conflicts", "Ordering answers 409, and no order is made.";
    CreatedWith200, "created-with-200", "Ordering answers 200 instead of 201, and makes the order.";
    OrderWithoutId, "order-without-id", "Ordering answers 201 and makes the order, but tells neither id nor location.";
    UnavailableOnce, "unavailable-once", "The first look at an order answers 503, and those after it do not.";
    NeverReady, "never-ready", "Orders stay pending.";
    ReceiptHangs, "receipt-hangs", "Asking for the receipt never gets an answer.";
    WrongReceipt, "wrong-receipt", "The receipt is that of another order.";
    WrongType, "wrong-type", "The receipt is the right page, but says that it is text/plain.";
    DeleteRefused, "delete-refused", "Cancelling answers 405, and the order stays.";
    Hangs, "hangs", "Asking how an order is never gets an answer.";
    Resets, "resets", "Ordering makes the order, but the connection closes in the middle of the answer.";
}

/// There is no fault of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a fault of the shop; there are {names}", names = names())]
pub struct UnknownFault(pub String);

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let mut all = Self::ALL.iter();
        let found = all.find(|fault| fault.name() == text).copied();
        found.ok_or_else(|| UnknownFault(text.to_owned()))
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl ValueEnum for Fault {
    fn value_variants<'a>() -> &'a [Self] {
        Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(self.summary()))
    }
}

fn names() -> String {
    let names: Vec<_> = Fault::ALL.iter().map(|fault| fault.name()).collect();
    names.join(", ")
}
