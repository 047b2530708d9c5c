//! Customers with an account.

use std::sync::Arc;

use serde_json::{Value, json};

use super::search::Criteria;
use super::{Answer, Request, found};
use crate::magento::shop::Shop;
use crate::magento::state::{Account, moment};

pub(crate) fn list(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    let criteria = Criteria::of(request)?;
    let accounts: Vec<(u64, Account)> = shop
        .with(|state| state.accounts.iter().map(|(id, account)| (*id, account.clone())).collect());
    let field = |(id, account): &(u64, Account), name: &str| match name {
        "entity_id" => Some(json!(id)),
        "updated_at" => Some(json!(moment(account.created_at))),
        "email" => Some(json!(account.email)),
        _ => None,
    };
    let (items, total) = criteria.page(accounts.iter(), field, |(id, account)| shown(*id, account));
    Ok(found(items, total))
}

pub(crate) fn single(shop: &Arc<Shop>, id: u64) -> Result<Answer, Answer> {
    let customer = shop.with(|state| Some(shown(id, state.accounts.get(&id)?)));
    customer.map(Answer::ok).ok_or_else(Answer::no_entity)
}

fn shown(id: u64, account: &Account) -> Value {
    json!({
        "id": id, "group_id": 1, "email": account.email, "firstname": account.given_name,
        "lastname": account.family_name, "created_at": moment(account.created_at),
        "updated_at": moment(account.created_at), "store_id": 1, "website_id": 1,
        "addresses": [],
    })
}
