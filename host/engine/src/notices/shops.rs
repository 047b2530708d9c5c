//! The words of alerts about shops.

use fondaco_model::{
    ClientId, ShopId, Timestamp,
    action::{Localised, Severity},
};
use fondaco_store::{ListedKind, NewAlert, Reconciliation, Scope};

use super::moment;

/// A shop, as its people know it.
#[derive(Debug, Clone, Copy)]
pub struct Shop<'a> {
    pub id: &'a ShopId,
    pub name: &'a str,
}

/// Nothing is heard of a shop.
pub fn silent(shop: Shop<'_>, since: Timestamp, trouble: Option<&str>) -> NewAlert {
    let Shop { id, name } = shop;
    let since = moment(since);
    let reason = trouble.unwrap_or("-");
    NewAlert {
        key: NewAlert::silent_key(id),
        severity: Severity::Critical,
        about: Scope::Shop(id.clone()),
        title: Localised {
            en: format!("Nothing is heard of {name}"),
            it: format!("{name} non dà notizie di sé"),
        },
        text: Localised {
            en: format!(
                "Since {since} {name} ({id}) has neither sent anything nor answered. What is sold \
                 there meanwhile is not known, so other shops may keep more back, and changes to \
                 {name} wait. Nothing is lost: once it answers, everything is caught up by itself. \
                 Find out whether the shop works and can be reached. The last answer was: {reason}"
            ),
            it: format!(
                "Dal {since} {name} ({id}) non invia nulla e non risponde. Ciò che intanto vi si \
                 vende non è noto, perciò gli altri negozi possono tenere da parte qualcosa in più, \
                 e le modifiche a {name} attendono. Nulla va perso: appena risponde, tutto viene \
                 recuperato da sé. Verificate che il negozio funzioni e sia raggiungibile. L'ultima \
                 risposta è stata: {reason}"
            ),
        },
    }
}

/// A shop sends deliveries that say nothing, because it may not tell any more.
pub fn denied(shop: Shop<'_>, at: Timestamp, reason: &str) -> NewAlert {
    let Shop { id, name } = shop;
    let at = moment(at);
    NewAlert {
        key: NewAlert::denied_key(id),
        severity: Severity::Critical,
        about: Scope::Shop(id.clone()),
        title: Localised {
            en: format!("{name} may no longer tell what happens on it"),
            it: format!("{name} non può più comunicare ciò che vi succede"),
        },
        text: Localised {
            en: format!(
                "On {at} {name} ({id}) sent a message without content. Until somebody sees to it, \
                 what happens there is found by asking only, which takes a little longer. In the \
                 shop's own words: {reason}"
            ),
            it: format!(
                "Il {at} {name} ({id}) ha inviato un messaggio senza contenuto. Finché qualcuno non \
                 provvede, ciò che vi succede si scopre solo interrogandolo, con un po' di ritardo. \
                 Con le parole del negozio: {reason}"
            ),
        },
    }
}

/// Somebody wants to know what is held of them: an account, or a guest.
pub fn data_request(
    client: &ClientId,
    shop: Shop<'_>,
    at: Timestamp,
    account: Option<&str>,
) -> NewAlert {
    let Shop { id, name } = shop;
    let at = moment(at);
    let export = format!("fondaco privacy export --client {client} --shop {id}");
    let (command, en, it) = match account {
        Some(account) => (
            format!("{export} --customer {account}"),
            format!("customer {account}"),
            format!("del cliente {account}"),
        ),
        None => (
            format!("{export} --email …"),
            "a guest, whose address the shop has,".to_owned(),
            "di un ospite, il cui indirizzo si trova nel negozio,".to_owned(),
        ),
    };
    NewAlert {
        key: NewAlert::data_request_key(id, account.unwrap_or("guest")),
        severity: Severity::Warning,
        about: Scope::Shop(id.clone()),
        title: Localised {
            en: format!("A customer of {name} asks what is held of them"),
            it: format!("Un cliente di {name} chiede quali dati lo riguardano"),
        },
        text: Localised {
            en: format!(
                "On {at} {name} ({id}) passed on that {en} wants to know what is held of \
                 them. Within thirty days send it to them: {command}"
            ),
            it: format!(
                "Il {at} {name} ({id}) ha inoltrato la richiesta {it} di sapere quali \
                 dati lo riguardano. Inviateglieli entro trenta giorni: {command}"
            ),
        },
    }
}

/// A comparison of all that a shop has with the mirror found differences, and put them right.
pub fn drift(shop: Shop<'_>, reconciliation: &Reconciliation) -> NewAlert {
    let Shop { id, name } = shop;
    let at = moment(reconciliation.ended_at.unwrap_or(reconciliation.began_at));
    let counts = |word: fn(ListedKind) -> &'static str, words: [&str; 3]| {
        let kinds = reconciliation.drift.iter().filter(|(_, drift)| drift.count() > 0);
        let told = kinds.map(|(kind, drift)| {
            let [missing, outdated, gone] = words;
            format!(
                "{}: {} {missing}, {} {outdated}, {} {gone}",
                word(*kind),
                drift.missing,
                drift.outdated,
                drift.gone
            )
        });
        told.collect::<Vec<_>>().join("; ")
    };
    let en = counts(english, ["had been missed", "were out of date", "are gone from the shop"]);
    let it = counts(italian, ["erano sfuggiti", "non erano aggiornati", "non ci sono più"]);
    NewAlert {
        key: NewAlert::drift_key(id),
        severity: Severity::Warning,
        about: Scope::Shop(id.clone()),
        title: Localised {
            en: format!("{name} had other things than were known of it"),
            it: format!("Disallineamento con {name}: trovato e corretto"),
        },
        text: Localised {
            en: format!(
                "All that {name} ({id}) has was compared with what was known of it, until {at}, and \
                 put right. {en}. Modules have heard of it. A few after an outage or after something \
                 was deleted for good are nothing to worry about; many, or some each time, mean that \
                 the shop's messages get lost: ask your agency to look at its webhooks."
            ),
            it: format!(
                "Tutto ciò che {name} ({id}) contiene è stato confrontato con ciò che se ne sapeva, \
                 fino al {at}, e corretto. {it}. I moduli ne sono informati. Qualche differenza dopo \
                 un guasto o un'eliminazione definitiva è normale; se sono molte, o si ripetono ogni \
                 volta, i messaggi del negozio vanno persi: chiedete alla vostra agenzia di \
                 controllarne i webhook."
            ),
        },
    }
}

const fn english(kind: ListedKind) -> &'static str {
    match kind {
        ListedKind::Variant => "products",
        ListedKind::Order => "orders",
        ListedKind::Customer => "customers",
    }
}

const fn italian(kind: ListedKind) -> &'static str {
    match kind {
        ListedKind::Variant => "prodotti",
        ListedKind::Order => "ordini",
        ListedKind::Customer => "clienti",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use fondaco_store::Drift;

    use super::*;

    #[test]
    fn alerts_about_shops_name_the_shop_the_time_and_the_cause_in_both_languages() {
        let id = ShopId::new("milano").unwrap();
        let shop = Shop { id: &id, name: "Milano Centro" };
        let at = Timestamp(1_700_000_000_000);
        let drift_of = |missing, outdated, gone| Drift { missing, outdated, gone };
        let drifted = Reconciliation {
            ended_at: Some(at),
            drift: BTreeMap::from([
                (ListedKind::Variant, Drift::default()),
                (ListedKind::Order, drift_of(2, 0, 5)),
            ]),
            ..Reconciliation::default()
        };
        for (alert, en, it) in [
            (silent(shop, at, Some("no route")), "no route", "no route"),
            (denied(shop, at, "cannot view"), "cannot view", "cannot view"),
            (drift(shop, &drifted), "orders: 2 had been missed", "ordini: 2 erano sfuggiti"),
        ] {
            assert!(alert.key.ends_with("/milano"), "{alert:?}");
            assert_eq!(alert.about, Scope::Shop(id.clone()));
            for (text, words) in [(alert.text.en, en), (alert.text.it, it)] {
                assert!(text.contains("Milano Centro") && text.contains(words), "{text}");
                assert!(text.contains("2023-11-14 22:13 UTC"), "{text}");
                assert!(!text.contains("products") && !text.contains("prodotti"), "{text}");
            }
        }
    }
}
