//! Proposals of what a product sheet says.

use fondaco_model::{
    ActionKind,
    action::{ProductField, ProductWrite},
};

use super::{checked_text, no_longer, terms_bytes};
use crate::{
    CallError,
    contract::interfaces::{
        change_catalogue::{self, ProductField as Field},
        types::{self, Refusal},
    },
    limits::{PRODUCT_TEXT_BYTES_MAX, PROPOSAL_NAME_BYTES_MAX},
    run::Run,
};

impl change_catalogue::Host for Run {
    async fn propose(
        &mut self,
        change: change_catalogue::ProductChange,
        terms: types::Terms,
    ) -> wasmtime::Result<Result<String, Refusal>> {
        let ids = change.shop.len() + change.product.len();
        let texts = change.value.len() + change.decided_on.len();
        self.count_host_call(ids + texts + terms_bytes(&terms))?;
        let kind = self.product_change(change).await?;
        self.propose(kind, terms)
    }
}

impl Run {
    async fn product_change(
        &mut self,
        change: change_catalogue::ProductChange,
    ) -> Result<Result<ActionKind, String>, CallError> {
        let shop = match self.shop_of_proposal(&change.shop).await? {
            Ok(shop) => shop,
            Err(reason) => return Ok(Err(reason)),
        };
        let field = product_field(change.field);
        let write = || {
            let published = |text: &str| matches!(text, "true" | "false");
            let is_flag = field == ProductField::Published;
            if is_flag && !(published(&change.value) && published(&change.decided_on)) {
                return Err("`published` is `true` or `false`".to_owned());
            }
            Ok(ActionKind::ChangeProduct(ProductWrite {
                shop,
                product: checked_text("product", change.product, PROPOSAL_NAME_BYTES_MAX)?,
                field,
                value: no_longer("value", change.value, PRODUCT_TEXT_BYTES_MAX)?,
                decided_on: no_longer("decided-on", change.decided_on, PRODUCT_TEXT_BYTES_MAX)?,
            }))
        };
        Ok(write())
    }
}

const fn product_field(field: Field) -> ProductField {
    match field {
        Field::Title => ProductField::Title,
        Field::Description => ProductField::Description,
        Field::Summary => ProductField::Summary,
        Field::SeoTitle => ProductField::SeoTitle,
        Field::SeoDescription => ProductField::SeoDescription,
        Field::Tags => ProductField::Tags,
        Field::Published => ProductField::Published,
    }
}
