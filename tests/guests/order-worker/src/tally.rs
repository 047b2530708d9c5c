//! What was sold so far. The same file is in the Extism plug-in that this module is measured
//! against, so that both do the same work on the same texts.

use std::fmt;

/// What was sold so far, over all orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Orders.
    pub orders: u64,
    /// Pieces, in millionths.
    pub pieces: i64,
    /// Their price without tax, in millionths.
    pub net: i64,
}

impl Tally {
    /// The key it is kept under.
    pub const KEY: &'static str = "tally";

    /// Reads a tally that was kept; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split(' ');
        let orders = numbers.next()?.parse().ok()?;
        let pieces = numbers.next()?.parse().ok()?;
        let net = numbers.next()?.parse().ok()?;
        numbers.next().is_none().then_some(Self { orders, pieces, net })
    }

    /// Adds one line of an order; `None` if one of the texts is no decimal number.
    pub fn add(&mut self, quantity: &str, net: &str) -> Option<()> {
        self.pieces = self.pieces.checked_add(millionths(quantity)?)?;
        self.net = self.net.checked_add(millionths(net)?)?;
        Some(())
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} {}", self.orders, self.pieces, self.net)
    }
}

/// A decimal number of the contract in millionths; `None` if it is none, or too large.
fn millionths(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (integer, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut number = integer.parse::<i64>().ok()?;
    for place in 0..6 {
        let digit = match fraction.as_bytes().get(place) {
            Some(digit @ b'0'..=b'9') => i64::from(digit - b'0'),
            Some(_) => return None,
            None => 0,
        };
        number = number.checked_mul(10)?.checked_add(digit)?;
    }
    Some(sign * number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_adds_up_and_is_read_back() {
        let mut tally = Tally { orders: 3, ..Tally::default() };
        for (quantity, net) in [("2", "39.80"), ("0.5", "-1.000001")] {
            tally.add(quantity, net).unwrap();
        }
        assert_eq!(tally, Tally { orders: 3, pieces: 2_500_000, net: 38_799_999 });
        assert_eq!(Tally::parse(&tally.to_string()), Some(tally));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "a", "1,5", "1.x", "99999999999999999999"] {
            assert_eq!(Tally::default().add("1", text), None, "{text}");
        }
        for text in ["", "1", "1 2", "1 2 3 4", "1 2 x"] {
            assert_eq!(Tally::parse(text), None, "{text}");
        }
    }
}
