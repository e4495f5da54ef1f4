//! reputation room: whether answers shown as likely right were right as often as was said. Pure.
//!
//! Each word of somebody independent (a verdict, or a reader's confirmation by an account that is not new and that no
//! finding holds) is a trial of what the page said just before: the chance is what was foretold, the word is what came.
//! Gathered by month and tenth of the scale: a reliability table, the Brier score (G. W. Brier, "Verification of
//! forecasts expressed in terms of probability", Monthly Weather Review 78, 1950: the mean of the squared difference,
//! 0 at best, 0.25 for saying one half of everything), and the expected calibration error (Naeini, Cooper and
//! Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015).
use super::evidence::ONE;
use serde::{Deserialize, Serialize};

/// Tenths of the scale.
pub const BINS: usize = 10;
/// Trials from which a calibration error says something.
pub const ENOUGH: i64 = 50;
/// Error from which the page warns: what it shows is off by one in ten.
pub const DRIFT: f64 = 0.1;
/// Months that are called recent.
pub const RECENT_MONTHS: i64 = 3;

/// What was foretold within a tenth of the scale, and what came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bin {
    #[serde(rename = "n")]
    pub trials: i64,
    /// Of them right.
    #[serde(rename = "r")]
    pub right: i64,
    /// The sum of the chances, in thousandths.
    #[serde(rename = "p")]
    pub chances: i64,
    /// The sum of the squared differences, in millionths.
    #[serde(rename = "s")]
    pub squares: i64,
}

impl Bin {
    /// One more trial: `chance` in thousandths was foretold, and it was right or not.
    pub fn try_one(&mut self, chance: i64, right: bool) {
        let off = if right { ONE - chance } else { chance };
        self.trials += 1;
        self.right += i64::from(right);
        self.chances += chance;
        self.squares += off * off;
    }

    fn add(&mut self, other: Bin) {
        self.trials += other.trials;
        self.right += other.right;
        self.chances += other.chances;
        self.squares += other.squares;
    }

    /// Said on average, and come true, as shares; `None` without a trial.
    pub fn shares(self) -> Option<(f64, f64)> {
        #[allow(clippy::cast_precision_loss)] // counts
        let n = self.trials as f64;
        #[allow(clippy::cast_precision_loss)]
        let shares = (self.chances as f64 / 1e3 / n, self.right as f64 / n);
        (self.trials > 0).then_some(shares)
    }
}

/// In which tenth a chance lies.
pub fn bin_of(chance: i64) -> i64 {
    (chance * BINS as i64 / ONE).clamp(0, BINS as i64 - 1)
}

/// A table of all tenths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Table(pub [Bin; BINS]);

impl Table {
    pub fn add(&mut self, bin: i64, sum: Bin) {
        if let Some(place) = usize::try_from(bin).ok().and_then(|bin| self.0.get_mut(bin)) {
            place.add(sum);
        }
    }

    pub fn trials(&self) -> i64 {
        self.0.iter().map(|bin| bin.trials).sum()
    }

    /// `None` without a trial.
    pub fn brier(&self) -> Option<f64> {
        let n = self.trials();
        #[allow(clippy::cast_precision_loss)]
        let brier = self.0.iter().map(|bin| bin.squares).sum::<i64>() as f64 / 1e6 / n as f64;
        (n > 0).then_some(brier)
    }

    /// How far what was said lies from what came, on average over the trials; `None` without a trial.
    pub fn error(&self) -> Option<f64> {
        let n = self.trials();
        #[allow(clippy::cast_precision_loss)]
        let error = self
            .0
            .iter()
            .filter_map(|bin| bin.shares().map(|(said, came)| bin.trials as f64 * (said - came).abs()))
            .sum::<f64>()
            / n as f64;
        (n > 0).then_some(error)
    }

    /// What it shows is off by more than it may be, on enough trials to say so.
    pub fn drifts(&self) -> bool {
        self.trials() >= ENOUGH && self.error().is_some_and(|error| error > DRIFT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_right_as_often_as_it_comes_true_has_no_error() {
        let mut table = Table::default();
        for n in 0..100 {
            let mut bin = Bin::default();
            bin.try_one(800, n % 5 != 0);
            table.add(bin_of(800), bin);
        }
        assert_eq!(table.trials(), 100);
        assert!(table.error().unwrap() < 1e-9 && !table.drifts());
        // 0.8 · 0.2² + 0.2 · 0.8².
        assert!((table.brier().unwrap() - 0.16).abs() < 1e-9);
    }

    #[test]
    fn too_much_confidence_drifts_once_there_is_enough_of_it() {
        let mut table = Table::default();
        for n in 0..60 {
            let mut bin = Bin::default();
            bin.try_one(950, n % 2 == 0);
            table.add(bin_of(950), bin);
            assert_eq!(table.drifts(), n + 1 >= ENOUGH, "{n}");
        }
        assert!((table.error().unwrap() - 0.45).abs() < 1e-9);
        assert_eq!(Table::default().brier(), None);
        assert_eq!((bin_of(0), bin_of(99), bin_of(100), bin_of(1_000)), (0, 0, 1, 9));
    }
}
