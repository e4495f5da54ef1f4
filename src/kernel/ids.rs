//! kernel room: identifiers that cannot be mixed up.
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::BigInt;
use serde::{Deserialize, Serialize};

/// A newtype over the database's 64-bit row id.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            FromSqlRow, AsExpression,
        )]
        #[serde(transparent)]
        #[diesel(sql_type = BigInt)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
        impl From<$name> for i64 {
            fn from(id: $name) -> i64 {
                id.0
            }
        }
        impl<DB: Backend> FromSql<BigInt, DB> for $name
        where
            i64: FromSql<BigInt, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
                i64::from_sql(bytes).map($name)
            }
        }
        impl<DB: Backend> ToSql<BigInt, DB> for $name
        where
            i64: ToSql<BigInt, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                self.0.to_sql(out)
            }
        }
    };
}
pub(crate) use id;

id!(
    /// A person with an account, or one brought over by an import.
    UserId
);
id!(
    /// A question, an answer or a comment.
    PostId
);
id!(
    /// A question with everything that hangs on it. The number is the question's [`PostId`].
    ThreadId
);
id!(
    /// A row of the ledger, in commit order.
    EventId
);
id!(
    /// An escalation of a thread to the brand's staff.
    CaseId
);
id!(
    /// A member's report about a post.
    FlagId
);
id!(
    /// A pair of threads that may ask the same, as moderators see it.
    CandidateId
);
id!(
    /// A tag.
    TagId
);
id!(
    /// A mail in the outbox.
    MailId
);
id!(
    /// Somebody's claim, with evidence, that a solution is wrong.
    ChallengeId
);
id!(
    /// A ring, a series of votes or copies that was found.
    FindingId
);
id!(
    /// An accepted answer drawn at random, to be judged blind.
    SampleId
);
id!(
    /// Somebody's word to moderators against what was taken from them.
    AppealId
);
id!(
    /// A row of somebody's notices.
    NoticeId
);
id!(
    /// A search somebody wants to hear of.
    SearchId
);

impl ThreadId {
    /// The question that opens this thread.
    pub fn question(self) -> PostId {
        PostId(self.0)
    }
}
