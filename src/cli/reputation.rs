//! cli room: how everybody stands, and what would come of it in a made-up community.
use super::{prepare, require_database, say};
use crate::config::Config;
use crate::db::Access;
use crate::kernel::moment::Moment;
use crate::reputation;
use anyhow::Context;
use clap::Args;
use std::process::ExitCode;

#[derive(Args)]
pub struct Standing {
    /// As one JSON object
    #[arg(long)]
    json: bool,
    /// As it was then: seconds since 1970, or a date such as 2026-11-26T12:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// In one topic alone
    #[arg(long, value_name = "TAG")]
    topic: Option<String>,
}

/// `loggia standing`.
pub fn standing(config: &Config, arguments: &Standing) -> anyhow::Result<ExitCode> {
    let at = match arguments.at.as_deref() {
        None => None,
        Some(text) => Some(time(text).with_context(|| {
            format!("{text:?} is no time; it is seconds since 1970, or a date such as 2026-11-26T12:00:00Z")
        })?),
    };
    require_database(config)?;
    prepare(config)?;
    let mut conn = config.database.connect(Access::Read)?;
    conn.without_time_limits()?;
    conn.begin_snapshot()?;
    let register = reputation::register::register(&mut conn, at, arguments.topic.as_deref())?;
    conn.sql("COMMIT")?;
    let Some(register) = register else {
        anyhow::bail!("there is no tag {:?}", arguments.topic.as_deref().unwrap_or_default())
    };
    if arguments.json {
        say(&serde_json::to_string(&register)?);
        return Ok(ExitCode::SUCCESS);
    }
    say("member                            points  authority   between        of  badges");
    for member in &register.members {
        let authority = member.authority;
        say(&format!(
            "{:<32}{:>8}{:>11.3}   {:.3} to {:.3}{:>6}  {}",
            member.user,
            member.points,
            authority.bound,
            authority.low,
            authority.high,
            authority.count,
            member.badges.iter().map(|held| held.badge.as_str()).collect::<Vec<_>>().join(", ")
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn time(text: &str) -> Option<Moment> {
    match text.trim().parse::<i64>() {
        Ok(seconds) => Some(Moment::from_unix_seconds(seconds)),
        Err(_) => Moment::parse(text.trim()),
    }
}

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
