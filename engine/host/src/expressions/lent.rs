//! JSON as CEL's values, which borrow its texts.
//!
//! CEL's own way is two conversions, each of which copies every text, map and list: what is expected of a body would
//! cost more than the evaluation.

use std::collections::HashMap;

use cel::common::{
    types::{CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelUInt},
    value::Val,
};
use serde_json::{Map, Number, Value};

/// A JSON value as CEL sees it: a number that is written without a fraction is an `int` if it is negative, else a
/// `uint`; any other is a `double`.
pub(super) fn value(json: &Value) -> Box<dyn Val + '_> {
    match json {
        Value::Null => Box::new(CelNull),
        Value::Bool(held) => Box::new(CelBool::from(*held)),
        Value::Number(held) => number(held),
        Value::String(text) => Box::new(CelString::from(text.as_str())),
        Value::Array(items) => Box::new(CelList::from(items.iter().map(value).collect::<Vec<_>>())),
        Value::Object(members) => Box::new(map(members)),
    }
}

fn map(members: &Map<String, Value>) -> CelMap<'_> {
    let entries = members
        .iter()
        .map(|(name, held)| (CelMapKey::from(name.as_str()), value(held)));
    CelMap::from(entries.collect::<HashMap<_, _>>())
}

fn number<'v>(held: &Number) -> Box<dyn Val + 'v> {
    if let Some(held) = held.as_u64() {
        return Box::new(CelUInt::from(held));
    }
    match held.as_i64() {
        Some(held) => Box::new(CelInt::from(held)),
        None => Box::new(CelDouble::from(held.as_f64().unwrap_or(f64::NAN))),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use serde_json::json;

    use super::{super::CEL, *};

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-1e300..1e300).prop_map(|held: f64| Value::from(held)),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::hash_map(".*", inner, 0..8)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    /// What CEL makes of `body` where it is lent, and where CEL itself has converted it.
    fn both(body: &Value) -> [cel::Value; 2] {
        let program = CEL.compile("body").unwrap();
        let mut lent = cel::Context::with_env(Arc::clone(&CEL));
        lent.add_variable_as_val("body", value(body));
        let mut converted = cel::Context::with_env(Arc::clone(&CEL));
        converted.add_variable("body", body).unwrap();
        [&lent, &converted].map(|context| program.execute(context).unwrap())
    }

    proptest! {
        #[test]
        fn what_is_lent_is_what_cel_converts_itself(body in any_json()) {
            let [lent, converted] = both(&body);
            prop_assert_eq!(lent.type_of().to_string(), converted.type_of().to_string());
            prop_assert_eq!(lent, converted);
        }
    }

    #[test]
    fn numbers_keep_their_kinds() {
        for (number, kind) in [
            (json!(1), "uint"),
            (json!(-1), "int"),
            (json!(u64::MAX), "uint"),
            (json!(i64::MIN), "int"),
            (json!(1.0), "float"),
        ] {
            let [lent, converted] = both(&number).map(|value| value.type_of().to_string());
            assert_eq!(
                (lent.as_str(), converted.as_str()),
                (kind, kind),
                "{number}"
            );
        }
    }
}
