//! Which addresses a module's request may go to.
//!
//! [`refusal`] knows what every address is for; the gate adds what only this host knows: the
//! addresses its owner opened, and the ones the machine itself has. Only what is known to be
//! public passes. A list of what is forbidden alone would let through what is assigned tomorrow,
//! so of IPv6 everything outside of today's public range is refused as well.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Ports that need not be opened by the host's owner.
const ORDINARY_PORTS: [u16; 2] = [80, 443];

type Range<T> = (T, u32, &'static str);

const fn v4(a: u8, b: u8, c: u8, d: u8) -> Ipv4Addr {
    Ipv4Addr::new(a, b, c, d)
}

/// From IANA's registry of special-purpose addresses, and addresses of cloud metadata services.
/// The first that holds an address names it.
const RANGES_V4: &[Range<Ipv4Addr>] = &[
    (v4(169, 254, 169, 254), 32, "a metadata service of the cloud"),
    (v4(169, 254, 170, 2), 32, "a metadata service of the cloud"),
    (v4(100, 100, 100, 200), 32, "a metadata service of the cloud"),
    (v4(168, 63, 129, 16), 32, "a metadata service of the cloud"),
    (v4(192, 0, 0, 192), 32, "a metadata service of the cloud"),
    (v4(0, 0, 0, 0), 8, "an address of no host"),
    (v4(10, 0, 0, 0), 8, "a private address"),
    (v4(100, 64, 0, 0), 10, "an address inside a provider's network"),
    (v4(127, 0, 0, 0), 8, "a loopback address"),
    (v4(169, 254, 0, 0), 16, "a link-local address"),
    (v4(172, 16, 0, 0), 12, "a private address"),
    (v4(192, 0, 0, 0), 24, "an address kept for protocols"),
    (v4(192, 0, 2, 0), 24, "an address for documentation"),
    (v4(192, 88, 99, 0), 24, "an address that leads into another network"),
    (v4(192, 168, 0, 0), 16, "a private address"),
    (v4(198, 18, 0, 0), 15, "an address for benchmarks"),
    (v4(198, 51, 100, 0), 24, "an address for documentation"),
    (v4(203, 0, 113, 0), 24, "an address for documentation"),
    (v4(224, 0, 0, 0), 4, "a multicast address"),
    (v4(255, 255, 255, 255), 32, "the broadcast address"),
    (v4(240, 0, 0, 0), 4, "a reserved address"),
];

const fn v6(a: u16, b: u16, c: u16, d: u16) -> Ipv6Addr {
    Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)
}

const RANGES_V6: &[Range<Ipv6Addr>] = &[
    (Ipv6Addr::UNSPECIFIED, 128, "an address of no host"),
    (Ipv6Addr::LOCALHOST, 128, "a loopback address"),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96, "an IPv4 address in another form"),
    (Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0), 96, "an IPv4 address in another form"),
    (Ipv6Addr::UNSPECIFIED, 96, "an IPv4 address in another form"),
    (v6(0x64, 0xff9b, 0, 0), 96, "an IPv4 address in another form"),
    (v6(0x64, 0xff9b, 1, 0), 48, "an IPv4 address in another form"),
    (v6(0x2002, 0, 0, 0), 16, "an IPv4 address in another form"),
    (v6(0x2001, 0, 0, 0), 32, "an IPv4 address in another form"),
    (v6(0x2001, 2, 0, 0), 48, "an address for benchmarks"),
    (v6(0x2001, 0, 0, 0), 23, "an address kept for protocols"),
    (v6(0x2001, 0xdb8, 0, 0), 32, "an address for documentation"),
    (v6(0x3fff, 0, 0, 0), 20, "an address for documentation"),
    (v6(0xfd00, 0xec2, 0, 0), 32, "a metadata service of the cloud"),
    (v6(0xfd20, 0xce, 0, 0), 32, "a metadata service of the cloud"),
    (v6(0xfc00, 0, 0, 0), 7, "a private address"),
    (v6(0xfe80, 0, 0, 0), 10, "a link-local address"),
    (v6(0xfec0, 0, 0, 0), 10, "a private address"),
    (v6(0xff00, 0, 0, 0), 8, "a multicast address"),
];

/// All that is public today.
const PUBLIC_V6: Range<Ipv6Addr> = (v6(0x2000, 0, 0, 0), 3, "a public address");

/// What an address is, if it is anything but a public one: words that complete "it is".
#[must_use]
pub fn refusal(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => {
            let of = |range: &&Range<Ipv4Addr>| {
                within(address.to_bits().into(), range.0.to_bits().into(), range.1, u32::BITS)
            };
            RANGES_V4.iter().find(of).map(|range| range.2)
        }
        IpAddr::V6(address) => {
            let of = |range: &Range<Ipv6Addr>| {
                within(address.to_bits(), range.0.to_bits(), range.1, u128::BITS)
            };
            let special = RANGES_V6.iter().find(|range| of(range)).map(|range| range.2);
            special.or_else(|| (!of(&PUBLIC_V6)).then_some("a reserved address"))
        }
    }
}

/// Whether both begin with the same bits. There is no range of all addresses.
const fn within(address: u128, range: u128, prefix_bits: u32, address_bits: u32) -> bool {
    (address ^ range) >> (address_bits - prefix_bits) == 0
}

/// Whether the machine has this address: then a socket can be bound to it. Whatever else goes
/// wrong counts as yes. Where the system lets sockets be bound to foreign addresses
/// (`net.ipv4.ip_nonlocal_bind`), all addresses look like its own and nothing is reached.
///
/// An address that another machine translates to this one cannot be recognised.
fn is_own(address: IpAddr) -> bool {
    match UdpSocket::bind((address, 0)) {
        Ok(_) => true,
        Err(error) => error.kind() != std::io::ErrorKind::AddrNotAvailable,
    }
}

/// What an address and its port are, if nobody may go there whom the host's owner did not let:
/// words that complete "it is".
fn closed(address: SocketAddr) -> Option<&'static str> {
    if let Some(reason) = refusal(address.ip()) {
        return Some(reason);
    }
    if !ORDINARY_PORTS.contains(&address.port()) {
        return Some("on a port other than 80 and 443");
    }
    is_own(address.ip()).then_some("an address of the machine the host runs on")
}

/// Says of each address whether a request may go there.
#[derive(Debug)]
pub(crate) struct Gate {
    opened: Vec<SocketAddr>,
    closed: fn(SocketAddr) -> Option<&'static str>,
}

impl Gate {
    /// Lets through what is public, and these.
    pub(crate) fn new(opened: Vec<SocketAddr>) -> Self {
        Self { opened, closed }
    }

    /// As if every address were public.
    #[cfg(test)]
    pub(crate) fn trusting_every_address() -> Self {
        Self { opened: Vec::new(), closed: |_| None }
    }

    /// Whether the host's owner opened it.
    pub(crate) fn is_opened(&self, address: SocketAddr) -> bool {
        let same =
            |opened: &SocketAddr| (opened.ip(), opened.port()) == (address.ip(), address.port());
        self.opened.iter().any(same)
    }

    /// What the address is, if no request may go there: words that complete "it is".
    pub(crate) fn refusal(&self, address: SocketAddr) -> Option<&'static str> {
        if self.is_opened(address) { None } else { (self.closed)(address) }
    }
}

#[cfg(test)]
mod tests;
