//! reputation room: points that follow from the ledger, each line naming the event that gave it.
//!
//! [`policy`] is the pure fold, [`follow`] keeps its sums in the database one step behind the
//! ledger, [`replay()`] makes them again from the first event and says whether they were right.
pub mod calibration;
mod dry_run;
pub mod evidence;
pub mod findings;
pub mod follow;
pub mod policy;
pub mod register;
mod replay;
pub mod simulate;
mod store;

pub use dry_run::{DryRun, Effect, dry_run};
pub use evidence::{Authority, Evidence};
pub use follow::{NAME as FOLLOWER, Reputation, fold_to_head};
pub use policy::Reason;
pub use replay::{ReplayReport, check, replay};
pub use store::{
    PointLine, Standing, authority_by_topic, authority_in, calibration, evidence_of, held_from, points_page,
    praise, standing, topics_of,
};

#[cfg(test)]
mod tests;

/// What is worth how much, for the page that explains it: message key and points.
pub fn rules() -> Vec<(&'static str, i64)> {
    vec![
        ("point-rule-answer-up-vote", policy::ANSWER_UP_VOTE),
        ("point-rule-answer-down-vote", policy::ANSWER_DOWN_VOTE),
        ("point-rule-answer-accepted", policy::ANSWER_ACCEPTED),
        ("point-rule-question-up-vote", policy::QUESTION_UP_VOTE),
        ("point-rule-question-down-vote", policy::QUESTION_DOWN_VOTE),
        ("point-rule-accepting", policy::ACCEPTING),
        ("point-rule-flag-agreed", policy::FLAG_AGREED),
        ("point-rule-challenge-upheld", policy::CHALLENGE_UPHELD),
        ("point-rule-challenge-rejected", policy::CHALLENGE_REJECTED),
    ]
}
