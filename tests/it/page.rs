//! What holds for every page that the command makes.

/// What makes a page readable without anything else, and by everybody.
#[track_caller]
pub(crate) fn stands_alone(page: &str) {
    for loader in
        ["<script", "<link", "<img", "<iframe", "javascript:", "http://", "https://", "url(http", "@import"]
    {
        assert!(!page.contains(loader), "{loader}");
    }
    assert!(page.contains("default-src 'none'; style-src 'unsafe-inline';"), "a policy that forbids loading");
    let harmless = |character: char| character == '\n' || !character.is_control();
    assert!(page.chars().all(harmless), "characters that a terminal would obey");
    well_formed(page);
}

/// Checks that every tag is closed where it has to be, and that no identity is given twice.
#[track_caller]
fn well_formed(page: &str) {
    const VOID: [&str; 2] = ["meta", "br"];
    let (_, body) = page.split_once("<!doctype html>").unwrap();
    let mut open: Vec<&str> = Vec::new();
    let mut identities: Vec<&str> = Vec::new();
    for part in body.split('<').skip(1) {
        let (tag, _) = part.split_once('>').unwrap_or_else(|| panic!("a tag without an end: {part}"));
        let name = tag.split([' ', '/', '\n']).find(|word| !word.is_empty()).unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{tag}");
        } else if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
        if let Some((_, rest)) = tag.split_once(" id=\"") {
            identities.push(rest.split('"').next().unwrap());
        }
    }
    assert!(open.is_empty(), "{open:?}");
    let mut unique = identities.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), identities.len(), "{identities:?}");
    for part in body.split("href=\"#").skip(1) {
        let target = part.split('"').next().unwrap();
        assert!(identities.contains(&target), "a link to nothing: {target}");
    }
}
