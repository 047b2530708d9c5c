//! Aspects: the parts of an entity that are observed, versioned and joined each on its own.
//!
//! A webhook tells a product's stock but not its history, a poll of stock tells nothing of the
//! title, a deletion tells only that something is gone. So what is joined is never a whole entity
//! but each of its aspects, and an aspect that an observation does not tell is left as it was.
//!
//! Joining has to give the same result however deliveries are delayed, repeated and reordered. A
//! version makes that possible: the higher one wins. Platforms' versions are coarse (WooCommerce's
//! is a second), so two observations can have the same version and different content; only asking
//! the platform again can tell which is the newer one. A direct read therefore wins such a tie
//! against what was pushed, and of two direct reads the one begun later wins.
//!
//! A shop's own time may step back: its clock is put right, or its database is restored. Then what it
//! shows has a lower version than what is known, for as long as nothing changes it. So a read that was
//! begun [long enough](STEPPED_BACK_MS) after a version wins against it, whatever version it has.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// How long after a version a read must have been begun to win against it with a lower one, in
/// milliseconds. Shops' clocks are wrong by less, and what a busy shop's copies show is not as old.
pub const STEPPED_BACK_MS: u64 = 600_000;

/// After what time it is noted again that a read found the same, in milliseconds.
pub const SAME_NOTED_AGAIN_MS: u64 = 60_000;

/// Which of two observations of an aspect is the newer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Version {
    /// The platform's own version of the content: when it last changed it, in milliseconds. Where
    /// a platform has none, the moment the read was begun.
    pub platform: Timestamp,
    /// When the read that brought this was begun, by the host's clock; absent if the platform
    /// pushed it, since a push may have been built long before it arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Timestamp>,
}

impl Version {
    /// The version of something the platform pushed.
    #[must_use]
    pub const fn pushed(platform: Timestamp) -> Self {
        Self { platform, read: None }
    }

    /// The version of something that was read, by a read begun at this moment.
    #[must_use]
    pub const fn read(platform: Timestamp, begun_at: Timestamp) -> Self {
        Self { platform, read: Some(begun_at) }
    }

    /// Which of two is the newer one; equal: only reading can tell.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        if self.is_read_long_after(other) {
            return Ordering::Greater;
        }
        if other.is_read_long_after(self) {
            return Ordering::Less;
        }
        self.platform.cmp(&other.platform)
    }

    /// Whether a read that found the same is to be noted. A poll reads what changed lately again and
    /// again, and each note is a row of the mirror; so only now and then.
    fn is_worth_noting_after(&self, noted: &Self) -> bool {
        match (noted.read, self.read) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(noted), Some(read)) => read > noted.plus_ms(SAME_NOTED_AGAIN_MS),
        }
    }

    fn is_read_long_after(&self, other: &Self) -> bool {
        self.read > other.read
            && self.read.is_some_and(|read| read > other.platform.plus_ms(STEPPED_BACK_MS))
    }
}

/// What is known of one aspect.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Aspect<T> {
    /// Nothing: this observation does not tell, or none has told yet.
    #[default]
    Unknown,
    /// It was this at that version.
    Known {
        /// Since when.
        version: Version,
        /// What it is.
        value: T,
    },
    /// It is gone since that version: a tombstone, so that what is older cannot bring it back.
    Deleted {
        /// Since when.
        version: Version,
    },
}

/// How an observation of an aspect met what was known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// Nothing is different: it told nothing, something older, or the same.
    Kept,
    /// It is newer and different.
    Replaced,
    /// It has the same version and other content; only a direct read can tell.
    NeedsFetch,
}

impl<T> Aspect<T> {
    /// Known at a version.
    pub const fn known(version: Version, value: T) -> Self {
        Self::Known { version, value }
    }

    /// Gone since a version.
    pub const fn deleted(version: Version) -> Self {
        Self::Deleted { version }
    }

    /// What it is, if it is known and not gone.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Known { value, .. } => Some(value),
            Self::Unknown | Self::Deleted { .. } => None,
        }
    }

    /// Whether it is known to be gone.
    pub const fn is_deleted(&self) -> bool {
        matches!(self, Self::Deleted { .. })
    }

    /// Since when it is known or gone.
    pub const fn version(&self) -> Option<Version> {
        match self {
            Self::Unknown => None,
            Self::Known { version, .. } | Self::Deleted { version } => Some(*version),
        }
    }
}

impl<T: Clone + PartialEq> Aspect<T> {
    /// Joins an observation into what is known.
    pub fn join(&mut self, seen: &Self) -> Joined {
        let Some(seen_version) = seen.version() else {
            return Joined::Kept;
        };
        let Some(version) = self.version() else {
            *self = seen.clone();
            return Joined::Replaced;
        };
        let same = self.same_content(seen);
        match seen_version.compare(&version) {
            Ordering::Less => Joined::Kept,
            Ordering::Greater => self.replace(seen, same),
            Ordering::Equal if same => {
                if seen_version.is_worth_noting_after(&version) {
                    self.replace(seen, same);
                }
                Joined::Kept
            }
            Ordering::Equal => match (version.read, seen_version.read) {
                (_, None) => Joined::NeedsFetch,
                (stored, Some(read)) if stored.is_none_or(|stored| read > stored) => {
                    self.replace(seen, same)
                }
                (_, Some(_)) => Joined::Kept,
            },
        }
    }

    fn same_content(&self, seen: &Self) -> bool {
        match (self, seen) {
            (Self::Known { value, .. }, Self::Known { value: seen, .. }) => value == seen,
            (Self::Deleted { .. }, Self::Deleted { .. }) => true,
            _ => false,
        }
    }

    fn replace(&mut self, seen: &Self, same: bool) -> Joined {
        *self = seen.clone();
        if same { Joined::Kept } else { Joined::Replaced }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn at(moment: u64) -> Timestamp {
        Timestamp(moment)
    }

    fn pushed(version: u64, value: u8) -> Aspect<u8> {
        Aspect::known(Version::pushed(at(version)), value)
    }

    fn read(version: u64, begun: u64, value: u8) -> Aspect<u8> {
        Aspect::known(Version::read(at(version), at(begun)), value)
    }

    #[test]
    fn how_observations_meet() {
        let check = |known: Aspect<u8>, seen: Aspect<u8>, how: Joined, value: Option<u8>| {
            let mut joined = known.clone();
            assert_eq!(joined.join(&seen), how, "{known:?} and {seen:?}");
            assert_eq!(joined.value().copied(), value, "{known:?} and {seen:?}");
        };
        check(Aspect::Unknown, pushed(5, 1), Joined::Replaced, Some(1));
        check(pushed(5, 1), Aspect::Unknown, Joined::Kept, Some(1));
        check(pushed(5, 1), pushed(4, 2), Joined::Kept, Some(1));
        check(pushed(5, 1), pushed(6, 2), Joined::Replaced, Some(2));
        check(pushed(5, 1), pushed(6, 1), Joined::Kept, Some(1));
        check(pushed(5, 1), pushed(5, 1), Joined::Kept, Some(1));
        check(pushed(5, 1), pushed(5, 2), Joined::NeedsFetch, Some(1));
        check(read(5, 9, 1), pushed(5, 2), Joined::NeedsFetch, Some(1));
        check(pushed(5, 1), read(5, 9, 2), Joined::Replaced, Some(2));
        check(read(5, 9, 1), read(5, 10, 2), Joined::Replaced, Some(2));
        check(read(5, 10, 1), read(5, 9, 2), Joined::Kept, Some(1));
        let noted = |known: Aspect<u8>, seen: Aspect<u8>| {
            let mut joined = known;
            assert_eq!(joined.join(&seen), Joined::Kept);
            joined == seen
        };
        assert!(noted(pushed(5, 1), read(5, 9, 1)));
        assert!(!noted(read(5, 9, 1), read(5, 10, 1)));
        assert!(!noted(read(5, 9, 1), read(5, 9 + SAME_NOTED_AGAIN_MS, 1)));
        assert!(noted(read(5, 9, 1), read(5, 10 + SAME_NOTED_AGAIN_MS, 1)));
        // The shop's own time stepped back.
        let later = 5 + STEPPED_BACK_MS;
        check(pushed(5, 1), read(4, later, 2), Joined::Kept, Some(1));
        check(pushed(5, 1), read(4, later + 1, 2), Joined::Replaced, Some(2));
        check(read(5, 9, 1), read(4, later + 1, 2), Joined::Replaced, Some(2));
        check(read(5, later + 2, 1), read(4, later + 1, 2), Joined::Kept, Some(1));
        check(read(4, later + 1, 2), pushed(5, 1), Joined::Kept, Some(2));
        check(read(4, later + 1, 2), pushed(6, 1), Joined::Replaced, Some(1));
        check(pushed(5, 1), Aspect::deleted(Version::pushed(at(6))), Joined::Replaced, None);
        check(Aspect::deleted(Version::pushed(at(6))), pushed(5, 1), Joined::Kept, None);
        check(Aspect::deleted(Version::pushed(at(6))), pushed(7, 1), Joined::Replaced, Some(1));
    }

    fn version() -> impl Strategy<Value = Version> {
        let moment = 0..3 * STEPPED_BACK_MS;
        (moment.clone(), prop::option::of(moment))
            .prop_map(|(platform, read)| Version { platform: at(platform), read: read.map(at) })
    }

    proptest! {
        #[test]
        fn an_older_version_never_wins(versions in prop::collection::vec((0u64..50, any::<u8>()), 1..20)) {
            let mut joined = Aspect::Unknown;
            let mut newest = 0;
            for (version, value) in versions {
                joined.join(&pushed(version, value));
                newest = newest.max(version);
                prop_assert_eq!(joined.version().unwrap().platform, at(newest));
            }
        }

        #[test]
        fn of_any_versions_one_is_the_newest(a in version(), b in version(), c in version()) {
            prop_assert_eq!(a.compare(&b), b.compare(&a).reverse());
            if a.compare(&b).is_gt() && b.compare(&c).is_gt() {
                prop_assert!(a.compare(&c).is_gt(), "{a:?} {b:?} {c:?}");
            }
        }

        #[test]
        fn a_tie_with_other_content_needs_a_fetch(version: u64, one: u8, other: u8) {
            let mut joined = pushed(version, one);
            let how = joined.join(&pushed(version, other));
            prop_assert_eq!(how == Joined::NeedsFetch, one != other);
            prop_assert_eq!(joined.value(), Some(&one));
        }
    }
}
