//! When a module wants to be called without anything having happened.

use std::collections::BTreeMap;

use fondaco_model::schedule::{Beat, Cron, Missed, Schedule};

use super::reader::{Reader, Table, in_words};
use crate::limits;

impl Reader<'_> {
    pub(super) fn schedules(&mut self, root: &Table<'_, '_>) -> BTreeMap<String, Schedule> {
        let mut schedules = BTreeMap::new();
        for table in self.tables(root, "schedules", "[[schedules]]", limits::SCHEDULES_MAX) {
            self.refuse_unknown(&table, &["name", "every", "cron", "missed"]);
            let name = self.name(&table, "name");
            let beat = self.beat(&table);
            let words = Missed::ALL.map(|missed| (missed.as_str(), missed));
            let missed = match table.table.contains_key("missed") {
                true => self.word(&table, "missed", &words),
                false => Some(Missed::default()),
            };
            let (Some(name), Some(beat), Some(missed)) = (name, beat, missed) else {
                continue;
            };
            if schedules.contains_key(&name) {
                self.mistake(table.span, format!("there are two schedules named `{name}`"));
            }
            schedules.insert(name, Schedule { beat, missed });
        }
        schedules
    }

    fn beat(&mut self, table: &Table<'_, '_>) -> Option<Beat> {
        let has = |key: &str| table.table.contains_key(key);
        match (has("every"), has("cron")) {
            (true, true) => {
                let message = "a schedule ticks `every` so long or when a `cron` text says so, not \
                               both; remove one";
                self.mistake(table.span.clone(), message.to_owned());
                None
            }
            (false, true) => self.cron(table).map(Beat::Cron),
            (_, false) => {
                let bounds = (limits::SCHEDULE_EVERY_MS_MIN, limits::SCHEDULE_EVERY_MS_MAX);
                self.duration(table, "every", bounds).map(Beat::Every)
            }
        }
    }

    fn cron(&mut self, table: &Table<'_, '_>) -> Option<Cron> {
        let (text, span) = self.text(table, "cron", "a text such as \"0 6 * * *\"")?;
        match text.parse::<Cron>() {
            Ok(cron) => Some(cron),
            Err(error) => {
                self.mistake(span, format!("`cron`: {error}"));
                None
            }
        }
    }
}

/// When a schedule ticks, as people read it: `every 5m`, `at 0 6 * * *`.
#[must_use]
pub fn beat_in_words(beat: &Beat) -> String {
    match beat {
        Beat::Every(every) => {
            format!("every {}", in_words(u64::try_from(every.as_millis()).unwrap_or(u64::MAX)))
        }
        Beat::Cron(cron) => format!("at {cron}"),
    }
}
