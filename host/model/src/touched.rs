//! What a run touched of its install's state, as it is recorded: by name, never the values.

use serde::{Deserialize, Serialize};

use crate::run::{StateReads, StateWrites};

/// The keys that a run read, listed and wrote, as many of each as are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StateTouched {
    /// Keys read, with the commit of the value; 0 for one that had none.
    pub read: Vec<(String, u64)>,
    /// Ranges listed.
    pub listed: Vec<Listed>,
    /// Keys written.
    pub written: Vec<String>,
    /// Keys deleted.
    pub deleted: Vec<String>,
    /// How many more there were, of all of these together.
    pub left_out: u64,
}

/// A range that was listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// What its keys begin with.
    pub prefix: String,
    /// How many entries there were.
    pub entries: u64,
}

impl StateTouched {
    /// What these reads and writes touched, at most `most` of each kind.
    #[must_use]
    pub fn of(reads: &StateReads, writes: &StateWrites, most: usize) -> Self {
        let name = |(key, _): (&String, &Option<String>)| key.clone();
        let listed = |range: &crate::run::StateRange| Listed {
            prefix: range.prefix.clone(),
            entries: range.seen.len() as u64,
        };
        let is_set = |(_, value): &(&String, &Option<String>)| value.is_some();
        let (set, deleted): (Vec<_>, Vec<_>) = writes.iter().partition(is_set);
        let all = [reads.keys.len(), reads.ranges.len(), set.len(), deleted.len()];
        Self {
            read: reads
                .keys
                .iter()
                .take(most)
                .map(|(key, commit)| (key.clone(), *commit))
                .collect(),
            listed: reads.ranges.iter().take(most).map(listed).collect(),
            written: set.into_iter().take(most).map(name).collect(),
            deleted: deleted.into_iter().take(most).map(name).collect(),
            left_out: all.iter().map(|count| count.saturating_sub(most) as u64).sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::StateRange;

    #[test]
    fn names_are_kept_and_no_values() {
        let reads = StateReads {
            keys: [("a".to_owned(), 3), ("b".to_owned(), 0)].into(),
            ranges: vec![StateRange {
                prefix: "stock/".to_owned(),
                after: None,
                until: None,
                seen: vec![("stock/1".to_owned(), 1), ("stock/2".to_owned(), 2)],
            }],
        };
        let writes = [("a".to_owned(), Some("secret".to_owned())), ("c".to_owned(), None)].into();
        let all = StateTouched::of(&reads, &writes, 9);
        assert_eq!(all.read, [("a".to_owned(), 3), ("b".to_owned(), 0)]);
        assert_eq!(all.listed, [Listed { prefix: "stock/".to_owned(), entries: 2 }]);
        assert_eq!(
            (&*all.written, &*all.deleted, all.left_out),
            (&["a".into()][..], &["c".into()][..], 0)
        );
        let few = StateTouched::of(&reads, &writes, 1);
        assert_eq!((few.read.len(), few.left_out), (1, 1));
        assert!(!serde_json::to_string(&all).unwrap().contains("secret"));
        assert_eq!(serde_json::from_str::<StateTouched>("{}").unwrap(), StateTouched::default());
    }
}
