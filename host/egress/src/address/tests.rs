use proptest::prelude::*;

use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn both_ends_of_each_range_are_refused_and_their_neighbours_are_not() {
    // First, last, the address before, the address after; `-` where the neighbour is refused too.
    let ranges = [
        ("0.0.0.0", "0.255.255.255", "-", "1.0.0.0"),
        ("10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"),
        ("100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0"),
        ("127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0"),
        ("168.63.129.16", "168.63.129.16", "168.63.129.15", "168.63.129.17"),
        ("169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0"),
        ("172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0"),
        ("192.0.0.0", "192.0.0.255", "191.255.255.255", "192.0.1.0"),
        ("192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0"),
        ("192.88.99.0", "192.88.99.255", "192.88.98.255", "192.88.100.0"),
        ("192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0"),
        ("198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0"),
        ("198.51.100.0", "198.51.100.255", "198.51.99.255", "198.51.101.0"),
        ("203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0"),
        ("224.0.0.0", "255.255.255.255", "223.255.255.255", "-"),
        ("::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "-", "-"),
        ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2000:ffff::", "2001:200::"),
        ("2001:db8::", "2001:db8:ffff:ffff::", "2001:db7:ffff::", "2001:db9::"),
        ("2002::", "2002:ffff:ffff:ffff::", "2001:ffff::", "2003::"),
        ("3fff::", "3fff:fff:ffff::", "3ffe:ffff::", "3fff:1000::"),
        ("4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:ffff::", "-"),
    ];
    for (first, last, before, after) in ranges {
        for inside in [first, last] {
            assert!(refusal(ip(inside)).is_some(), "{inside}");
        }
        for outside in [before, after].into_iter().filter(|outside| *outside != "-") {
            assert_eq!(refusal(ip(outside)), None, "{outside}");
        }
    }
}

#[test]
fn each_kind_is_called_what_it_is() {
    for (text, kind) in [
        ("::", "an address of no host"),
        ("::1", "a loopback address"),
        ("::2", "an IPv4 address in another form"),
        ("::ffff:1.1.1.1", "an IPv4 address in another form"),
        ("::ffff:0:1.1.1.1", "an IPv4 address in another form"),
        ("64:ff9b::1.1.1.1", "an IPv4 address in another form"),
        ("64:ff9b:1:ffff::1", "an IPv4 address in another form"),
        ("64:ff9b:2::1", "a reserved address"),
        ("100::1", "a reserved address"),
        ("2001:0:1::", "an IPv4 address in another form"),
        ("2001:2::1", "an address for benchmarks"),
        ("2001:10::1", "an address kept for protocols"),
        ("5f00::1", "a reserved address"),
        ("fc00::1", "a private address"),
        ("fdff::1", "a private address"),
        ("fd00:ec2::254", "a metadata service of the cloud"),
        ("fe80::1", "a link-local address"),
        ("febf::1", "a link-local address"),
        ("fec0::1", "a private address"),
        ("ff02::1", "a multicast address"),
        ("169.254.169.254", "a metadata service of the cloud"),
        ("169.254.169.253", "a link-local address"),
        ("255.255.255.255", "the broadcast address"),
        ("240.0.0.1", "a reserved address"),
    ] {
        assert_eq!(refusal(ip(text)), Some(kind), "{text}");
    }
    for public in ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "2a00:1450::1"] {
        assert_eq!(refusal(ip(public)), None, "{public}");
    }
}

#[test]
fn addresses_of_the_machine_are_recognised() {
    assert!(is_own(ip("127.0.0.1")));
    assert!(!is_own(ip("8.8.8.8")));
    // Connecting sends nothing, and chooses the address the machine would send from.
    let socket = UdpSocket::bind(("0.0.0.0", 0)).unwrap();
    if socket.connect(("8.8.8.8", 80)).is_ok() {
        assert!(is_own(socket.local_addr().unwrap().ip()));
    }
}

#[test]
fn what_is_opened_is_opened_with_its_port() {
    let gate = Gate::new(vec!["10.0.0.5:8443".parse().unwrap(), "[fd00::5]:80".parse().unwrap()]);
    let refused = |address: &str| gate.refusal(address.parse().unwrap()).is_some();
    assert!(!refused("10.0.0.5:8443"));
    assert!(!refused("[fd00::5]:80"));
    assert!(refused("10.0.0.5:443"));
    assert!(refused("10.0.0.6:8443"));
    assert!(refused("[::ffff:10.0.0.5]:8443"));
    assert!(!refused("8.8.8.8:443"));
    assert!(refused("8.8.8.8:8443"));
}

proptest! {
    /// The standard library's own idea of these kinds, for every address.
    #[test]
    fn nothing_passes_that_the_standard_library_knows(bits: u32, low in 0u32..0x2_0000) {
        // Half of the tries near the beginnings of ranges.
        for bits in [bits, (bits & 0xff00_0000) | low] {
            let address = Ipv4Addr::from_bits(bits);
            let special = address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_broadcast()
                || address.is_documentation()
                || address.is_multicast()
                || address.is_unspecified();
            prop_assert!(!special || refusal(address.into()).is_some(), "{address}");
        }
    }

    #[test]
    fn no_form_of_an_ipv4_address_passes(bits: u32, rest: u64) {
        let (high, low) = ((bits >> 16) as u16, bits as u16);
        let [.., a, b] = [(rest >> 16) as u16, rest as u16];
        for address in [
            Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, high, low),
            Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
            Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low),
            Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
            Ipv6Addr::new(0x64, 0xff9b, 1, a, b, 0, high, low),
            Ipv6Addr::new(0x2002, high, low, a, b, 0, 0, 1),
            Ipv6Addr::new(0x2001, 0, a, b, 0, 0, !high, !low),
        ] {
            prop_assert!(refusal(address.into()).is_some(), "{address}");
        }
    }

    #[test]
    fn nothing_outside_of_the_public_ipv6_range_passes(bits: u128) {
        let public = bits >> 125 == 1;
        prop_assert!(public || refusal(Ipv6Addr::from_bits(bits).into()).is_some());
    }
}
