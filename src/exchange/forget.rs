//! exchange room: what ties a person's imported posts to their page on the old site.
use crate::db::schema::{post_origins, posts};
use crate::db::{DbResult, Tx};
use crate::kernel::ids::UserId;
use diesel::prelude::*;

/// Drops the old site's addresses of a person from their posts. The posts' own addresses stay: they are the source.
pub fn forget(tx: &mut Tx<'_>, user: UserId) -> DbResult<()> {
    let theirs = posts::table.filter(posts::author_id.eq(user)).select(posts::id);
    diesel::update(
        post_origins::table
            .filter(post_origins::post_id.eq_any(theirs))
            .filter(post_origins::author_url.is_not_null()),
    )
    .set(post_origins::author_url.eq(None::<String>))
    .execute(tx.conn)?;
    Ok(())
}
