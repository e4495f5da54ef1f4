//! Fuzz: any text renders, and what comes out is safe HTML within the limits.
#![no_main]

#[path = "../../src/kernel/markdown/invariants.rs"]
mod invariants;

use libfuzzer_sys::fuzz_target;
use loggia::kernel::limits::{MAX_MENTIONS, MAX_NESTING};
use loggia::kernel::markdown::{render, render_html};

fuzz_target!(|source: &str| {
    for out in [render(source), render_html(source)] {
        if let Err(error) = invariants::check(out.html.as_str(), MAX_NESTING) {
            panic!("{error}\n{}", out.html.as_str());
        }
        assert!(out.mentions.len() <= MAX_MENTIONS);
    }
});
