//! What `fondaco check` prints.

use std::fmt;

use super::{Config, Mistake, Warning};

/// What there is to say about a configuration.
#[derive(Debug)]
pub struct CheckReport {
    /// What keeps it from being used, in the order of files and lines.
    pub mistakes: Vec<Mistake>,
    /// What somebody should look at.
    pub warnings: Vec<Warning>,
    /// What it holds; absent if there is a mistake.
    pub config: Option<Config>,
}

impl CheckReport {
    /// Whether the configuration can be used.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        self.config.is_some()
    }
}

/// One line for each mistake and warning, the last line is the count. No line end behind it.
impl fmt::Display for CheckReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(config) = &self.config else {
            return formatter.write_str(&list(&self.mistakes, &self.warnings));
        };
        for warning in &self.warnings {
            writeln!(formatter, "{warning}")?;
        }
        summary(config, formatter)?;
        if !self.warnings.is_empty() {
            write!(formatter, ", {}", count(self.warnings.len(), "warning"))?;
        }
        Ok(())
    }
}

/// Mistakes and warnings, one a line, and how many there are.
pub(super) fn list(mistakes: &[Mistake], warnings: &[Warning]) -> String {
    let mut counts = vec![count(mistakes.len(), "mistake")];
    if !warnings.is_empty() {
        counts.push(count(warnings.len(), "warning"));
    }
    let lines = mistakes.iter().map(ToString::to_string);
    let lines = lines.chain(warnings.iter().map(ToString::to_string));
    lines.chain([counts.join(", ")]).collect::<Vec<String>>().join("\n")
}

/// A line for each client, and the beginning of the last one.
fn summary(config: &Config, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (mut shops, mut installs) = (0, 0);
    for client in &config.clients {
        shops += client.shops.len();
        installs += client.installs.len();
        write!(formatter, "{}: {}", client.id, count(client.shops.len(), "shop"))?;
        in_brackets(formatter, client.shops.keys())?;
        write!(formatter, ", {}", count(client.installs.len(), "install"))?;
        in_brackets(formatter, client.installs.values().map(InstallInWords))?;
        writeln!(formatter)?;
    }
    let clients = count(config.clients.len(), "client");
    let (shops, installs) = (count(shops, "shop"), count(installs, "install"));
    write!(formatter, "no mistakes: {clients}, {shops}, {installs}")
}

fn in_brackets<T: fmt::Display>(
    formatter: &mut fmt::Formatter<'_>,
    things: impl Iterator<Item = T>,
) -> fmt::Result {
    let things: Vec<String> = things.map(|thing| thing.to_string()).collect();
    if things.is_empty() { Ok(()) } else { write!(formatter, " ({})", things.join(", ")) }
}

struct InstallInWords<'a>(&'a super::InstallConfig);

impl fmt::Display for InstallInWords<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let manifest = &self.0.inspection.manifest;
        write!(formatter, "{}: {} {}", self.0.id, manifest.id, manifest.version)?;
        write!(formatter, " {}", self.0.mode.as_str())
    }
}

fn count(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}
