//! kernel room: amounts of money, in hundredths of a currency.

/// What a thousand of something are worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// In hundredths of the currency; 0: none is set, and no value is shown.
    pub per_thousand: i64,
    /// By its code of ISO 4217.
    pub currency: String,
}

/// The most an amount may be, in hundredths: a million, so that sums stay far from what a number holds.
pub const MOST: i64 = 100_000_000;

/// Reads `4`, `4.5` and `4.50` as hundredths; `None` for anything else, or more than [`MOST`].
pub fn parse(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let cut_off = text.contains('.') && part.is_empty();
    if whole.is_empty() || !digits(whole) || !digits(part) || part.len() > 2 || cut_off {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let part: i64 = format!("{part:0<2}").parse().ok()?;
    let amount = whole.checked_mul(100)?.checked_add(part)?;
    (amount <= MOST).then_some(amount)
}

/// `12.50`, without a currency.
pub fn plain(hundredths: i64) -> String {
    format!("{}.{:02}", hundredths / 100, (hundredths % 100).abs())
}

/// Whether this names a currency as ISO 4217 does: three capital letters.
pub fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_to_the_hundredth_and_nothing_else_is() {
        for (text, amount) in [("0", 0), ("4", 400), ("4.5", 450), ("4.05", 405), ("1000000", MOST)] {
            assert_eq!(parse(text), Some(amount), "{text}");
            assert_eq!(parse(&plain(amount)), Some(amount));
        }
        for wrong in
            ["", ".5", "4.", "4.555", "-1", "+1", "1e3", "4,5", "1000000.01", "٤", "99999999999999999999"]
        {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        assert!(is_currency("EUR") && !is_currency("eur") && !is_currency("€") && !is_currency("EURO"));
    }
}
