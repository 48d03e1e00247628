//! Names to addresses, as this machine resolves them or by the configured servers.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use hickory_resolver::{
    Resolver as Lookups,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts},
    lookup::Lookup,
    net::{DnsError, NetError, NoRecords},
    proto::{op::ResponseCode, rr::RecordType},
    system_conf::read_system_conf,
};
use leadsman_core::{failure::FailureKind, plan::Resolver, seam::Family};

mod sockets;
#[cfg(test)]
mod tests;

use sockets::{Refusals, Sockets};

use crate::{fault::Fault, routes::Order};

/// The resolver of a plan.
pub(crate) struct Names {
    resolver: Lookups<Sockets>,
    servers: Vec<SocketAddr>,
    refusals: Arc<Refusals>,
}

impl Names {
    pub(crate) fn new(how: &Resolver, cache: Option<Duration>) -> Result<Self, NetError> {
        let (config, options) = match how {
            // Without a resolv.conf this machine asks itself (resolv.conf(5)); so do we.
            Resolver::System => read_system_conf()
                .unwrap_or_else(|_| (by_servers(&[ITSELF]), ResolverOpts::default())),
            Resolver::Servers(servers) => (by_servers(servers), ResolverOpts::default()),
        };
        Self::by(config, options, cache)
    }

    fn by(
        config: ResolverConfig,
        mut options: ResolverOpts,
        cache: Option<Duration>,
    ) -> Result<Self, NetError> {
        options.cache_size = if cache.is_some() {
            options.cache_size
        } else {
            0
        };
        options.positive_max_ttl = cache;
        options.negative_max_ttl = cache;
        let refusals = Refusals::new(config.name_servers().len());
        let servers = servers_of(&config);
        let mut builder = Lookups::builder_with_config(config, Sockets::new(Arc::clone(&refusals)));
        *builder.options_mut() = options;
        Ok(Self {
            resolver: builder.build()?,
            servers,
            refusals,
        })
    }

    /// The server that is asked first, of those that the family lets be asked.
    pub(crate) fn first_server(&self, family: Family) -> Option<SocketAddr> {
        let any = || self.servers.first().copied();
        let of = |v4: bool| {
            let mut servers = self.servers.iter().copied();
            servers.find(|server| server.is_ipv4() == v4)
        };
        match family {
            Family::Auto => any(),
            Family::V4 => of(true),
            Family::V6 => of(false),
            Family::PreferV4 => of(true).or_else(any),
            Family::PreferV6 => of(false).or_else(any),
        }
    }

    /// Every address of the name in the families asked for, the preferred family first.
    pub(crate) async fn addresses(&self, host: &str, order: Order) -> Result<Vec<IpAddr>, Fault> {
        let one = async |wanted: bool, kind| {
            if wanted {
                Some(self.resolver.lookup(host, kind).await)
            } else {
                None
            }
        };
        let down = || {
            Fault::new(
                FailureKind::ResolverDown,
                format!("`{host}`: the resolver refuses connections"),
            )
        };
        let (v4, v6) = tokio::select! {
            biased;
            () = self.refusals.by_all() => return Err(down()),
            found = async { tokio::join!(one(order.v4, RecordType::A), one(order.v6, RecordType::AAAA)) } => found,
        };
        let (first, second) = if order.v4_first { (v4, v6) } else { (v6, v4) };
        let mut found = Vec::new();
        let mut errors = Vec::new();
        for lookup in [first, second].into_iter().flatten() {
            match lookup {
                Ok(lookup) => found.extend(addresses_in(&lookup)),
                Err(error) => errors.push(fault_of(host, &error)),
            }
        }
        if found.is_empty() {
            Err(gravest(host, errors))
        } else {
            Ok(found)
        }
    }
}

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Names")
            .field("servers", &self.servers)
            .finish_non_exhaustive()
    }
}

const ITSELF: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 53);

fn by_servers(servers: &[SocketAddr]) -> ResolverConfig {
    let server = |address: &SocketAddr| {
        let connections =
            [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                connection.port = address.port();
                connection
            });
        NameServerConfig::new(address.ip(), true, connections.into())
    };
    ResolverConfig::from_name_servers(servers.iter().map(server).collect())
}

/// In the order in which they are asked; where none is configured, this machine is.
fn servers_of(config: &ResolverConfig) -> Vec<SocketAddr> {
    let address = |server: &NameServerConfig| {
        let connection = server.connections.first();
        SocketAddr::new(server.ip, connection.map_or(53, |of| of.port))
    };
    let servers: Vec<_> = config.name_servers().iter().map(address).collect();
    if servers.is_empty() {
        return vec![ITSELF];
    }
    servers
}

fn addresses_in(lookup: &Lookup) -> impl Iterator<Item = IpAddr> {
    lookup
        .answers()
        .iter()
        .filter_map(|record| record.data.ip_addr())
}

/// NODATA for one family says little: what went wrong with the other says more.
fn gravest(host: &str, mut errors: Vec<Fault>) -> Fault {
    let grave = errors
        .iter()
        .position(|fault| fault.kind != FailureKind::DnsNodata)
        .unwrap_or(0);
    if grave < errors.len() {
        return errors.swap_remove(grave);
    }
    Fault::new(
        FailureKind::DnsNodata,
        format!("`{host}` has no address in the family asked for"),
    )
}

fn fault_of(host: &str, error: &NetError) -> Fault {
    let (kind, what) = match error {
        NetError::Dns(
            DnsError::NoRecordsFound(NoRecords { response_code, .. })
            | DnsError::ResponseCode(response_code),
        ) => of_code(*response_code),
        NetError::Timeout => (
            FailureKind::DnsTimeout,
            "the resolver did not answer in time",
        ),
        NetError::Io(error) => of_io(error),
        NetError::NoConnections => (FailureKind::ResolverDown, "the resolver cannot be reached"),
        NetError::Busy => (
            FailureKind::LocalResources,
            "the resolver has too many questions in flight",
        ),
        NetError::Msg(_) | NetError::Message(_) => (FailureKind::Internal, "the resolver failed"),
        _ => (
            FailureKind::DnsMalformed,
            "the resolver's answer makes no sense",
        ),
    };
    Fault::new(kind, format!("`{host}`: {what} ({error})"))
}

fn of_code(code: ResponseCode) -> (FailureKind, &'static str) {
    match code {
        ResponseCode::NXDomain => (FailureKind::DnsNxdomain, "the name does not exist"),
        ResponseCode::NoError => (FailureKind::DnsNodata, "the name has no address"),
        ResponseCode::ServFail => (FailureKind::DnsServfail, "the resolver says that it failed"),
        ResponseCode::Refused => (FailureKind::DnsRefused, "the resolver refuses to answer"),
        _ => (
            FailureKind::DnsMalformed,
            "the resolver answers with an error",
        ),
    }
}

fn of_io(error: &std::io::Error) -> (FailureKind, &'static str) {
    match crate::kind_of(error, crate::Moment::Connecting) {
        FailureKind::ConnectRefused
        | FailureKind::ConnectionReset
        | FailureKind::HostUnreachable => {
            (FailureKind::ResolverDown, "the resolver cannot be reached")
        }
        FailureKind::ConnectTimeout => (
            FailureKind::DnsTimeout,
            "the resolver did not answer in time",
        ),
        FailureKind::Internal => (
            FailureKind::ResolverDown,
            "the resolver cannot be talked to",
        ),
        ours => (ours, "the resolver cannot be asked from here"),
    }
}
