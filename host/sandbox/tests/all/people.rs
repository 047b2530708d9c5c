//! Who somebody is, as far as it is granted.

use std::sync::Arc;

use fondaco_model::{PersonKey, ShopId};
use fondaco_sandbox::{Grants, LoadError, Module, manifest::PersonalField};

use crate::{
    fixture::{Host, does, does_with, guest, sandbox, shop, small, told},
    load::with_manifest,
};

/// What each field of the fixture's person says, and nothing else does.
const SAYS: [(PersonalField, &str); 6] = [
    (PersonalField::Name, "Mario"),
    (PersonalField::Email, "mario@example.test"),
    (PersonalField::Phone, "051"),
    (PersonalField::Address, "Garibaldi"),
    (PersonalField::Company, "S.r.l."),
    (PersonalField::TaxCodes, "IT01234567890"),
];

/// The clerk, as one that asks for these fields.
fn asking(fields: &[PersonalField]) -> Vec<u8> {
    with_manifest(&guest("clerk"), |manifest| {
        let names: Vec<String> = fields.iter().map(|field| format!("\"{field}\"")).collect();
        let line = format!("personal-fields = [{}]", names.join(", "));
        let other = |old: &str| {
            if old.starts_with("personal-fields") { line.clone() } else { old.to_owned() }
        };
        manifest.lines().map(other).collect::<Vec<_>>().join("\n")
    })
}

fn granted(fields: &[PersonalField]) -> Grants {
    Grants::new(["people"]).unwrap().with_personal_fields(fields.iter().copied())
}

fn clerk() -> Module {
    load(&PersonalField::ALL)
}

fn load(fields: &[PersonalField]) -> Module {
    sandbox(small()).load(&asking(fields), &granted(fields)).unwrap()
}

const READS: &str = r#"[
    ["person", "milano", "1"], ["person-of", "milano", "1042"], ["ships-to", "milano", "1042"]
]"#;

#[tokio::test]
async fn each_field_is_read_where_it_is_granted_and_absent_where_not() {
    for (granted, own) in SAYS {
        let ran = does(&load(&[granted]), Host::new(), READS).await.unwrap();
        let told = told(&ran);
        for answer in &told[..2] {
            assert!(answer.starts_with("Ok(Some(Customer {"), "{answer}");
            assert!(answer.contains(own), "{granted} is granted, and absent: {answer}");
            for (other, text) in SAYS.into_iter().filter(|(field, _)| *field != granted) {
                assert!(!answer.contains(text), "{other} is not granted: {answer}");
            }
        }
        let shipped = told[2];
        assert_eq!(shipped.contains("Via Po 1"), granted == PersonalField::Address, "{shipped}");
        assert!(!shipped.contains("Mario"), "the name is not granted with it: {shipped}");
    }
}

#[tokio::test]
async fn without_any_field_only_the_ids_are_read() {
    let ran = does(&load(&[]), Host::new(), READS).await.unwrap();
    let told = told(&ran);
    assert!(told[0].contains(r#"id: "1""#) && told[1].contains(r#"id: "c1""#), "{told:?}");
    assert_eq!(told[2], "Ok(None)");
    for (field, text) in SAYS {
        assert!(!told.concat().contains(text), "{field}: {told:?}");
    }
}

#[test]
fn a_field_or_the_interface_that_is_not_granted_does_not_load() {
    let all = PersonalField::ALL;
    let module = asking(&all);
    let sandbox = sandbox(small());
    let refused = |grants: &Grants| match sandbox.load(&module, grants) {
        Err(LoadError::Refused(mismatches)) => mismatches.len(),
        other => panic!("{other:?}"),
    };
    sandbox.load(&module, &granted(&all)).unwrap();
    assert_eq!(refused(&granted(&all[1..])), 1);
    assert_eq!(refused(&Grants::default().with_personal_fields(all)), 1);
}

#[tokio::test]
async fn nobody_is_known_of_another_shop_or_by_another_id() {
    let steps = r#"[
        ["person", "milano", "2"], ["person", "napoli", "1"], ["person-of", "milano", "9"],
        ["person-of", "napoli", "1042"], ["ships-to", "napoli", "1042"]
    ]"#;
    let ran = does(&clerk(), Host::new(), steps).await.unwrap();
    let no_shop = "Err(Refusal::Invalid(\"there is no shop `napoli`\"))";
    assert_eq!(told(&ran), ["Ok(None)", no_shop, "Ok(None)", no_shop, no_shop]);
    let milano = Grants::all().with_shops([shop("torino")]);
    let module = sandbox(small()).load(&guest("clerk"), &milano).unwrap();
    let ran = does(&module, Host::new(), r#"[["person", "milano", "1"]]"#).await.unwrap();
    assert_eq!(told(&ran), ["Err(Refusal::Invalid(\"there is no shop `milano`\"))"]);
}

#[tokio::test]
async fn a_value_is_about_somebody_who_is_there() {
    let steps = r#"[
        ["set-about", "seen/1", "twice", "milano", "1"], ["get", "seen/1"],
        ["set-about", "seen/2", "never", "milano", "2"], ["set-about", "a", "b", "napoli", "1"],
        ["set-about", "other", "once", "milano", "1"], ["set", "other", "again"],
        ["set-about", "gone", "once", "milano", "1"], ["delete", "gone"]
    ]"#;
    let host = Arc::new(Host::new());
    let ran = does_with(&clerk(), host, steps).await.unwrap();
    let refused =
        |shop: &str| format!("Err(Refusal::Invalid(\"shop `{shop}` has no such customer\"))");
    let told = told(&ran);
    assert_eq!(told[..2], ["Ok(())", "Some(\"twice\")"]);
    assert_eq!(told[2..4], [refused("milano"), refused("napoli")]);
    let keys: Vec<&str> = ran.writes.keys().map(String::as_str).collect();
    assert_eq!(keys, ["gone", "other", "seen/1"]);
    // What was written over or removed is about nobody any more.
    let person = PersonKey::new(ShopId::new("milano").unwrap(), "1");
    assert_eq!(ran.about, [("seen/1".to_owned(), person)].into());
}
