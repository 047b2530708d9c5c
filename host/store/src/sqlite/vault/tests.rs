use proptest::prelude::*;

use super::*;

fn vault(byte: u8) -> Vault {
    Vault::new(SecretBox::new(Box::new([byte; KEY_BYTES])))
}

fn name() -> impl Strategy<Value = String> {
    // Few, so that they meet.
    "[ab]{1,2}"
}

/// Whose a value is, and which.
#[derive(Debug, Clone, PartialEq)]
struct Place {
    client: ClientId,
    person: PersonKey,
    what: String,
}

fn place() -> impl Strategy<Value = Place> {
    (name(), name(), "[12]{1,2}", "[xy]{0,2}").prop_map(|(client, shop, id, what)| Place {
        client: ClientId::new(client).unwrap(),
        person: PersonKey::new(ShopId::new(shop).unwrap(), id),
        what,
    })
}

proptest! {
    #[test]
    fn a_value_opens_where_it_was_sealed_and_nowhere_else(
        one in place(), other in place(), value in ".{0,40}",
    ) {
        let vault = vault(1);
        let (own, kept) = vault.new_person(&one.client, &one.person).unwrap();
        let sealed = own.seal(&one.what, &value).unwrap();
        let own = vault.person(&one.client, &one.person, &kept).unwrap();
        prop_assert_eq!(own.open(&one.what, &sealed).unwrap(), value);
        // The same key taken for somebody else's.
        let opens = vault
            .person(&other.client, &other.person, &kept)
            .and_then(|theirs| theirs.open(&other.what, &sealed));
        prop_assert_eq!(opens.is_ok(), one == other);
        // Somebody's own key, even under the same name.
        let (theirs, _) = vault.new_person(&other.client, &other.person).unwrap();
        prop_assert!(theirs.open(&one.what, &sealed).is_err());
    }

    #[test]
    fn a_body_opens_for_its_client_shop_and_topic_alone(
        one in place(), other in place(), body in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let vault = vault(1);
        let sealed = vault.seal_body(&one.client, &one.person.shop, &one.what, &body).unwrap();
        let open = |place: &Place| {
            vault.open_body(&place.client, &place.person.shop, &place.what, sealed.clone())
        };
        prop_assert_eq!(open(&one).unwrap(), body);
        let same = one.client == other.client
            && one.person.shop == other.person.shop
            && one.what == other.what;
        prop_assert_eq!(open(&other).is_ok(), same);
    }

    #[test]
    fn whatever_was_changed_does_not_open(place: usize, bit in 0u8..8, value in ".{1,40}") {
        let vault = vault(1);
        let client = ClientId::new("rossi").unwrap();
        let person = PersonKey::new(ShopId::new("milano").unwrap(), "12");
        let (own, _) = vault.new_person(&client, &person).unwrap();
        let mut sealed = own.seal("account", &value).unwrap();
        let place = place % sealed.len();
        sealed[place] ^= 1 << bit;
        prop_assert!(own.open("account", &sealed).is_err());
        prop_assert!(own.open("account", &sealed[..place]).is_err());
    }
}

#[test]
fn another_hosts_key_opens_nothing() {
    let client = ClientId::new("rossi").unwrap();
    let person = PersonKey::new(ShopId::new("milano").unwrap(), "12");
    let (_, kept) = vault(1).new_person(&client, &person).unwrap();
    assert!(vault(2).person(&client, &person, &kept).is_err());
    assert_ne!(vault(1).mark(), vault(2).mark());
}

#[test]
fn an_address_is_found_however_it_is_written_and_by_its_client_alone() {
    let vault = vault(1);
    let (rossi, bianchi) = (ClientId::new("rossi").unwrap(), ClientId::new("bianchi").unwrap());
    let tag = vault.email_tag(&rossi, "mario@example.test");
    assert_eq!(tag, vault.email_tag(&rossi, " Mario@Example.test "));
    assert_ne!(tag, vault.email_tag(&bianchi, "mario@example.test"));
    assert_ne!(tag, vault.email_tag(&rossi, "maria@example.test"));
}

#[test]
fn a_body_from_before_they_were_sealed_is_read_as_it_is() {
    let (client, shop) = (ClientId::new("rossi").unwrap(), ShopId::new("milano").unwrap());
    let body = b"{\"id\":17}".to_vec();
    assert_eq!(vault(1).open_body(&client, &shop, "order.updated", body.clone()).unwrap(), body);
}
