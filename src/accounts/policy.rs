//! accounts room: which passwords will do. Pure.
use crate::kernel::limits;

/// Guesses under which a password is among the few thousand that are tried first.
const COMMON_GUESSES_LOG10: f64 = 4.0;
/// Characters up to which a password is estimated: longer ones stand in no list of the first few thousand,
/// whatever they are made of, and the estimator's time grows faster than its input.
const ESTIMATED_CHARS: usize = 20;

/// The key of a message when the password will not do. Length counts characters; no rules about kinds of
/// characters (OWASP ASVS 5.0, 6.2).
pub fn password_problem(password: &str, about: &[&str]) -> Option<&'static str> {
    let length = password.chars().count();
    if length < limits::MIN_PASSWORD {
        return Some("password-too-short");
    }
    if length > limits::MAX_PASSWORD {
        return Some("password-too-long");
    }
    let lower = password.to_lowercase();
    if about.iter().any(|text| !text.is_empty() && text.to_lowercase() == lower) {
        return Some("password-is-name");
    }
    if length <= ESTIMATED_CHARS && zxcvbn::zxcvbn(password, about).guesses_log10() < COMMON_GUESSES_LOG10 {
        return Some("password-common");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_judged_by_length_and_by_how_common_they_are() {
        for (password, problem) in [
            ("short12", Some("password-too-short")),
            ("password", Some("password-common")),
            ("12345678", Some("password-common")),
            ("qwertyuiop", Some("password-common")),
            ("ann@example.test", Some("password-is-name")),
            ("lantern and harbour", None),
            ("aaaaaaaaaaaaaaaaaaaaab", None),
        ] {
            assert_eq!(password_problem(password, &["ann", "ann@example.test"]), problem, "{password}");
        }
        assert_eq!(password_problem(&"x".repeat(257), &[]), Some("password-too-long"));
        assert_eq!(password_problem(&"long pass phrase ".repeat(8), &[]), None);
    }
}
