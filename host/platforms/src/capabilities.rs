//! What each platform can do, as a table that comes from the code and is written out to be read.

use fondaco_model::action::Verb;

/// Whether and how a platform does one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// It does.
    Does {
        /// What makes it safe to repeat.
        repeat: &'static str,
        /// What its effect is found by after an ambiguous failure.
        mark: &'static str,
        /// Whether the platform may write to the customer because of it.
        mails_customer: bool,
    },
    /// It has no such thing, or no way to it.
    Cannot {
        /// What it lacks, and what there is instead.
        reason: &'static str,
    },
}

/// What there is to know of a platform before a shop of it is connected.
#[derive(Debug)]
pub struct Capabilities {
    /// What its makers call it.
    pub name: &'static str,
    /// The versions the adapter was tried with.
    pub versions: &'static str,
    /// What it is spoken to with.
    pub credentials: &'static str,
    /// The least that the credentials must allow for reading, and for a host with every module.
    pub permissions: &'static str,
    /// What they must allow besides reading for each thing that a module may do.
    pub needs: fn(Verb) -> &'static str,
    /// How long after it was sent a request can still take effect.
    pub longest_request: &'static str,
    /// How the host comes to know what happens on the shop.
    pub intake: &'static str,
    /// Whether it sends nothing. Then it is polled faster while something happens; and where versions
    /// do not tell changes of stock and prices either, its list of them is compared between the polls.
    pub only_polled: bool,
    /// How it is known that the shop is there and the credentials work.
    pub health: &'static str,
    /// Whether and how it does each thing.
    pub of: fn(Verb) -> Capability,
}

impl Capabilities {
    /// Whether the platform may write to the customer because of this.
    #[must_use]
    pub fn mails_customer(&self, verb: Verb) -> bool {
        matches!((self.of)(verb), Capability::Does { mails_customer: true, .. })
    }
}

/// How the document begins.
const INTRODUCTION: &str = "# What each platform can do

This file is made from the adapters' own tables: `cargo xtask platforms` writes it, and a test holds
it against them. Where a platform cannot do something, the module that proposed it hears
`unsupported` with the reason that stands here. \u{2709} marks what makes the platform write to the
customer.

The least that a module needs of the credentials is what its grants need: the rows of the actions that
it may propose, beside what is needed for reading.
";

/// All platforms as one document in Markdown.
#[must_use]
pub fn document(platforms: &[&Capabilities]) -> String {
    let mut text = INTRODUCTION.to_owned();
    for platform in platforms {
        text.push_str(&section(platform));
    }
    text
}

fn section(platform: &Capabilities) -> String {
    let facts = [
        ("Versions", platform.versions),
        ("Credentials", platform.credentials),
        ("Least permissions", platform.permissions),
        ("Longest request", platform.longest_request),
        ("Hears of changes by", platform.intake),
        ("Health", platform.health),
    ];
    let mut text = format!("\n## {}\n\n| | |\n| --- | --- |\n", platform.name);
    for (name, words) in facts {
        text.push_str(&format!("| {name} | {words} |\n"));
    }
    text.push_str("\n| Action | It needs | Safe to repeat by | Its effect is found by |\n");
    text.push_str("| --- | --- | --- | --- |\n");
    let mut cannot = String::new();
    for verb in Verb::ALL {
        let name = verb.as_str();
        match (platform.of)(verb) {
            Capability::Does { repeat, mark, mails_customer } => {
                let mails = if mails_customer { " \u{2709}" } else { "" };
                let needs = (platform.needs)(verb);
                text.push_str(&format!("| `{name}`{mails} | {needs} | {repeat} | {mark} |\n"));
            }
            Capability::Cannot { reason } => {
                cannot.push_str(&format!("| `{name}` | {reason} |\n"));
            }
        }
    }
    if !cannot.is_empty() {
        text.push_str(&format!("\n| It cannot | Because |\n| --- | --- |\n{cannot}"));
    }
    text
}
