//! kernel room: secrets for links and cookies, and signatures that tie a value to its purpose.
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// 256 random bits as 43 URL-safe characters.
pub fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// SHA-256 of a token, in hex: what the database keeps, so that a stolen copy opens nothing.
pub fn digest(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

/// The site's own key for signatures that need no row in the database.
#[derive(Clone)]
pub struct SiteKey(std::sync::Arc<Vec<u8>>);

impl SiteKey {
    pub fn new(secret: &str) -> SiteKey {
        SiteKey(std::sync::Arc::new(secret.as_bytes().to_vec()))
    }

    /// HMAC-SHA-256 over purpose and value, as 43 URL-safe characters.
    pub fn sign(&self, purpose: &str, value: &str) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(value.as_bytes());
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }

    /// Whether `signature` is the one for this purpose and value; takes the same time either way.
    pub fn verify(&self, purpose: &str, value: &str, signature: &str) -> bool {
        let right = self.sign(purpose, value);
        !right.is_empty() && bool::from(right.as_bytes().ct_eq(signature.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_purpose_and_value_alone() {
        let key = SiteKey::new("secret");
        let signature = key.sign("csrf", "session");
        assert!(key.verify("csrf", "session", &signature));
        assert!(!key.verify("unsubscribe", "session", &signature));
        assert!(!key.verify("csrf", "other", &signature));
        assert!(!SiteKey::new("other").verify("csrf", "session", &signature));
        assert!(!key.verify("csrf", "session", ""));
    }

    #[test]
    fn tokens_differ_and_their_digests_hide_them() {
        let (a, b) = (random().unwrap(), random().unwrap());
        assert_ne!(a, b);
        assert_eq!(a.len(), 43);
        assert_eq!(digest(&a).len(), 64);
        assert!(!digest(&a).contains(&a));
    }
}
