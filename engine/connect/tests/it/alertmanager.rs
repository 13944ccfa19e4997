//! Routes, put to `amtool`.

use weir_connect::alertmanager::write;

use crate::support::{service, tool};

#[test]
fn every_urgency_of_every_team_has_its_route() {
    let owned =
        |name: &str, owner: &str| service(&format!("[service]\nname = \"{name}\"\nowner = {owner}\n"));
    let services = [
        owned("checkout", "\"payments\""),
        owned("catalog", "\"store: \\\"front\\\"\""),
        owned("search", "\"Payments\""),
        owned("reports", "\"payments\""),
    ];
    let text = write(&services.iter().map(|service| &**service).collect::<Vec<_>>());
    insta::assert_snapshot!(text);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("routes.yml"), &text).unwrap();
    let Some((right, said)) = tool("amtool", &["check-config", "routes.yml"], folder.path()) else { return };
    assert!(right, "{said}");
    let check = |labels: &[&str], expected: &str| {
        let arguments = [&["config", "routes", "test", "--config.file=routes.yml"], labels].concat();
        let (_, said) = tool("amtool", &arguments, folder.path()).unwrap();
        assert!(said.lines().any(|line| line == expected), "{labels:?}: {said}");
    };
    check(&["weir_owner=payments", "severity=page"], "payments-page");
    check(&["weir_owner=payments", "severity=ticket"], "payments-ticket");
    check(&["weir_owner=Payments", "severity=page"], "payments-2-page");
    check(&["weir_owner=\"store: \\\"front\\\"\"", "severity=page"], "store-front-page");
    check(&["weir_owner=payments", "severity=log"], "log");
    check(&["severity=page"], "page");
    check(&["severity=ticket", "weir_owner=nobody"], "ticket");
}
