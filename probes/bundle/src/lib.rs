//! The bundled probes as Wasm components, carried as bytes.

/// One bundled probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bundled {
    /// Its name.
    pub name: &'static str,
    /// Its component.
    pub component: &'static [u8],
}

/// Every bundled probe.
pub const ALL: [Bundled; 5] = [
    Bundled {
        name: "http",
        component: include_bytes!(env!("LEADSMAN_PROBE_HTTP")),
    },
    Bundled {
        name: "dns",
        component: include_bytes!(env!("LEADSMAN_PROBE_DNS")),
    },
    Bundled {
        name: "tls",
        component: include_bytes!(env!("LEADSMAN_PROBE_TLS")),
    },
    Bundled {
        name: "tcp",
        component: include_bytes!(env!("LEADSMAN_PROBE_TCP")),
    },
    Bundled {
        name: "journey",
        component: include_bytes!(env!("LEADSMAN_PROBE_JOURNEY")),
    },
];

/// The bundled probe of that name.
pub fn named(name: &str) -> Option<Bundled> {
    ALL.into_iter().find(|bundled| bundled.name == name)
}
