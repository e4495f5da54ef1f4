//! exchange room: which row of ours an old id became, kept small.
use crate::db::Conn;
use crate::db::schema::{post_origins, posts, threads, users};
use crate::exchange::Result;
use crate::kernel::ids::{PostId, ThreadId, UserId};
use diesel::prelude::*;
use std::collections::HashMap;

/// Rows loaded at once when an import goes on.
const CHUNK: i64 = 50_000;

/// A question or an answer that is here. 40 bytes, because there is one per post.
#[derive(Clone, Copy)]
pub struct PostRef {
    pub id: PostId,
    pub thread: ThreadId,
    /// 0 for none.
    author: i64,
    /// The edit its last revision came from.
    pub group: u64,
    pub revision: u32,
    pub accepted: bool,
}

impl PostRef {
    pub fn new(id: PostId, thread: ThreadId, author: Option<UserId>) -> PostRef {
        PostRef { id, thread, author: author.map_or(0, |a| a.0), group: 0, revision: 0, accepted: false }
    }
    pub fn author(&self) -> Option<UserId> {
        (self.author != 0).then_some(UserId(self.author))
    }
    pub fn is_question(&self) -> bool {
        self.id == self.thread.question()
    }
}

#[derive(Default)]
pub struct Ids {
    pub users: HashMap<i64, UserId>,
    pub posts: HashMap<i64, PostRef>,
}

impl Ids {
    /// What earlier runs of this import brought in.
    pub fn load(conn: &mut Conn, site: &str) -> Result<Ids> {
        let mut ids = Ids::default();
        let mut last = UserId(0);
        loop {
            let rows: Vec<(UserId, Option<i64>)> = users::table
                .filter(users::origin_site.eq(site).and(users::id.gt(last)))
                .order(users::id)
                .limit(CHUNK)
                .select((users::id, users::origin_id))
                .load(conn)?;
            let Some((id, _)) = rows.last() else { break };
            last = *id;
            ids.users.extend(rows.into_iter().filter_map(|(id, origin)| Some((origin?, id))));
        }
        let mut last = PostId(0);
        type Found = (PostId, i64, ThreadId, Option<UserId>, Option<PostId>);
        loop {
            let rows: Vec<Found> = post_origins::table
                .inner_join(posts::table.on(posts::id.eq(post_origins::post_id)))
                .inner_join(threads::table.on(threads::id.eq(posts::thread_id)))
                .filter(post_origins::site.eq(site).and(post_origins::kind.eq("post")))
                .filter(post_origins::post_id.gt(last))
                .order(post_origins::post_id)
                .limit(CHUNK)
                .select((
                    post_origins::post_id,
                    post_origins::origin_id,
                    posts::thread_id,
                    posts::author_id,
                    threads::accepted_answer_id,
                ))
                .load(conn)?;
            let Some((id, ..)) = rows.last() else { break };
            last = *id;
            for (id, origin, thread, author, accepted) in rows {
                let post = PostRef { accepted: accepted == Some(id), ..PostRef::new(id, thread, author) };
                ids.posts.insert(origin, post);
            }
        }
        Ok(ids)
    }
}
