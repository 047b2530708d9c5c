//! Who tells what a snapshot has, and since when it is so.

use fondaco_model::{ShopId, Timestamp, Version};

/// Who tells it: pushed by the shop, or read by the host at a moment.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    pub shop: &'a ShopId,
    /// When the read was begun; absent: the shop pushed it.
    pub read: Option<Timestamp>,
}

impl Seen<'_> {
    /// The version of something that the shop says it changed at this moment.
    pub const fn version(&self, platform: Timestamp) -> Version {
        Version { platform, read: self.read }
    }
}
