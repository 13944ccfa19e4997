//! The schemas of files, as editors get them.

use weir_model::validate::check_schema;
use weir_model::{FileKind, schema};

#[test]
fn schemas() {
    for kind in FileKind::ALL {
        insta::assert_json_snapshot!(format!("schema-{kind}"), schema(*kind));
    }
}

#[test]
fn schemas_can_be_used_and_have_unique_names() {
    for kind in FileKind::ALL {
        assert_eq!(check_schema(&schema(*kind)), Ok(()), "{kind}");
        assert_eq!(kind.as_str().parse::<FileKind>().unwrap(), *kind);
    }
    assert_eq!("polcy".parse::<FileKind>().unwrap_err().to_string(), "`polcy` is not a kind of file");
}
