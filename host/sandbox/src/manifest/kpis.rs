//! The figures a module records.

use std::fmt;

use fondaco_model::{InstallId, action::Localised};

use super::reader::{Reader, Table};
use crate::limits;

/// A figure that a module records, day by day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kpi {
    /// Its name with its version, `net-sales@1`: what is counted otherwise is another figure.
    pub name: String,
    /// What it is called.
    pub title: Localised,
    /// What it counts, and how.
    pub description: Localised,
    /// What it is counted in.
    pub unit: KpiUnit,
    /// Which way it should go.
    pub better: Better,
}

/// What a figure is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KpiUnit {
    /// Money, in the shop's currency.
    Money,
    /// Things.
    Count,
    /// Parts of a hundred.
    Percent,
    /// Days.
    Days,
    /// One thing for each of another.
    Ratio,
}

impl KpiUnit {
    const ALL: [Self; 5] = [Self::Money, Self::Count, Self::Percent, Self::Days, Self::Ratio];

    /// The word for it in `plugin.toml`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Money => "money",
            Self::Count => "count",
            Self::Percent => "percent",
            Self::Days => "days",
            Self::Ratio => "ratio",
        }
    }
}

impl fmt::Display for KpiUnit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Which way a figure should go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
}

impl Better {
    /// The word for it in `plugin.toml`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Higher => "higher",
            Self::Lower => "lower",
        }
    }
}

impl fmt::Display for Better {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Reader<'_> {
    pub(super) fn kpis(&mut self, root: &Table<'_, '_>) -> Vec<Kpi> {
        let mut kpis: Vec<Kpi> = Vec::new();
        for table in self.tables(root, "kpis", "[[kpis]]", limits::KPIS_MAX) {
            let Some(kpi) = self.kpi(&table) else {
                continue;
            };
            if kpis.iter().any(|other| other.name == kpi.name) {
                self.mistake(table.span, format!("there are two KPIs named `{}`", kpi.name));
            }
            kpis.push(kpi);
        }
        kpis
    }

    fn kpi(&mut self, table: &Table<'_, '_>) -> Option<Kpi> {
        self.refuse_unknown(table, &["name", "title", "description", "unit", "better"]);
        let name = self.kpi_name(table);
        let title = self.localised(table, "title");
        let description = self.localised(table, "description");
        let unit = self.word(table, "unit", &KpiUnit::ALL.map(|unit| (unit.as_str(), unit)));
        let words = [Better::Higher, Better::Lower].map(|better| (better.as_str(), better));
        let better = self.word(table, "better", &words);
        Some(Kpi {
            name: name?,
            title: title?,
            description: description?,
            unit: unit?,
            better: better?,
        })
    }

    fn kpi_name(&mut self, table: &Table<'_, '_>) -> Option<String> {
        let example = "a name with its version, such as \"net-sales@1\"";
        let (text, span) = self.text(table, "name", example)?;
        let is_good = text.split_once('@').is_some_and(|(name, version)| {
            let digits = version.bytes().all(|byte| byte.is_ascii_digit());
            let is_version = digits && !version.starts_with('0') && version.parse::<u32>().is_ok();
            InstallId::new(name).is_ok() && is_version
        });
        if !is_good {
            let message = format!(
                "`{text}` is no name of a KPI; write {example}: lower-case letters, digits and \
                 hyphens, then `@` and a whole number from 1"
            );
            self.mistake(span, message);
        }
        is_good.then(|| text.to_owned())
    }
}
