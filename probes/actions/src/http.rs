//! One HTTP exchange: how it is made, and what is expected of it.

mod body;
mod count;
mod equals;
mod expectations;
mod fields;
mod settings;
mod status;
mod transport;

pub use count::Count;
pub use equals::{Equals, Texts, same};
pub use expectations::Expected;
pub use fields::{FieldValue, FieldValues, framing, written_twice};
pub use leadsman_sdk::settings::{IdentityName, TrustName};
pub use settings::{BasicAuth, BearerAuth, Body, CertificateExpectation, HeaderExpectation};
pub use status::Statuses;
pub use transport::{Transport, choice, is_word, method};
