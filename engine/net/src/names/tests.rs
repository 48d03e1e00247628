//! Names, looked up at a server that writes down what it is asked.

use std::sync::{Mutex, PoisonError};

use hickory_proto::{
    op::{Message, MessageType, OpCode},
    rr::{RData, Record, rdata::A},
};
use hickory_resolver::{Hosts, system_conf::parse_resolv_conf};
use tokio::net::UdpSocket;

use super::*;
use crate::routes::Routes;

const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

/// A server that knows some names, all of them at one address.
struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<(String, RecordType)>>>,
}

impl Server {
    async fn knowing(names: &'static [&'static str]) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut buffer = [0; 1500];
            while let Ok((read, from)) = socket.recv_from(&mut buffer).await {
                let query = Message::from_vec(&buffer[..read]).unwrap();
                let question = (
                    query.queries[0].name().to_ascii(),
                    query.queries[0].query_type(),
                );
                heard
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(question);
                let reply = reply(&query, names).to_vec().unwrap();
                socket.send_to(&reply, from).await.unwrap();
            }
        });
        Self { address, asked }
    }

    /// What it was asked since it was last looked at.
    fn asked(&self) -> Vec<(String, RecordType)> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut asked)
    }

    /// The names of it.
    fn names(&self) -> Vec<String> {
        self.asked().into_iter().map(|(name, _)| name).collect()
    }
}

fn reply(query: &Message, names: &[&str]) -> Message {
    let mut reply = Message::new(query.metadata.id, MessageType::Response, OpCode::Query);
    reply.add_queries(query.queries.clone());
    let question = &query.queries[0];
    if !names.contains(&question.name().to_ascii().as_str()) {
        reply.metadata.response_code = ResponseCode::NXDomain;
    } else if question.query_type() == RecordType::A {
        let data = RData::A(A(ADDRESS));
        reply.add_answer(Record::from_rdata(question.name().clone(), 60, data));
    }
    reply
}

/// Looks names up by a file like `/etc/resolv.conf`, whose server is that one.
fn by_file(text: &str, server: SocketAddr) -> Names {
    let text = format!("nameserver {}\n{text}", server.ip());
    let (config, options) = parse_resolv_conf(text).unwrap();
    let servers = config.name_servers().iter().cloned().map(|mut known| {
        for connection in &mut known.connections {
            connection.port = server.port();
        }
        known
    });
    let servers = servers.collect();
    let config =
        ResolverConfig::from_parts(config.domain().cloned(), config.search().to_vec(), servers);
    Names::by(config, options, None).unwrap()
}

async fn found(names: &Names, host: &str) -> bool {
    let order = Routes::default().order(Family::V4);
    let addresses = names.addresses(host, order).await;
    addresses.is_ok_and(|addresses| addresses == [ADDRESS])
}

#[tokio::test]
async fn a_short_name_is_looked_for_in_the_domains_that_are_searched_in_their_order() {
    let server = Server::knowing(&["db.b.test."]).await;
    let names = by_file("search a.test b.test\n", server.address);
    assert!(found(&names, "db").await);
    assert_eq!(server.names(), ["db.a.test.", "db.b.test."]);
    let names = by_file("", server.address);
    assert!(!found(&names, "db").await);
    assert!(!server.names().iter().any(|name| name.ends_with(".test.")));
}

#[tokio::test]
async fn a_name_with_as_many_dots_as_ndots_is_asked_for_as_it_is_first() {
    let server = Server::knowing(&["db.eu.", "db.eu.a.test."]).await;
    let names = by_file("search a.test\noptions ndots:1\n", server.address);
    assert!(found(&names, "db.eu").await);
    assert_eq!(server.names(), ["db.eu."]);
    let names = by_file("search a.test\noptions ndots:2\n", server.address);
    assert!(found(&names, "db.eu").await);
    assert_eq!(server.names(), ["db.eu.a.test."]);
}

#[tokio::test]
async fn a_name_that_a_hosts_file_has_is_asked_of_nobody() {
    let server = Server::knowing(&[]).await;
    let mut names = by_file("", server.address);
    let mut hosts = Hosts::default();
    hosts
        .read_hosts_conf("10.0.0.1 lead lead.test # the leadsman\n".as_bytes())
        .unwrap();
    names.resolver.set_hosts(Arc::new(hosts));
    for host in ["lead", "lead.test"] {
        assert!(found(&names, host).await, "{host}");
    }
    assert_eq!(server.names(), [""; 0]);
}

#[tokio::test]
async fn an_answer_is_kept_only_where_a_cache_is_asked_for() {
    let server = Server::knowing(&["shop.test."]).await;
    for (cache, questions) in [(None, 2), (Some(Duration::from_mins(1)), 1)] {
        let names = Names::new(&Resolver::Servers(vec![server.address]), cache).unwrap();
        for _ in 0..2 {
            assert!(found(&names, "shop.test.").await);
        }
        assert_eq!(server.names().len(), questions, "{cache:?}");
    }
}

#[tokio::test]
async fn only_families_that_are_used_are_asked_for() {
    let server = Server::knowing(&["shop.test."]).await;
    let names = Names::new(&Resolver::Servers(vec![server.address]), None).unwrap();
    for (family, kinds) in [
        (Family::V4, vec![RecordType::A]),
        (Family::V6, vec![RecordType::AAAA]),
        (Family::PreferV6, vec![RecordType::A, RecordType::AAAA]),
    ] {
        let order = Routes::default().order(family);
        drop(names.addresses("shop.test.", order).await);
        let mut asked: Vec<RecordType> = server.asked().into_iter().map(|(_, kind)| kind).collect();
        asked.sort_unstable();
        asked.dedup();
        assert_eq!(asked, kinds, "{family:?}");
    }
}
