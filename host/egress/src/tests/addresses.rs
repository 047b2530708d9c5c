//! Where a request may go, seen from outside.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use fondaco_model::http::HttpFailure;

use super::server::{Diverted, Names, Server, Setup, listen, ok, policy, refusal, request};
use crate::{
    address::Gate,
    connect::{SystemDial, Tls},
    egress::{Egress, EgressConfig},
    limits::REQUEST_TIME_MAX,
};

async fn server() -> Server {
    listen().await.answering(|_| ok("reached"))
}

/// What becomes of a request to a name that has these addresses.
async fn to_addresses(server: &Server, addresses: &[&str]) -> String {
    let mut setup = Setup::allowing(&[]);
    setup.names = Arc::new(Names::default().with("shop.test", &[addresses]));
    setup.dial = Box::new(Diverted { to: server.address, asked: Arc::default() });
    refusal(setup.get("http://shop.test/").await)
}

#[tokio::test]
async fn names_of_addresses_that_are_not_public_are_refused() {
    let server = server().await;
    let cases = [
        ("127.0.0.1", "loopback"),
        ("127.8.9.10", "loopback"),
        ("::1", "loopback"),
        ("10.1.2.3", "private"),
        ("172.31.255.255", "private"),
        ("192.168.0.1", "private"),
        ("fd12:3456::1", "private"),
        ("fec0::1", "private"),
        ("169.254.1.1", "link-local"),
        ("fe80::1", "link-local"),
        ("100.64.0.1", "provider"),
        ("0.0.0.0", "no host"),
        ("0.1.2.3", "no host"),
        ("::", "no host"),
        ("255.255.255.255", "broadcast"),
        ("240.0.0.1", "reserved"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("192.0.2.1", "documentation"),
        ("2001:db8::1", "documentation"),
        ("198.18.0.1", "benchmarks"),
        ("::ffff:127.0.0.1", "another form"),
        ("::ffff:8.8.8.8", "another form"),
        ("::7f00:1", "another form"),
        ("64:ff9b::7f00:1", "another form"),
        ("64:ff9b:1::7f00:1", "another form"),
        ("2002:7f00:1::", "another form"),
        ("2001:0:7f00:1::", "another form"),
        ("169.254.169.254", "metadata"),
        ("fd00:ec2::254", "metadata"),
    ];
    for (address, word) in cases {
        let reason = to_addresses(&server, &[address]).await;
        assert!(reason.contains(word), "{address}: {reason}");
        assert!(!reason.contains(address), "{reason} names the address");
    }
    assert_eq!(server.heads(), Vec::<String>::new());
}

#[tokio::test]
async fn addresses_that_are_refused_are_left_out() {
    let server = server().await;
    let mut setup = Setup::allowing(&[&server]);
    let mixed: &[&str] = &["10.0.0.1", "::1", "127.0.0.1"];
    setup.names = Arc::new(Names::default().with("shop.test", &[mixed]));
    let answer = setup.get(&server.url("shop.test")).await.unwrap();
    assert_eq!(answer.body, b"reached");
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_is_dead() {
    let server = server().await;
    let mut setup = Setup::allowing(&[&server]);
    // Nothing listens there: the server's socket is bound to one address of this machine only.
    setup.allow.push(SocketAddr::new("127.0.0.2".parse().unwrap(), server.address.port()));
    let both: &[&str] = &["127.0.0.2", "127.0.0.1"];
    setup.names = Arc::new(Names::default().with("shop.test", &[both]));
    assert_eq!(setup.get(&server.url("shop.test")).await.unwrap().body, b"reached");
}

#[tokio::test]
async fn an_opened_address_is_opened_on_its_port_only() {
    let (opened, closed) = (server().await, server().await);
    let setup = Setup::allowing(&[&opened]);
    assert!(refusal(setup.get(&closed.url("shop.test")).await).contains("loopback"));
    assert_eq!(closed.heads().len(), 0);
}

#[tokio::test]
async fn an_opened_address_still_needs_a_granted_name() {
    let server = server().await;
    let setup = Setup::allowing(&[&server]);
    let failure = setup.get(&server.url("erp.test")).await.unwrap_err();
    assert_eq!(failure, HttpFailure::NotGranted { host: "erp.test".to_owned() });
    assert_eq!(server.heads().len(), 0);
}

#[tokio::test]
async fn other_ports_of_public_addresses_are_refused() {
    let mut setup = Setup::allowing(&[]);
    setup.names = Arc::new(Names::default().with("shop.test", &[&["8.8.8.8"]]));
    assert!(refusal(setup.get("http://shop.test:8080/").await).contains("port"));
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_its_address_kept() {
    let server = server().await;
    let names = Names::default().with("shop.test", &[&["8.8.8.8"], &["127.0.0.1"]]);
    let (names, asked) = (Arc::new(names), Arc::new(Mutex::new(Vec::new())));
    let mut setup = Setup::allowing(&[]);
    setup.names = Arc::clone(&names);
    setup.dial = Box::new(Diverted { to: server.address, asked: Arc::clone(&asked) });
    refusal(setup.get("http://shop.test/").await);
    assert_eq!(names.asked(), ["shop.test"]);
    assert_eq!(*asked.lock().unwrap(), ["8.8.8.8:80".parse().unwrap()]);
}

#[tokio::test]
async fn a_name_that_moves_to_loopback_is_refused_when_asked_again() {
    let server = server().await;
    let names = Names::default().with("shop.test", &[&["8.8.8.8"], &["127.0.0.1"]]);
    let mut setup = Setup::allowing(&[]);
    setup.names = Arc::new(names);
    setup.dial = Box::new(Diverted { to: server.address, asked: Arc::default() });
    let (egress, policy) = (setup.egress(), policy());
    let request = request("http://shop.test/", &[]);
    assert!(refusal(egress.get(&policy, &request).await).contains("another address"));
    assert!(refusal(egress.get(&policy, &request).await).contains("loopback"));
}

#[tokio::test]
async fn a_connection_that_ended_elsewhere_carries_nothing() {
    // The server waits for a request before it looks for the next connection, so what it saw on
    // the first is known as soon as it answers on the second.
    let server = server().await;
    let mut setup = Setup::allowing(&[]);
    setup.names = Arc::new(Names::default().with("shop.test", &[&["8.8.8.8"]]));
    setup.dial = Box::new(Diverted { to: server.address, asked: Arc::default() });
    assert!(refusal(setup.get("http://shop.test/").await).contains("another address"));
    Setup::allowing(&[&server]).get(&server.url("shop.test")).await.unwrap();
    let heads = server.heads();
    assert_eq!((heads.len(), heads[0].as_str()), (2, ""));
}

#[tokio::test]
async fn a_socket_on_the_own_machine_is_refused_even_if_its_address_looked_public() {
    let server = server().await;
    // As if the range were public: only what the connection shows is left to tell.
    let gate = Gate::trusting_every_address();
    let tls = Tls::new(b"").unwrap();
    let names = Arc::<Names>::default();
    let dial = Box::new(SystemDial);
    let egress = Egress::with_parts(gate, names, dial, tls, REQUEST_TIME_MAX);
    let request = request(&server.url("shop.test"), &[]);
    let reason = refusal(egress.get(&policy(), &request).await);
    assert!(reason.contains("the machine the host runs on"), "{reason}");
}

#[tokio::test]
async fn the_systems_names_are_checked_like_all_others() {
    let server = server().await;
    let egress = Egress::new(EgressConfig::default()).unwrap();
    let request = request(&server.url("localhost"), &[]);
    assert!(refusal(egress.get(&policy(), &request).await).contains("loopback"));
    let config = EgressConfig { allow: vec![server.address], ..EgressConfig::default() };
    let answer = Egress::new(config).unwrap().get(&policy(), &request).await.unwrap();
    assert_eq!(answer.body, b"reached");
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_unreachable() {
    let mut setup = Setup::allowing(&[]);
    setup.names = Arc::new(Names::default().with("shop.test", &[]));
    let failure = setup.get("https://shop.test/").await.unwrap_err();
    assert!(matches!(failure, HttpFailure::Unreachable { .. }), "{failure:?}");
}
