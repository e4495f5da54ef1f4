//! cli room: how everybody stands, and what would come of it in a made-up community.
use super::say;
use crate::reputation;
use std::process::ExitCode;

/// `loggia simulate reputation`.
pub fn simulate(seed: u64, json: bool) -> anyhow::Result<ExitCode> {
    let report = reputation::simulate::run(seed);
    if json {
        say(&serde_json::to_string(&report)?);
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!("seed {seed}: {} events, {} honest members", report.events, report.honest));
    say("attacker                      our engine   plain count   (share of the median honest member)");
    for (name, ratio) in &report.attackers {
        let plain = report.attackers_plain_count.get(name).copied().unwrap_or(0.0);
        say(&format!("{:<28}{ratio:>12.3}{plain:>14.3}", name.replace('_', " ")));
    }
    say(&format!(
        "{:<28}{:>12.3}{:>14.3}",
        "rank correlation with skill", report.spearman, report.spearman_plain_count
    ));
    let findings: Vec<String> = report.findings.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
    say(&format!("found: {}; honest members held by it: {}", findings.join(", "), report.honest_held));
    Ok(ExitCode::SUCCESS)
}
