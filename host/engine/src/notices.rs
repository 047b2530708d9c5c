//! The words of the host's own alerts, for a merchant: what happened, to what, since when, and what
//! to do. In English and Italian.

use std::{ops::RangeInclusive, time::Duration};

use fondaco_model::{
    ClientId, InstallId, ShopId, Timestamp,
    action::{Localised, Severity},
};
use fondaco_store::{NewAlert, Scope};

use crate::limits;

pub mod shops;

const SECONDS_OF_A_DAY: u64 = 24 * 60 * 60;

/// What is told of a module that keeps failing.
pub struct Failing<'a> {
    pub client: &'a ClientId,
    pub install: &'a InstallId,
    /// What the module is called.
    pub title: &'a Localised,
    /// The event it failed on last.
    pub event: u64,
    /// When it did.
    pub at: Timestamp,
}

/// A module was paused because it keeps failing. What it said itself is in the records of its runs
/// alone: it may speak of people, and those records are where they are forgotten.
pub fn failing(told: Failing<'_>) -> NewAlert {
    let Failing { client, install, title, event, at } = told;
    let (times, at) = (limits::FAILED_RUNS_MAX, moment(at));
    let Localised { en, it } = title;
    NewAlert {
        key: NewAlert::failing_key(install),
        severity: Severity::Critical,
        about: Scope::Install(install.clone()),
        title: Localised {
            en: format!("“{en}” is paused because it keeps failing"),
            it: format!("«{it}» è in pausa perché continua a fallire"),
        },
        text: Localised {
            en: format!(
                "The module “{en}” ({install}) failed {times} times in a row, the last time on \
                 {at}, at event {event}. Since then it does nothing. Nothing that happens in your \
                 shops meanwhile is lost for it: it waits, and the module works on it in order \
                 once it goes on. Your agency should find out why it fails (fondaco runs --client \
                 {client} --install {install}), and then let it go on: \
                 fondaco go {client} --install {install}"
            ),
            it: format!(
                "Il modulo «{it}» ({install}) è fallito {times} volte di seguito, l'ultima il \
                 {at}, all'evento {event}. Da allora non fa nulla. Nulla di ciò che intanto succede \
                 nei vostri negozi va perso per lui: resta in attesa, e il modulo lo elabora in \
                 ordine quando riparte. La vostra agenzia dovrebbe scoprire perché fallisce \
                 (fondaco runs --client {client} --install {install}) e poi farlo ripartire: \
                 fondaco go {client} --install {install}"
            ),
        },
    }
}

/// The disk of the store is nearly full; `short`: so full that nothing new is begun.
pub fn room(free_bytes: u64, short: bool) -> NewAlert {
    let free = free_bytes / (1024 * 1024);
    let (severity, en, it) = if short {
        let en = "Until there is room, nothing new is done: modules and changes to your shops wait, \
                  and your shops are asked to send again later. Nothing that was accepted is lost.";
        let it = "Finché non c'è spazio non si comincia nulla di nuovo: i moduli e le modifiche ai \
                  vostri negozi attendono, e i negozi sono pregati di riprovare più tardi. Nulla \
                  di ciò che è stato accettato va perso.";
        (Severity::Critical, en, it)
    } else {
        let en = "Everything still works. If it fills up, modules and changes to your shops will \
                  have to wait.";
        let it = "Tutto funziona ancora. Se si riempie, i moduli e le modifiche ai vostri negozi \
                  dovranno attendere.";
        (Severity::Warning, en, it)
    };
    NewAlert {
        key: NewAlert::ROOM_KEY.to_owned(),
        severity,
        about: Scope::Client,
        title: Localised {
            en: "The disk that Fondaco works on is nearly full".to_owned(),
            it: "Il disco su cui lavora Fondaco è quasi pieno".to_owned(),
        },
        text: Localised {
            en: format!("{free} MiB are free. {en} Your agency should make room on it."),
            it: format!("Sono liberi {free} MiB. {it} La vostra agenzia dovrebbe fare spazio."),
        },
    }
}

/// Much waits for an install that stands still.
pub fn backlog(client: &ClientId, install: &InstallId, waiting: u64) -> NewAlert {
    let most = limits::BACKLOG_EVENTS_MAX;
    NewAlert {
        key: NewAlert::backlog_key(install),
        severity: Severity::Warning,
        about: Scope::Install(install.clone()),
        title: Localised {
            en: format!("Much waits for the module {install}, which is paused"),
            it: format!("Molto lavoro attende il modulo {install}, che è in pausa"),
        },
        text: Localised {
            en: format!(
                "The module {install} is paused, and more than {waiting} things that happened in \
                 your shops wait for it. They are kept in order until there are {most}; beyond \
                 that, the oldest pass it by. Let it go on (fondaco go {client} --install \
                 {install}, or mode = \"live\" in the client's file), or switch it off if it is no \
                 longer needed."
            ),
            it: format!(
                "Il modulo {install} è in pausa, e più di {waiting} cose successe nei vostri \
                 negozi lo attendono. Sono conservate in ordine finché non sono {most}; oltre, le \
                 più vecchie gli passano accanto. Fatelo ripartire (fondaco go {client} --install \
                 {install}, oppure mode = \"live\" nel file del cliente), o spegnetelo se non \
                 serve più."
            ),
        },
    }
}

/// Too much waited for an install, and its oldest events passed by.
pub fn passed_by(
    client: &ClientId,
    install: &InstallId,
    events: RangeInclusive<u64>,
    at: Timestamp,
) -> NewAlert {
    let (first, until, at) = (events.start(), events.end(), moment(at));
    let key = NewAlert::passed_by_key(install);
    NewAlert {
        severity: Severity::Critical,
        about: Scope::Install(install.clone()),
        title: Localised {
            en: format!("The module {install} has missed what happened while it was paused"),
            it: format!("Il modulo {install} si è perso ciò che è successo durante la pausa"),
        },
        text: Localised {
            en: format!(
                "The module {install} has been paused for so long that too much waited for it. On \
                 {at} the events {first} to {until} were let pass by; the newer ones still wait. \
                 When it goes on, it knows nothing of those: its figures have to be checked. When \
                 that is done: fondaco alerts --client {client} --resolve {key}"
            ),
            it: format!(
                "Il modulo {install} è in pausa da così tanto che troppo lavoro lo attendeva. Il \
                 {at} gli eventi da {first} a {until} sono stati lasciati passare; i più recenti \
                 attendono ancora. Quando riparte, di quelli non sa nulla: i suoi dati vanno \
                 controllati. Quando è fatto: fondaco alerts --client {client} --resolve {key}"
            ),
        },
        key,
    }
}

/// A module has been out of its client's file for so long that nothing is kept for it.
pub fn absent(install: &InstallId, since: Timestamp, longest: Duration) -> NewAlert {
    let (since, days) = (moment(since), longest.as_secs() / SECONDS_OF_A_DAY);
    NewAlert {
        key: NewAlert::absent_key(install),
        severity: Severity::Warning,
        about: Scope::Install(install.clone()),
        title: Localised {
            en: format!("What happens is not kept any more for the module {install}"),
            it: format!("Per il modulo {install} non si conserva più ciò che succede"),
        },
        text: Localised {
            en: format!(
                "The module {install} has not been in the client's file since {since}. What it has \
                 not heard was kept for it for {days} days, and is now forgotten like everything \
                 else that is old. What it remembers stays. Should it return, it hears what is \
                 still there then, and an alert says what it missed."
            ),
            it: format!(
                "Il modulo {install} non è più nel file del cliente dal {since}. Ciò che non ha \
                 sentito gli è stato conservato per {days} giorni, e ora viene dimenticato come \
                 tutto ciò che è vecchio. Ciò che il modulo ricorda resta. Se ritorna, sente quel \
                 che c'è ancora, e un avviso dice che cosa si è perso."
            ),
        },
    }
}

/// A module that is back in its client's file has missed events.
pub fn missed(
    client: &ClientId,
    install: &InstallId,
    events: RangeInclusive<u64>,
    since: Timestamp,
) -> NewAlert {
    let (first, until, since) = (events.start(), events.end(), moment(since));
    let key = NewAlert::missed_key(install);
    NewAlert {
        severity: Severity::Critical,
        about: Scope::Install(install.clone()),
        title: Localised {
            en: format!("The module {install} has missed what happened while it was gone"),
            it: format!("Il modulo {install} si è perso ciò che è successo mentre non c'era"),
        },
        text: Localised {
            en: format!(
                "The module {install} was not in the client's file from {since} on, and is back. \
                 The events {first} to {until} are forgotten; it goes on with the first one after \
                 them. It knows nothing of those: its figures have to be checked. When that is \
                 done: fondaco alerts --client {client} --resolve {key}"
            ),
            it: format!(
                "Il modulo {install} non era nel file del cliente dal {since}, ed è tornato. Gli \
                 eventi da {first} a {until} sono dimenticati; riparte dal primo dopo di essi. Di \
                 quelli non sa nulla: i suoi dati vanno controllati. Quando è fatto: fondaco alerts \
                 --client {client} --resolve {key}"
            ),
        },
        key,
    }
}

/// A copy of a shop sends deliveries as if it were that shop.
pub fn foreign(client: &ClientId, shop: &ShopId, name: &str, site: &str) -> NewAlert {
    let key = NewAlert::foreign_key(shop);
    NewAlert {
        severity: Severity::Warning,
        about: Scope::Shop(shop.clone()),
        title: Localised {
            en: format!("A copy of the shop “{name}” reports as if it were the shop"),
            it: format!("Una copia del negozio «{name}» invia notifiche come se fosse il negozio"),
        },
        text: Localised {
            en: format!(
                "The site {site} sends what happens on it with the webhooks of “{name}”. It is a \
                 copy of the shop, such as one to try things on, so nothing of it is counted: what \
                 it sends is kept apart (fondaco deliveries list --client {client}). Delete the \
                 webhooks of the copy (WooCommerce → Settings → Advanced → Webhooks, on {site}). \
                 If {site} is the shop itself, its address in the client's file is another: \
                 correct `url` there. When that is done: fondaco alerts --client {client} \
                 --resolve {key}"
            ),
            it: format!(
                "Il sito {site} invia ciò che vi succede con i webhook di «{name}». È una copia \
                 del negozio, ad esempio una copia di prova, quindi nulla di ciò che invia viene \
                 conteggiato: è tenuto da parte (fondaco deliveries list --client {client}). \
                 Eliminate i webhook della copia (WooCommerce → Impostazioni → Avanzate → Webhook, \
                 su {site}). Se {site} è il negozio stesso, nel file del cliente il suo indirizzo \
                 è un altro: correggete lì `url`. Quando è fatto: fondaco alerts --client {client} \
                 --resolve {key}"
            ),
        },
        key,
    }
}

/// A moment, to the minute.
fn moment(at: Timestamp) -> String {
    let milliseconds = i64::try_from(at.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(milliseconds)
        .map_or_else(|_| "?".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_copy_both_languages_tell_which_site_and_what_to_do() {
        let (client, shop) = (ClientId::new("rossi").unwrap(), ShopId::new("milano").unwrap());
        let alert = foreign(&client, &shop, "Milano", "copy.test");
        assert_eq!(alert.key, "foreign/milano");
        for text in [alert.text.en, alert.text.it] {
            assert!(text.contains("copy.test") && text.contains("Milano"), "{text}");
            assert!(text.contains("fondaco alerts --client rossi --resolve foreign/milano"));
        }
    }

    #[test]
    fn an_alert_tells_what_when_and_what_to_do_in_both_languages() {
        let client = ClientId::new("rossi").unwrap();
        let install = InstallId::new("stock-sync").unwrap();
        let title = Localised { en: "Stock sync".to_owned(), it: "Scorte".to_owned() };
        let told = Failing {
            client: &client,
            install: &install,
            title: &title,
            event: 17,
            at: Timestamp(1_700_000_000_000),
        };
        let alert = failing(told);
        assert!(alert.title.en.contains("Stock sync") && alert.title.it.contains("Scorte"));
        for text in [alert.text.en, alert.text.it] {
            assert!(text.contains("2023-11-14 22:13 UTC") && text.contains("17"), "{text}");
            assert!(text.contains("fondaco go rossi --install stock-sync"), "{text}");
        }
    }
}
