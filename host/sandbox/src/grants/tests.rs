use super::*;

fn host(text: &str) -> HostPattern {
    text.parse().unwrap()
}

#[test]
fn only_what_exists_can_be_granted() {
    let grants = Grants::new(["stock", "change-stock"]).unwrap();
    assert!(grants.contains("stock") && !grants.contains("alert"));
    let error = Grants::new(["stock", "change-weather"]).unwrap_err().to_string();
    assert!(
        error.starts_with("`change-weather` cannot be granted; what can is `alert`, `ask"),
        "{error}"
    );
    // What is always there is not granted, so that a client's file does not look as if it were.
    for name in ALWAYS_THERE {
        assert!(Grants::new([name]).is_err(), "{name}");
        assert!(Grants::is_served(name), "{name}");
    }
    assert!(Grants::ALL_GRANTABLE.is_sorted());
    assert!(SERVED_INTERFACES.into_iter().all(Grants::is_grantable));
    assert!(SERVED_HOOKS.into_iter().all(|name| Hook::from_name(name).is_some()));
    assert!(Grants::is_served("http-get") && !Grants::is_served("metrics"));
}

#[test]
fn a_pattern_covers_what_is_below_it() {
    for (wide, narrow, expected) in [
        ("api.example.com", "api.example.com", true),
        ("*.example.com", "api.example.com", true),
        ("*.example.com", "a.b.example.com", true),
        ("*.example.com", "*.example.com", true),
        ("*.example.com", "*.eu.example.com", true),
        ("*.eu.example.com", "*.example.com", false),
        ("*.example.com", "example.com", false),
        ("example.com", "*.example.com", false),
        ("eu.example.com", "*.eu.example.com", false),
        ("*.example.com", "notexample.com", false),
    ] {
        assert_eq!(covers(&host(wide), &host(narrow)), expected, "{wide} {narrow}");
    }
}

#[test]
fn what_holds_is_what_both_sides_say() {
    let grants = Grants::new(["http-get", "stock"])
        .unwrap()
        .with_shops([ShopId::new("milano").unwrap()])
        .with_http_hosts(["rossi.example.com", "*.example.org"].map(host))
        .with_personal_fields([PersonalField::Email, PersonalField::Phone])
        .with_signals(["low"]);
    let asked = [
        Asked::Interface("http-get".to_owned()),
        Asked::Interface("orders".to_owned()),
        // More than is granted, less than is granted, and nothing of what is granted.
        Asked::HttpHost(host("*.example.com")),
        Asked::HttpHost(host("api.example.org")),
        Asked::HttpHost(host("api.example.net")),
        Asked::PersonalField(PersonalField::Email),
        Asked::PersonalField(PersonalField::Name),
        Asked::SendSignal("low".to_owned()),
        Asked::HearSignal("high".to_owned()),
    ];
    let missing: Vec<_> = asked.iter().filter(|asked| !grants.allows(asked)).collect();
    assert_eq!(missing, [&asked[1], &asked[4], &asked[6], &asked[8]]);
    let held = grants.held_to(&asked);
    assert_eq!(held.iter().collect::<Vec<_>>(), ["http-get"]);
    assert_eq!(*held.http_hosts(), ["rossi.example.com", "api.example.org"].map(host).into());
    assert_eq!(*held.personal_fields(), [PersonalField::Email].into());
    assert_eq!(*held.signals(), ["low".to_owned()].into());
    assert!(held.sees(&ShopId::new("milano").unwrap()));
    assert!(!held.sees(&ShopId::new("torino").unwrap()));
    // Holding again changes nothing.
    assert_eq!(held.held_to(&asked), held);
    assert_eq!(
        grants.line_for([&asked[4]]),
        "http-hosts = [\"*.example.org\", \"api.example.net\", \"rossi.example.com\"]"
    );
    assert_eq!(grants.line_for([&asked[1]]), "grants = [\"http-get\", \"orders\", \"stock\"]");
}

#[test]
fn everything_is_what_is_asked_for_and_no_more() {
    let asked = [Asked::HttpHost(host("*.example.com")), Asked::HearSignal("low".to_owned())];
    let held = Grants::all().held_to(&asked);
    assert!(asked.iter().all(|asked| held.allows(asked)));
    assert_eq!(*held.http_hosts(), [host("*.example.com")].into());
    assert!(!held.allows(&Asked::Interface("stock".to_owned())));
}
