use proptest::prelude::*;

use super::*;

/// The example of RFC 5849, section 3.4.1.1.
#[test]
fn the_base_of_a_signature_is_the_standards() {
    let url = Url::parse("http://example.com/request?b5=x").unwrap();
    let parameters: Parameters = [
        ("b5", "=%3D"),
        ("a3", "a"),
        ("c@", ""),
        ("a2", "r b"),
        ("oauth_consumer_key", "9djdj82h48djs9d2"),
        ("oauth_token", "kkk9d7dh3k39sjv7"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131201"),
        ("oauth_nonce", "7d8f3e4a"),
        ("c2", ""),
        ("a3", "2 q"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec();
    assert_eq!(
        signature_base("post", &url, &parameters),
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%25\
         3D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7\
         d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_toke\
         n%3Dkkk9d7dh3k39sjv7"
    );
}

proptest! {
    #[test]
    fn what_is_encoded_is_plain_and_decoded_again(text in any::<String>()) {
        let encoded = percent_encoded(&text);
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte);
        prop_assert!(encoded.bytes().all(allowed));
        // Decoded by the rules of forms, which agree for everything that is percent-encoded.
        let form = format!("v={encoded}");
        let (_, decoded) = url::form_urlencoded::parse(form.as_bytes()).next().unwrap();
        prop_assert_eq!(decoded, text);
    }

    #[test]
    fn the_url_takes_a_query_as_it_is(text in any::<String>()) {
        let parameters: Parameters = vec![("search", text)];
        let mut url = Url::parse("http://shop.test/").unwrap();
        url.set_query(Some(&query(&parameters)));
        prop_assert_eq!(url.query().unwrap(), query(&parameters));
    }
}
