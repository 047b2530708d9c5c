//! Decimal numbers, against a reading of the contract's grammar that knows nothing of the one in
//! the crate: a table of states, and the value counted in millionths.

use fondaco_model::Decimal;

/// Where a reading of `-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,6})?` stands.
#[derive(Clone, Copy)]
enum State {
    Begun,
    Signed,
    Zero,
    Integer { digits: u32 },
    Dot,
    Fraction { digits: u32 },
}

/// A number in millionths; `None` for a text that is not of the grammar.
fn millionths(text: &[u8]) -> Option<i128> {
    let (mut state, mut value) = (State::Begun, 0_i128);
    for byte in text {
        state = match (state, byte) {
            (State::Begun, b'-') => State::Signed,
            (State::Begun | State::Signed, b'0') => State::Zero,
            (State::Begun | State::Signed, b'1'..=b'9') => State::Integer { digits: 1 },
            (State::Integer { digits: digits @ ..15 }, b'0'..=b'9') => {
                State::Integer { digits: digits + 1 }
            }
            (State::Zero | State::Integer { .. }, b'.') => State::Dot,
            (State::Dot, b'0'..=b'9') => State::Fraction { digits: 1 },
            (State::Fraction { digits: digits @ ..6 }, b'0'..=b'9') => {
                State::Fraction { digits: digits + 1 }
            }
            _ => return None,
        };
        if byte.is_ascii_digit() {
            value = value * 10 + i128::from(byte - b'0');
        }
    }
    let places = match state {
        State::Zero | State::Integer { .. } => 0,
        State::Fraction { digits } => digits,
        State::Begun | State::Signed | State::Dot => return None,
    };
    let value = value * 10_i128.pow(6 - places);
    Some(if text.starts_with(b"-") { -value } else { value })
}

/// Whether a text is the one text of its number: no zero that says nothing, no negative zero.
fn is_shortest(text: &str) -> bool {
    text != "-0" && !(text.contains('.') && text.ends_with('0'))
}

/// Reads each line as a number and the lines after one another as pairs. Tells whether every line
/// is a number.
pub fn holds(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let numbers: Vec<_> = text.split('\n').map(one).collect();
    for pair in numbers.windows(2) {
        if let [Some(left), Some(right)] = pair {
            two(*left, *right);
        }
    }
    numbers.iter().all(Option::is_some)
}

/// Reads one text, and checks what comes of it. The number with its millionths.
fn one(text: &str) -> Option<(Decimal, i128)> {
    let value = millionths(text.as_bytes());
    let read = text.parse::<Decimal>();
    assert_eq!(read.is_ok(), value.is_some(), "`{text}` is read as {read:?}");
    let as_platform = Decimal::from_platform(text);
    if let Ok(number) = as_platform {
        written(number);
    }
    let (number, value) = (read.ok()?, value?);
    assert_eq!(as_platform, Ok(number), "`{text}` is another number to a platform");
    assert_eq!(written(number), value, "`{text}` is written as {number}");
    Some((number, value))
}

/// Checks what is written of a number, and returns it in millionths.
fn written(number: Decimal) -> i128 {
    let text = number.to_string();
    let value = millionths(text.as_bytes());
    assert!(value.is_some() && is_shortest(&text), "{number:?} is written as `{text}`");
    assert_eq!(text.parse(), Ok(number));
    assert_eq!(String::from(number), text);
    value.unwrap_or_default()
}

/// Order and sums are those of the millionths.
fn two((left, left_value): (Decimal, i128), (right, right_value): (Decimal, i128)) {
    assert_eq!(left.cmp(&right), left_value.cmp(&right_value), "{left} and {right}");
    assert_eq!(left == right, left_value == right_value, "{left} and {right}");
    let sums = [(left + right, left_value + right_value), (left - right, left_value - right_value)];
    for (sum, value) in sums {
        // A sum may have one digit more than the contract has room for.
        if value.abs() < 10_i128.pow(21) {
            assert_eq!(written(sum), value, "of {left} and {right}");
        }
    }
}
