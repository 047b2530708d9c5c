//! The kinds of values a configuration has, read from text.

use std::{net::IpAddr, net::SocketAddr, time::Duration};

use url::{Host, Url};

use super::{limits::TITLE_BYTES_MAX, mistake::Wrong};

const DURATION_FIX: &str = "write a whole number and ms, s, m or h, such as \"30s\"";

/// Reads a duration such as `250ms`, `5s`, `2m` or `1h`.
///
/// # Errors
/// If it is none.
pub fn duration(text: &str) -> Result<Duration, Wrong> {
    let wrong = || Wrong::new(format!("`{text}` is not a duration"), DURATION_FIX);
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits).ok_or_else(wrong)?;
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let milliseconds = match unit {
        "ms" => Some(number),
        "s" => number.checked_mul(1000),
        "m" => number.checked_mul(60 * 1000),
        "h" => number.checked_mul(60 * 60 * 1000),
        _ => return Err(wrong()),
    };
    milliseconds.map(Duration::from_millis).ok_or_else(wrong)
}

/// A duration within bounds.
pub(super) fn duration_within(
    text: &str,
    shortest: Duration,
    longest: Duration,
) -> Result<Duration, Wrong> {
    let duration = duration(text)?;
    if (shortest..=longest).contains(&duration) {
        return Ok(duration);
    }
    let side = if duration < shortest { "shorter" } else { "longer" };
    let bound = in_words(if duration < shortest { shortest } else { longest });
    let fix = format!("write {} to {}", in_words(shortest), in_words(longest));
    Err(Wrong::new(format!("`{text}` is {side} than {bound}"), fix))
}

/// A duration as it is written in a file.
pub(super) fn in_words(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    for (unit, length) in [("h", 60 * 60 * 1000), ("m", 60 * 1000), ("s", 1000)] {
        if milliseconds >= length && milliseconds.is_multiple_of(length) {
            return format!("{}{unit}", milliseconds / length);
        }
    }
    format!("{milliseconds}ms")
}

/// A name for people.
pub(super) fn title(text: &str) -> Result<String, Wrong> {
    if text.trim().is_empty() {
        Err(Wrong::new("the name is empty", "write what people call it"))
    } else if text.len() > TITLE_BYTES_MAX {
        let message = format!("the name is longer than {TITLE_BYTES_MAX} bytes");
        Err(Wrong::new(message, "shorten it"))
    } else if text.chars().any(char::is_control) {
        Err(Wrong::new("the name holds a line break or a control character", "remove it"))
    } else {
        Ok(text.to_owned())
    }
}

/// An address to listen on.
pub(super) fn listen_address(text: &str) -> Result<SocketAddr, Wrong> {
    text.parse().map_err(|_| {
        let message = format!("`{text}` is not an IP address with a port");
        Wrong::new(message, "write one, such as \"127.0.0.1:8787\"")
    })
}

/// The address of a site: http or https, and nothing that does not belong to an address. Never
/// repeated in a message, as credentials may be in it.
pub(super) fn site(text: &str) -> Result<Url, Wrong> {
    let example = "write one, such as \"https://shop.example\"";
    let url = Url::parse(text)
        .map_err(|error| Wrong::new(format!("not an address of a site: {error}"), example))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Wrong::new("not an http or https address", example));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let fix = "remove them; credentials have keys of their own";
        return Err(Wrong::new("the address holds credentials", fix));
    }
    if url.query().is_some() || url.fragment().is_some() {
        let message = "the address goes on after its path, with `?` or `#`";
        return Err(Wrong::new(message, "write the site's address alone"));
    }
    Ok(url)
}

/// Whether what is sent to a site stays on this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        // RFC 6761 keeps the name and all below it for the machine itself.
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// A person with an address: `Anna Rossi <anna@rossi.example>`.
pub(super) fn person(text: &str) -> Result<(String, String), Wrong> {
    let wrong = || {
        let message = format!("`{text}` is not a name with an address");
        Wrong::new(message, "write \"Anna Rossi <anna@rossi.example>\"")
    };
    let (name, rest) = text.split_once('<').ok_or_else(wrong)?;
    let address = rest.strip_suffix('>').ok_or_else(wrong)?;
    let (local, domain) = address.rsplit_once('@').ok_or_else(wrong)?;
    let plain = |character: char| {
        !character.is_whitespace() && !character.is_control() && !"<>,;\"@".contains(character)
    };
    let good = !local.is_empty()
        && local.chars().all(plain)
        && !domain.is_empty()
        && domain.chars().all(plain)
        && !domain.starts_with('.');
    let name = title(name.trim_matches(' ')).map_err(|_| wrong())?;
    if good { Ok((name, address.to_owned())) } else { Err(wrong()) }
}

/// A SHA-256 digest, `sha256:` and 64 hexadecimal digits; comes back in lower case.
pub(super) fn digest(text: &str) -> Result<String, Wrong> {
    let hexadecimal = text.strip_prefix("sha256:").unwrap_or_default();
    if hexadecimal.len() == 64 && hexadecimal.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(text.to_ascii_lowercase());
    }
    let message = format!("`{text}` is not a digest");
    Err(Wrong::new(message, "write `sha256:` and 64 hexadecimal digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, milliseconds) in
            [("250ms", 250), ("5s", 5000), ("2m", 120_000), ("1h", 3_600_000), ("0s", 0)]
        {
            let read = duration(text).unwrap();
            assert_eq!(read, Duration::from_millis(milliseconds));
            assert_eq!(duration(&in_words(read)).unwrap(), read);
        }
        for bad in ["", "5", "s", "-1s", "1.5s", "5 s", "5S", "1d", "99999999999999999999s", "5é"]
        {
            assert!(duration(bad).is_err(), "{bad}");
        }
        assert!(duration("18446744073709551615h").is_err());
    }

    #[test]
    fn durations_have_bounds() {
        let (shortest, longest) = (Duration::from_secs(1), Duration::from_secs(3600));
        assert!(duration_within("1s", shortest, longest).is_ok());
        assert!(duration_within("1h", shortest, longest).is_ok());
        let wrong = duration_within("61m", shortest, longest).unwrap_err();
        assert_eq!(wrong, Wrong::new("`61m` is longer than 1h", "write 1s to 1h"));
        let wrong = duration_within("999ms", shortest, longest).unwrap_err();
        assert_eq!(wrong, Wrong::new("`999ms` is shorter than 1s", "write 1s to 1h"));
    }

    #[test]
    fn sites() {
        for good in ["https://milano.example", "http://127.0.0.1:8080/shop/", "https://[::1]:4"] {
            assert!(site(good).is_ok(), "{good}");
        }
        for bad in [
            "milano.example",
            "ftp://milano.example",
            "https://ck:cs@milano.example",
            "https://milano.example/?a=1",
            "https://milano.example/#a",
            "https://",
            "",
        ] {
            assert!(site(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn one_shop_has_one_identity() {
        use fondaco_platforms::site_identity;

        let identity = |text: &str| site_identity(&site(text).unwrap());
        let same = identity("https://milano.example/shop");
        assert_eq!(identity("http://MILANO.example./shop/"), same);
        assert_eq!(identity("https://milano.example:443/shop"), same);
        assert_ne!(identity("https://milano.example/other"), same);
        assert_ne!(identity("https://milano.example:8443/shop"), same);
    }

    #[test]
    fn loopback() {
        for (text, expected) in [
            ("http://127.0.0.1:1", true),
            ("http://127.9.9.9", true),
            ("http://[::1]", true),
            ("http://localhost", true),
            ("http://milano.localhost", true),
            ("http://localhost.example", false),
            ("http://192.168.1.2", false),
            ("http://milano.example", false),
        ] {
            assert_eq!(is_loopback(&site(text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn people() {
        let (name, address) = person("Anna Rossi <anna@rossi.example>").unwrap();
        assert_eq!((name.as_str(), address.as_str()), ("Anna Rossi", "anna@rossi.example"));
        for bad in [
            "anna@rossi.example",
            "<anna@rossi.example>",
            "Anna <anna>",
            "Anna <@rossi.example>",
            "Anna <anna@>",
            "Anna <a b@rossi.example>",
            "Anna <anna@rossi.example> ",
            "Anna\n<anna@rossi.example>",
        ] {
            assert!(person(bad).is_err(), "{bad}");
        }
    }
}
