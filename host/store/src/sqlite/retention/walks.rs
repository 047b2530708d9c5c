//! How the rows of each kind are looked through and deleted.

use self::Start::{Number, Text};
use crate::Kept;

/// A way through the rows of a kind.
pub struct Walk {
    /// Selects the columns of the key, and then whether the row is too old, in the order of the
    /// key. Parameters: the client; what "too old" is measured by; how many rows; the key to begin
    /// after.
    pub find: &'static str,
    /// Deletes one row. Parameters: the client, the key.
    pub delete: &'static str,
    /// Before all keys.
    pub start: &'static [Start],
    /// Whether the rows are in the order of their age, so that the first one to be kept is the end.
    pub by_age: bool,
}

/// What stands before all values of a column.
#[derive(Clone, Copy)]
pub enum Start {
    /// Of text.
    Text,
    /// Of numbers.
    Number,
}

impl Walk {
    /// The way through a kind.
    pub const fn of(kind: Kept) -> &'static Self {
        match kind {
            Kept::MirrorRows => &MIRROR_ROWS,
            Kept::StateRows => &STATE_ROWS,
            Kept::Skus => &SKUS,
            Kept::Watermarks => &WATERMARKS,
            Kept::Events => &EVENTS,
            Kept::Runs => &RUNS,
            Kept::Actions => &ACTIONS,
            Kept::DeadDeliveries => &DEAD_DELIVERIES,
            Kept::PastDeliveries => &PAST_DELIVERIES,
            Kept::Audit => &AUDIT,
            Kept::CommitMarks => &COMMIT_MARKS,
        }
    }
}

const MIRROR_ROWS: Walk = Walk {
    start: &[Text, Text, Text, Number],
    by_age: false,
    find: "SELECT shop, kind, id, sequence, coalesce(
         (SELECT commit_number <= ?2 FROM mirror_rows AS newer
          WHERE newer.client = this.client AND newer.shop = this.shop
              AND newer.kind = this.kind AND newer.id = this.id
              AND newer.sequence > this.sequence ORDER BY newer.sequence LIMIT 1), 0)
     FROM mirror_rows AS this
     WHERE client = ?1 AND (shop, kind, id, sequence) > (?4, ?5, ?6, ?7)
     ORDER BY shop, kind, id, sequence LIMIT ?3",
    delete: "DELETE FROM mirror_rows
     WHERE client = ?1 AND shop = ?2 AND kind = ?3 AND id = ?4 AND sequence = ?5",
};

// A key that was deleted is as if it had never been, so the mark of that may go as well,
// but only after all it hides.
const STATE_ROWS: Walk = Walk {
    start: &[Text, Text, Number],
    by_age: false,
    find: "SELECT install, key, commit_number, coalesce(
         (SELECT commit_number <= ?2 FROM state_rows AS newer
          WHERE newer.client = this.client AND newer.install = this.install
              AND newer.key = this.key AND newer.commit_number > this.commit_number
          ORDER BY newer.commit_number LIMIT 1),
         value IS NULL AND sealed IS NULL AND commit_number <= ?2 AND NOT EXISTS (
             SELECT 1 FROM state_rows AS older
             WHERE older.client = this.client AND older.install = this.install
                 AND older.key = this.key AND older.commit_number < this.commit_number))
     FROM state_rows AS this
     WHERE client = ?1 AND (install, key, commit_number) > (?4, ?5, ?6)
     ORDER BY install, key, commit_number LIMIT ?3",
    delete: "DELETE FROM state_rows
     WHERE client = ?1 AND install = ?2 AND key = ?3 AND commit_number = ?4",
};

const SKUS: Walk = Walk {
    start: &[Text, Text, Text, Number],
    by_age: false,
    find: "SELECT sku, shop, id, since_commit, coalesce(until_commit <= ?2, 0)
     FROM variant_skus
     WHERE client = ?1 AND (sku, shop, id, since_commit) > (?4, ?5, ?6, ?7)
     ORDER BY sku, shop, id, since_commit LIMIT ?3",
    delete: "DELETE FROM variant_skus
     WHERE client = ?1 AND sku = ?2 AND shop = ?3 AND id = ?4 AND since_commit = ?5",
};

const WATERMARKS: Walk = Walk {
    start: &[Text, Number],
    by_age: false,
    find: "SELECT shop, commit_number, coalesce(
         (SELECT commit_number <= ?2 FROM order_watermarks AS newer
          WHERE newer.client = this.client AND newer.shop = this.shop
              AND newer.commit_number > this.commit_number
          ORDER BY newer.commit_number LIMIT 1), 0)
     FROM order_watermarks AS this
     WHERE client = ?1 AND (shop, commit_number) > (?4, ?5)
     ORDER BY shop, commit_number LIMIT ?3",
    delete: "DELETE FROM order_watermarks
     WHERE client = ?1 AND shop = ?2 AND commit_number = ?3",
};

const EVENTS: Walk = Walk {
    start: &[Number],
    by_age: true,
    find: "SELECT number, commit_number <= ?2 FROM events
     WHERE client = ?1 AND number > ?4 ORDER BY number LIMIT ?3",
    delete: "DELETE FROM events WHERE client = ?1 AND number = ?2",
};

const RUNS: Walk = Walk {
    start: &[Number],
    by_age: true,
    find: "SELECT commit_number, commit_number <= ?2 FROM runs
     WHERE client = ?1 AND commit_number > ?4 ORDER BY commit_number LIMIT ?3",
    delete: "DELETE FROM runs WHERE client = ?1 AND commit_number = ?2",
};

// What its install may still be called with could propose it once more.
const ACTIONS: Walk = Walk {
    start: &[Number],
    by_age: false,
    find: "SELECT number, state = 'ended' AND ended_at < ?2
         AND event <= (SELECT last_event FROM installs
                       WHERE client = this.client AND install = this.install)
         AND action NOT IN (
             SELECT value FROM actions AS open, json_each(open.terms, '$.after')
             WHERE open.client = ?1 AND open.state = 'waiting'
             UNION ALL
             SELECT value FROM actions AS open, json_each(open.terms, '$.after')
             WHERE open.client = ?1 AND open.state = 'sending')
     FROM actions AS this
     WHERE client = ?1 AND number > ?4 ORDER BY number LIMIT ?3",
    delete: "DELETE FROM actions WHERE client = ?1 AND number = ?2",
};

const DEAD_DELIVERIES: Walk = Walk {
    start: &[Number],
    by_age: false,
    find: "SELECT number, received_at < ?2 FROM dead_deliveries
     WHERE client = ?1 AND number > ?4 ORDER BY number LIMIT ?3",
    delete: "DELETE FROM dead_deliveries WHERE client = ?1 AND number = ?2",
};

const PAST_DELIVERIES: Walk = Walk {
    start: &[Number],
    by_age: true,
    find: "SELECT number, done_at < ?2 FROM past_deliveries
     WHERE client = ?1 AND number > ?4 ORDER BY number LIMIT ?3",
    delete: "DELETE FROM past_deliveries WHERE client = ?1 AND number = ?2",
};

const AUDIT: Walk = Walk {
    start: &[Number],
    by_age: true,
    find: "SELECT number, at < ?2 AND number < (
         SELECT max(number) FROM audit_log WHERE client = ?1)
     FROM audit_log WHERE client = ?1 AND number > ?4 ORDER BY number LIMIT ?3",
    delete: "DELETE FROM audit_log WHERE client = ?1 AND number = ?2",
};

// The newest one from before is what tells how far back it goes.
const COMMIT_MARKS: Walk = Walk {
    start: &[Number],
    by_age: true,
    find: "SELECT at, at < (SELECT max(at) FROM commit_marks WHERE client = ?1 AND at <= ?2)
     FROM commit_marks WHERE client = ?1 AND at > ?4 ORDER BY at LIMIT ?3",
    delete: "DELETE FROM commit_marks WHERE client = ?1 AND at = ?2",
};
