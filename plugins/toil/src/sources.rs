//! What is known about work in general: what is overhead, and where toil comes from.

use crate::{Advice, Source};

pub(crate) fn overhead() -> Vec<String> {
    let words = [
        "meeting",
        "standup",
        "stand-up",
        "retrospective",
        "planning",
        "training",
        "interview",
        "onboarding",
        "expenses",
        "vacation",
        "performance review",
    ];
    words.map(str::to_owned).to_vec()
}

pub(crate) fn sources() -> Vec<Source> {
    vec![
        source(
            "manual deployments",
            Advice::Automate,
            &["deploy", "deployment", "release", "rollout", "hotfix"],
        ),
        source(
            "capacity changes",
            Advice::Automate,
            &["scale", "scaling", "resize", "grow disk", "disk full", "add capacity", "add node", "quota"],
        ),
        source(
            "alerts handled by hand",
            Advice::Eliminate,
            &["alert", "page", "acknowledge", "restart", "reboot", "false alarm"],
        ),
        source(
            "data repairs",
            Advice::Eliminate,
            &["data fix", "fix data", "duplicate", "duplicated", "backfill", "reprocess", "stuck job"],
        ),
        source(
            "requests for access",
            Advice::SelfService,
            &[
                "password reset",
                "reset password",
                "unlock account",
                "grant access",
                "access request",
                "new user",
            ],
        ),
        source("renewals", Advice::Automate, &["rotate", "renew", "certificate", "expired"]),
    ]
}

fn source(name: &str, advice: Advice, keywords: &[&str]) -> Source {
    let keywords = keywords.iter().map(|word| (*word).to_owned()).collect();
    Source { name: name.to_owned(), keywords, advice }
}
