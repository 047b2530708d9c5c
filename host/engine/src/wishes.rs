//! What a shop passes on of its customers' wishes about their data.
//!
//! Each is carried out before its delivery counts as taken in: after a crash it is carried out again, and
//! finds nobody.

use fondaco_model::ShopId;
use fondaco_platforms::DataSubject;
use fondaco_store::{Erasure, Whom};

use crate::{
    client::{Client, Ended},
    notices, now,
};

/// Who wants it, as the audit log has it.
const PRINCIPAL: &str = "the shop's platform";

impl Client {
    /// Forgets somebody, wherever they are held.
    pub async fn forget(&self, shop: &ShopId, subject: DataSubject) -> Result<(), Ended> {
        let DataSubject { id, email } = subject;
        let email = email.map(|email| Whom::Email(email.into()));
        for whom in [id.map(Whom::Id), email].into_iter().flatten() {
            self.forget_whom(shop, whom).await?;
        }
        Ok(())
    }

    /// Forgets everybody, some at a time.
    pub async fn forget_everybody(&self, shop: &ShopId) -> Result<(), Ended> {
        while self.forget_whom(shop, Whom::Anybody).await? > 0 {
            self.go_on()?;
        }
        Ok(())
    }

    async fn forget_whom(&self, shop: &ShopId, whom: Whom) -> Result<usize, Ended> {
        let erasure = Erasure { shop: shop.clone(), whom, principal: PRINCIPAL.to_owned() };
        let erased = self.store.erase(&self.lease, now(), erasure).await?;
        let people = erased.people.len();
        tracing::info!(
            client.id = %self.setup.id, shop.id = %shop, people, "the shop had somebody forgotten",
        );
        Ok(people)
    }

    /// Tells people that somebody wants to know what is held of them.
    pub async fn tell_of_request(&self, id: &ShopId, subject: DataSubject) -> Result<(), Ended> {
        let Some(shop) = self.shop(id) else { return Ok(()) };
        let told = notices::shops::Shop { id, name: &shop.name };
        // A guest's address does not belong into an alert.
        let alert =
            notices::shops::data_request(&self.setup.id, told, now(), subject.id.as_deref());
        self.store.raise_alert(&self.lease, now(), alert).await?;
        Ok(())
    }
}
