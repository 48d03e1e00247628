//! The generated side of the contract: the only home of `bindgen!` in the project.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "leadsman:probe/probe",
    imports: {
        "leadsman:aio/poll.[method]pollable.block": async | trappable,
        "leadsman:aio/poll.select": async | trappable,
        "leadsman:http/client.send": async | trappable,
        "leadsman:http/client.[method]pending.finish": async | trappable,
        "leadsman:dns/resolver.send": async | trappable,
        "leadsman:dns/resolver.[method]pending.finish": async | trappable,
        "leadsman:tls/handshake.inspect": async | trappable,
        "leadsman:tls/handshake.[method]pending.finish": async | trappable,
        "leadsman:matching/expressions.holds": async | trappable,
        "leadsman:matching/expressions.holds-text": async | trappable,
        "leadsman:matching/expressions.find": async | trappable,
        "leadsman:matching/expressions.find-text": async | trappable,
        "leadsman:net/tcp.connect": async | trappable,
        "leadsman:net/tcp.[method]connection.write": async | trappable,
        "leadsman:net/tcp.[method]connection.read": async | trappable,
        "leadsman:net/tcp.[method]connection.read-until": async | trappable,
        "leadsman:probe/context.sleep": async | trappable,
        default: trappable,
    },
    exports: { default: async },
    with: {
        "leadsman:aio/poll.pollable": crate::pending::Pollable,
        "leadsman:matching/expressions.blob": crate::capability::expressions::Blob,
        "leadsman:net/types.certificate": leadsman_core::facts::Certificate,
        "leadsman:net/types.facts": crate::capability::facts::FactsHandle,
        "leadsman:net/types.failure": crate::capability::facts::FailureHandle,
        "leadsman:net/tcp.connection": crate::capability::tcp::Connection,
        "leadsman:http/client.pending": crate::pending::Pending,
        "leadsman:dns/resolver.pending": crate::pending::Pending,
        "leadsman:tls/handshake.pending": crate::pending::Pending,
        "leadsman:probe/report.step": crate::capability::report::StepHandle,
    },
});

/// The part of the contract that a test makes grow, with what it grew by.
#[cfg(test)]
pub(crate) mod grown {
    wasmtime::component::bindgen!({
        inline: "
            package leadsman:grown@0.1.0;
            world grown {
                import leadsman:net/types@0.1.0;
                import leadsman:later/counter@0.1.0;
            }
        ",
        path: ["../../wit/deps/matching", "testdata/grown/net", "testdata/grown/later"],
        world: "leadsman:grown/grown",
        imports: {
            "leadsman:later/counter.count": async | trappable,
            default: trappable,
        },
        with: {
            "leadsman:matching/expressions": crate::bindings::leadsman::matching::expressions,
            "leadsman:net/types.certificate": leadsman_core::facts::Certificate,
            "leadsman:net/types.facts": crate::capability::facts::FactsHandle,
            "leadsman:net/types.failure": crate::capability::facts::FailureHandle,
        },
    });
}
