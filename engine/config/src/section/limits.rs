//! `limits`: what one attempt may use, in human units, below the ceilings.

use leadsman_core::limits::Limits;

use crate::{
    element::{duration, size, whole::DIGITS},
    layers::{Layers, Origins},
    notes::{Notes, Wrong, wrong},
    table::{Keys, Table},
    tree::{Node, Tree},
};

const LIMITS: Keys = Keys {
    known: &[
        "cpu",
        "memory",
        "handles",
        "requests",
        "in_flight",
        "call_bytes",
        "log_bytes",
        "log_lines",
        "measures",
        "steps",
        "causes",
    ],
    later: &[],
};

#[derive(Debug, Clone, Copy)]
enum Unit {
    Millis,
    Bytes,
    Count,
}

pub(super) fn read(layers: &Layers<'_>, origins: &mut Origins, notes: &Notes<'_>) -> Limits {
    let inner = layers.inner(|node| Table::open(node, LIMITS, notes), "limits");
    let mut limits = Limits::default();
    for (key, (_, _, ceiling)) in LIMITS.known.iter().zip(Limits::default().fields()) {
        let found = inner.get(key);
        origins.found(|| format!("limits.{key}"), found, notes);
        if let Some(value) =
            found.and_then(|found| notes.read(found.node, |node| value(node, key, ceiling)))
        {
            set(&mut limits, key, value);
        }
    }
    limits
}

fn value(node: &Node, key: &str, ceiling: u64) -> Result<u64, Wrong> {
    let unit = unit(key);
    let odd = || node.not("a whole number", DIGITS);
    let value = match (unit, &node.value) {
        (Unit::Millis, _) => {
            let millis = duration::duration(node)?.as_millis();
            u64::try_from(millis).unwrap_or(u64::MAX)
        }
        (Unit::Bytes, _) => size::size(node)?,
        (Unit::Count, Tree::Number(number)) => number.as_u64().ok_or_else(odd)?,
        (Unit::Count, _) => return Err(odd()),
    };
    if value == 0 || value > ceiling {
        let (least, most) = (shown(unit, 1), shown(unit, ceiling));
        return Err(wrong(
            format!("expected {least} to {most}, got {}", node.shown()),
            if value == 0 {
                format!("write `{least}` or more")
            } else {
                format!("write `{most}` or less, which is the ceiling of `{key}`")
            },
        ));
    }
    Ok(value)
}

fn unit(key: &str) -> Unit {
    match key {
        "cpu" => Unit::Millis,
        "memory" | "call_bytes" | "log_bytes" => Unit::Bytes,
        _ => Unit::Count,
    }
}

fn shown(unit: Unit, value: u64) -> String {
    match unit {
        Unit::Millis => duration::shown(std::time::Duration::from_millis(value)),
        Unit::Bytes => size::shown(value),
        Unit::Count => value.to_string(),
    }
}

fn set(limits: &mut Limits, key: &str, value: u64) {
    // No ceiling of a 32-bit field is above 32 bits.
    let small = u32::try_from(value).unwrap_or(u32::MAX);
    match key {
        "cpu" => limits.cpu_ms = value,
        "memory" => limits.memory_bytes = value,
        "handles" => limits.handles = small,
        "requests" => limits.requests = small,
        "in_flight" => limits.in_flight = small,
        "call_bytes" => limits.call_bytes = small,
        "log_bytes" => limits.log_bytes = small,
        "log_lines" => limits.log_lines = small,
        "measures" => limits.measures = small,
        "steps" => limits.steps = small,
        _ => limits.causes = small,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_the_fields_of_the_limits_in_their_order() {
        for (key, (field, _, _)) in LIMITS.known.iter().zip(Limits::default().fields()) {
            assert!(field.starts_with(key), "{key} is not {field}");
        }
        assert_eq!(LIMITS.known.len(), Limits::default().fields().len());
    }
}
