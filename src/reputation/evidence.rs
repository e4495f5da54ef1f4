//! reputation room: how likely an answer is right, and how far its author's word carries. Pure.
//!
//! An answer's correctness is the chance that it works for the next reader: a Beta posterior over a uniform prior
//! (Bayes and Laplace), in which each piece of evidence counts as so many readers who tried it. The weights below are
//! ours, each with its reason; the calibration page says whether what they lead to comes true.
//!
//! An author's authority is the lower end of Wilson's score interval (E. B. Wilson, "Probable inference, the law of
//! succession, and statistical inference", JASA 22, 1927) over the outcomes of their answers, where what an answer may
//! prove is bounded by how hard its question was. No evidence is no outcome: it neither adds nor takes.
//!
//! Everything is counted in thousandths and summed as whole numbers, so that sums are the same in whatever order
//! events came.
use crate::kernel::moment::{DAY, HOUR};
use serde::{Deserialize, Serialize};

/// One whole: a reader, an outcome, a certainty.
pub const ONE: i64 = 1_000;

// --- what a piece of evidence weighs, in thousandths of a reader who tried the answer ---
/// The asker had the problem and says that it is gone.
pub const ACCEPTED: i64 = 1_000;
/// A reader had it and says so: as good as the asker's word.
pub const SOLVED: i64 = 1_000;
/// Their problem may have been another one, so a failure tells a little less than a success.
pub const UNSOLVED: i64 = 750;
/// Staff know the product: worth a handful of readers.
pub const VERIFIED_BY_STAFF: i64 = 4_000;
/// A member whose own answers in that topic held.
pub const VERIFIED_BY_MEMBER: i64 = 2_000;
/// A refutation names the fault; it must outweigh the accept and a few grateful readers.
pub const REFUTED_BY_STAFF: i64 = 6_000;
pub const REFUTED_BY_MEMBER: i64 = 3_000;
/// A challenge that moderators upheld: as staff's refutation.
pub const SUPERSEDED: i64 = 6_000;
/// Most who vote have not tried it.
pub const VOTE: i64 = 100;
/// However many vote, they are not more than one who tried it.
pub const VOTES_AT_MOST: i64 = 1_000;

/// An account younger than this is new: it costs nothing to make one.
pub const NEW_ACCOUNT: i64 = 14 * DAY;
/// What the word of a new account weighs of its weight, until somebody independent confirms.
pub const NEW_SHARE: i64 = 200;
/// What was said of an answer before it was changed, of its weight.
pub const STALE_SHARE: i64 = 250;

/// Evidence from which an outcome counts as resolved.
pub const RESOLVED: i64 = 500;
/// What share of the evidence must speak for a resolved answer that counts as correct: three in four.
pub const CORRECT: i64 = 750;

/// Of the normal distribution, for a one-sided bound that holds 9 times in 10.
pub const Z: f64 = 1.282;

/// What people said of an answer, counted by kind; what counts not (one's own word, a ring's) is left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    #[serde(rename = "u", skip_serializing_if = "none")]
    pub up: i64,
    #[serde(rename = "d", skip_serializing_if = "none")]
    pub down: i64,
    #[serde(rename = "s", skip_serializing_if = "none")]
    pub solved: i64,
    #[serde(rename = "sn", skip_serializing_if = "none")]
    pub solved_new: i64,
    #[serde(rename = "n", skip_serializing_if = "none")]
    pub unsolved: i64,
    #[serde(rename = "nn", skip_serializing_if = "none")]
    pub unsolved_new: i64,
    #[serde(rename = "vs", skip_serializing_if = "none")]
    pub verified_by_staff: i64,
    #[serde(rename = "vm", skip_serializing_if = "none")]
    pub verified_by_member: i64,
    #[serde(rename = "rs", skip_serializing_if = "none")]
    pub refuted_by_staff: i64,
    #[serde(rename = "rm", skip_serializing_if = "none")]
    pub refuted_by_member: i64,
    #[serde(rename = "o", skip_serializing_if = "none")]
    pub outdated: i64,
}

fn none(n: &i64) -> bool {
    *n == 0
}

impl Tally {
    pub fn add(&mut self, other: &Tally, sign: i64) {
        for (mine, theirs) in [
            (&mut self.up, other.up),
            (&mut self.down, other.down),
            (&mut self.solved, other.solved),
            (&mut self.solved_new, other.solved_new),
            (&mut self.unsolved, other.unsolved),
            (&mut self.unsolved_new, other.unsolved_new),
            (&mut self.verified_by_staff, other.verified_by_staff),
            (&mut self.verified_by_member, other.verified_by_member),
            (&mut self.refuted_by_staff, other.refuted_by_staff),
            (&mut self.refuted_by_member, other.refuted_by_member),
            (&mut self.outdated, other.outdated),
        ] {
            *mine += sign * theirs;
        }
    }

    /// Somebody who is neither the asker nor new says that it is right.
    pub fn independent(&self) -> bool {
        self.solved + self.verified_by_staff + self.verified_by_member > 0
    }

    /// For and against, in thousandths, without the votes.
    fn weighed(&self) -> (i64, i64) {
        let new = |n: i64, weight: i64| n * weight * NEW_SHARE / ONE;
        (
            self.solved * SOLVED
                + new(self.solved_new, SOLVED)
                + self.verified_by_staff * VERIFIED_BY_STAFF
                + self.verified_by_member * VERIFIED_BY_MEMBER,
            self.unsolved * UNSOLVED
                + new(self.unsolved_new, UNSOLVED)
                + self.refuted_by_staff * REFUTED_BY_STAFF
                + self.refuted_by_member * REFUTED_BY_MEMBER,
        )
    }
}

/// An acceptance that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// By a new account.
    pub new: bool,
    /// The answer was changed since.
    pub stale: bool,
}

/// Evidence on one answer, weighed: so many thousandths of a reader it worked for, and it did not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Evidence {
    pub right: i64,
    pub wrong: i64,
}

impl Evidence {
    /// Weighs what was said of the text as it is (`fresh`), what was said before it was changed (`stale`), the
    /// acceptance, and whether a challenge was upheld.
    pub fn weigh(fresh: &Tally, stale: &Tally, accepted: Option<Accepted>, superseded: bool) -> Evidence {
        let (mut right, mut wrong) = fresh.weighed();
        let (old_right, old_wrong) = stale.weighed();
        right += old_right * STALE_SHARE / ONE;
        wrong += old_wrong * STALE_SHARE / ONE;
        if let Some(accepted) = accepted {
            let mut weight = ACCEPTED;
            if accepted.stale {
                weight = weight * STALE_SHARE / ONE;
            }
            if accepted.new && !fresh.independent() && !stale.independent() {
                weight = weight * NEW_SHARE / ONE;
            }
            right += weight;
        }
        let up = fresh.up * VOTE + stale.up * VOTE * STALE_SHARE / ONE;
        let down = fresh.down * VOTE + stale.down * VOTE * STALE_SHARE / ONE;
        let votes = up + down;
        if votes > VOTES_AT_MOST {
            right += up * VOTES_AT_MOST / votes;
            wrong += down * VOTES_AT_MOST / votes;
        } else {
            right += up;
            wrong += down;
        }
        if superseded {
            wrong += SUPERSEDED;
        }
        Evidence { right, wrong }
    }

    /// The posterior's mean in thousandths; 500 without evidence.
    pub fn chance(self) -> i64 {
        (self.right + ONE) * ONE / (self.right + self.wrong + 2 * ONE)
    }

    /// The interval that holds the chance 9 times in 10, in thousandths: the posterior's 5 % and 95 % points.
    pub fn interval(self) -> (i64, i64) {
        let (a, b) = (as_f64(self.right + ONE) / 1e3, as_f64(self.wrong + ONE) / 1e3);
        (thousandths(beta_quantile(a, b, 0.05)), thousandths(beta_quantile(a, b, 0.95)))
    }

    /// Enough is known to call it an outcome.
    pub fn resolved(self) -> bool {
        self.right + self.wrong >= RESOLVED
    }

    pub fn correct(self) -> bool {
        self.resolved() && self.right * ONE >= (self.right + self.wrong) * CORRECT
    }

    /// What it adds to its author's outcomes: at most one of weight, however many agree. An answer is right or wrong,
    /// and single readers err: from three quarters of the evidence it counts as right, up to one quarter as wrong, and
    /// between them in proportion. What it proves is bounded by how hard the question was (`difficulty`, thousandths).
    pub fn outcome(self, difficulty: i64) -> Outcomes {
        let all = self.right + self.wrong;
        if all <= 0 {
            return Outcomes::default();
        }
        let wrong = ONE - CORRECT;
        let share = ((self.right * ONE / all - wrong) * ONE / (CORRECT - wrong)).clamp(0, ONE);
        let weight = all.min(ONE) * ONE;
        Outcomes { weight, right: weight / ONE * share * difficulty / ONE, count: i64::from(self.resolved()) }
    }
}

/// How much an answer to this question can prove, in thousandths: a question that was answered at once could be
/// answered by anybody; one that stood, and that others tried in vain, could not.
///
/// Two fifths for an answer at once, all of it after five hours; each who tried before makes up for an hour.
pub fn difficulty(waited: i64, tried: usize) -> i64 {
    let hours = as_f64(waited.max(0)) / as_f64(HOUR);
    let stood = 120.0 * (1.0 + 6.0 * hours).log2();
    #[allow(clippy::cast_possible_truncation)] // below 10,000
    let stood = stood.min(600.0) as i64;
    (400 + stood + 150 * i64::try_from(tried.min(10)).unwrap_or(10)).min(ONE)
}

/// Outcomes of answers: their weight and how much of it is right, in millionths, and how many are resolved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcomes {
    #[serde(rename = "w")]
    pub weight: i64,
    #[serde(rename = "r")]
    pub right: i64,
    #[serde(rename = "c")]
    pub count: i64,
}

impl Outcomes {
    pub fn add(&mut self, other: Outcomes, sign: i64) {
        self.weight += sign * other.weight;
        self.right += sign * other.right;
        self.count += sign * other.count;
    }

    pub fn is_none(self) -> bool {
        self == Outcomes::default()
    }

    /// What the outcomes between one asker and one answerer count together: the first in full, `n` of them as
    /// 1 + ln n, so that two who always agree with each other prove little more than once.
    pub fn of_a_pair(self) -> Outcomes {
        let n = as_f64(self.weight) / 1e6;
        if n <= 1.0 {
            return self;
        }
        let share = (1.0 + n.ln()) / n;
        #[allow(clippy::cast_possible_truncation)] // smaller than what they were
        let falling = |sum: i64| (as_f64(sum) * share).round() as i64;
        Outcomes { weight: falling(self.weight), right: falling(self.right), count: self.count }
    }

    pub fn authority(self) -> Authority {
        if self.weight <= 0 {
            return Authority { count: self.count, ..Authority::default() };
        }
        let n = as_f64(self.weight) / 1e6;
        let accuracy = as_f64(self.right) / as_f64(self.weight);
        let (low, high) = wilson(accuracy, n);
        Authority {
            bound: thousandths(low),
            accuracy: thousandths(accuracy),
            high: thousandths(high),
            count: self.count,
        }
    }
}

/// How far somebody's word carries, in thousandths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Authority {
    /// The lower end of the interval: what is certain, and what counts. 0 without outcomes.
    pub bound: i64,
    /// Right outcomes of all, weighted by difficulty.
    pub accuracy: i64,
    /// The upper end of the interval.
    pub high: i64,
    /// Answers whose outcome is resolved.
    pub count: i64,
}

/// Wilson's score interval for a share `p` seen in `n` trials.
fn wilson(p: f64, n: f64) -> (f64, f64) {
    let z2 = Z * Z;
    let middle = p + z2 / (2.0 * n);
    let reach = Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).max(0.0).sqrt();
    let whole = 1.0 + z2 / n;
    (((middle - reach) / whole).clamp(0.0, 1.0), ((middle + reach) / whole).clamp(0.0, 1.0))
}

#[allow(clippy::cast_precision_loss)] // sums stay far below 2^52
fn as_f64(n: i64) -> f64 {
    n as f64
}

#[allow(clippy::cast_possible_truncation)] // between 0 and 1,000
fn thousandths(share: f64) -> i64 {
    (share * 1e3).round() as i64
}

/// Where the Beta distribution's function reaches `p`: Newton's method from the mean, and halving wherever a step would
/// leave what is left of the interval. Exact to a millionth, within a handful of steps.
fn beta_quantile(a: f64, b: f64, p: f64) -> f64 {
    let ln_beta = ln_beta(a, b);
    let (mut low, mut high) = (0.0, 1.0);
    let mut x = a / (a + b);
    for _ in 0..60 {
        let off = beta_function(a, b, x, ln_beta) - p;
        if off < 0.0 {
            low = x
        } else {
            high = x
        }
        let density = ((a - 1.0) * x.ln() + (b - 1.0) * (1.0 - x).ln() - ln_beta).exp();
        let step = x - off / density;
        // Not a number, or beyond what is left, where the density is next to nothing.
        let next = if step > low && step < high { step } else { f64::midpoint(low, high) };
        if (next - x).abs() < 1e-6 {
            return next;
        }
        x = next;
    }
    x
}

/// The regularised incomplete beta function I_x(a, b), by its continued fraction (Abramowitz and Stegun, 26.5.8),
/// evaluated from the front by Lentz's method.
fn beta_function(a: f64, b: f64, x: f64, ln_beta: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction converges quickly left of the mean; the other side by symmetry.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_function(b, a, 1.0 - x, ln_beta);
    }
    let front = (a * x.ln() + b * (1.0 - x).ln() - ln_beta).exp() / a;
    let tiny = 1e-30;
    let (mut c, mut d) = (1.0, 1.0 - (a + b) * x / (a + 1.0));
    d = 1.0 / if d.abs() < tiny { tiny } else { d };
    let mut f = d;
    for step in 1..300_i32 {
        let m = f64::from(step);
        let mut turn = |coefficient: f64| {
            d = 1.0 + coefficient * d;
            c = 1.0 + coefficient / c;
            d = 1.0 / if d.abs() < tiny { tiny } else { d };
            if c.abs() < tiny {
                c = tiny;
            }
            f *= c * d;
            (c * d - 1.0).abs()
        };
        turn(m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)));
        if turn(-(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))) < 1e-9 {
            break;
        }
    }
    front * f
}

fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

/// The logarithm of the gamma function for x of 1 and more: Stirling's series after moving x beyond 8
/// (Abramowitz and Stegun, 6.1.41).
fn ln_gamma(mut x: f64) -> f64 {
    let mut moved = 0.0;
    while x < 8.0 {
        moved += x.ln();
        x += 1.0;
    }
    let inverse = 1.0 / (x * x);
    let series = (1.0 / 12.0 - inverse * (1.0 / 360.0 - inverse * (1.0 / 1260.0 - inverse / 1680.0))) / x;
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - moved
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(fresh: Tally, accepted: Option<Accepted>) -> Evidence {
        Evidence::weigh(&fresh, &Tally::default(), accepted, false)
    }
    const OLD: Option<Accepted> = Some(Accepted { new: false, stale: false });

    #[test]
    fn no_evidence_is_no_outcome() {
        let nothing = seen(Tally::default(), None);
        assert_eq!((nothing.chance(), nothing.resolved()), (500, false));
        assert!(nothing.outcome(ONE).is_none());
        assert_eq!(Outcomes::default().authority(), Authority::default());
    }

    #[test]
    fn the_posterior_is_beta_over_a_uniform_prior() {
        // Beta(2, 1): mean 2/3; its distribution function is x², so the 5 % point is √0.05 and the 95 % point √0.95.
        let accepted = seen(Tally::default(), OLD);
        assert_eq!(accepted.chance(), 666);
        assert_eq!(accepted.interval(), (224, 975));
        // Beta(1, 1) is uniform.
        assert_eq!(Evidence::default().interval(), (50, 950));
        // Beta(2, 2): 3x² − 2x³, so at 0.05 x is 0.1354, and by symmetry 0.8646.
        assert_eq!(Evidence { right: 1_000, wrong: 1_000 }.interval(), (135, 865));
        // However much or little there is of either, the ends are in order and about the chance.
        for (right, wrong) in [(0, 90_000), (90_000, 0), (750, 1_000_000), (5_000_000, 6_000), (100, 0)] {
            let evidence = Evidence { right, wrong };
            let (low, high) = evidence.interval();
            assert!(
                low <= evidence.chance() + 1 && evidence.chance() <= high + 1,
                "{right} {wrong}: {low} {high}"
            );
            assert!((0..=1_000).contains(&low) && (0..=1_000).contains(&high));
        }
        // Beta(11, 3): from tables, 5 % at 0.590 and 95 % at 0.934.
        let (low, high) = Evidence { right: 10_000, wrong: 2_000 }.interval();
        assert!((low - 590).abs() <= 3 && (high - 934).abs() <= 3, "{low} {high}");
    }

    #[test]
    fn the_bound_is_wilsons() {
        // 8 of 10 at z = 1.282: (0.8 + 0.0822 ∓ 1.282·√(0.016 + 0.00411)) / 1.1644.
        let ten = Outcomes { weight: 10_000_000, right: 8_000_000, count: 10 };
        assert_eq!(ten.authority(), Authority { bound: 602, accuracy: 800, high: 914, count: 10 });
    }

    #[test]
    fn a_new_account_weighs_little_until_somebody_independent_confirms() {
        let new = Some(Accepted { new: true, stale: false });
        assert_eq!(seen(Tally::default(), new).right, 200);
        assert_eq!(seen(Tally { solved_new: 3, ..Tally::default() }, new).right, 200 + 600);
        assert_eq!(seen(Tally { solved: 1, ..Tally::default() }, new).right, 2_000);
    }

    #[test]
    fn a_refutation_outweighs_an_accept_and_a_few_grateful_readers() {
        let evidence = seen(Tally { refuted_by_staff: 1, solved: 2, ..Tally::default() }, OLD);
        assert!(evidence.chance() < 500, "{}", evidence.chance());
    }

    #[test]
    fn votes_never_weigh_more_than_one_who_tried_it() {
        let many = seen(Tally { up: 9_000, down: 1_000, ..Tally::default() }, None);
        assert_eq!((many.right, many.wrong), (900, 100));
    }

    #[test]
    fn what_was_said_of_an_earlier_text_says_a_quarter() {
        let said = Tally { solved: 4, ..Tally::default() };
        let changed =
            Evidence::weigh(&Tally::default(), &said, Some(Accepted { new: false, stale: true }), false);
        assert_eq!(changed.right, 1_250);
    }

    #[test]
    fn an_outcome_is_right_or_wrong_and_in_between_only_where_readers_differ() {
        let of = |right, wrong| Evidence { right, wrong }.outcome(ONE);
        assert_eq!(of(3_000, 1_000), Outcomes { weight: 1_000_000, right: 1_000_000, count: 1 });
        assert_eq!(of(1_000, 3_000), Outcomes { weight: 1_000_000, right: 0, count: 1 });
        assert_eq!(of(1_000, 1_000), Outcomes { weight: 1_000_000, right: 500_000, count: 1 });
        assert_eq!(of(200, 0), Outcomes { weight: 200_000, right: 200_000, count: 0 });
    }

    #[test]
    fn hard_questions_prove_more() {
        assert_eq!(difficulty(0, 0), 400);
        assert!(difficulty(HOUR, 0) > 550);
        assert!(difficulty(HOUR, 2) > difficulty(HOUR, 0));
        assert_eq!(difficulty(1_000 * HOUR, 0), ONE);
        assert_eq!(difficulty(-HOUR, 0), 400);
    }

    #[test]
    fn two_who_always_agree_prove_little_more_than_once() {
        let of = |n: i64| Outcomes { weight: n * 1_000_000, right: n * 1_000_000, count: n }.of_a_pair();
        assert_eq!(of(1).weight, 1_000_000);
        assert!(of(100).weight < 6_000_000);
        assert_eq!(of(100).weight, of(100).right);
    }
}
