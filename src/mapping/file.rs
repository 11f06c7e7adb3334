//! The mapping file as written: every value with its place, nothing yet understood.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::Source;
use super::table::{At, Read, Table, text, texts};

/// A whole file.
pub(super) struct File {
    pub(super) name: At<String>,
    pub(super) directory: At<String>,
    pub(super) types: Vec<TypeFile>,
}

/// `[resource.NAME]`.
pub(super) struct TypeFile {
    pub(super) name: At<String>,
    pub(super) endpoint: At<String>,
    pub(super) schema: At<String>,
    pub(super) description: Option<At<String>>,
    pub(super) extensions: Vec<At<String>>,
    pub(super) object_classes: Vec<At<String>>,
    pub(super) filter: At<String>,
    pub(super) rdn: At<String>,
    pub(super) without_password: Option<At<String>>,
    pub(super) lines: Vec<LineFile>,
    pub(super) derived: Vec<DerivedFile>,
    pub(super) constants: Vec<(At<String>, Vec<At<String>>)>,
}

/// One line of `[resource.NAME.attributes]`.
pub(super) struct LineFile {
    pub(super) path: At<String>,
    pub(super) ldap: At<String>,
    pub(super) codec: Option<At<String>>,
    pub(super) direction: Option<At<String>>,
    pub(super) unique: Option<At<String>>,
    pub(super) default: Option<At<serde_json::Value>>,
    pub(super) constant: Option<At<String>>,
    pub(super) to: Vec<At<String>>,
    pub(super) bit: Option<At<i64>>,
    pub(super) base: Option<At<i64>>,
    pub(super) inverted: bool,
    pub(super) required: bool,
    pub(super) primary: bool,
    pub(super) many: Option<bool>,
    pub(super) optional: bool,
    pub(super) equality: bool,
    pub(super) substring: bool,
    pub(super) max_length: Option<At<i64>>,
    pub(super) check: Option<At<String>>,
    pub(super) object_class: Option<At<String>>,
    pub(super) description: Option<At<String>>,
    pub(super) values: Vec<At<String>>,
    pub(super) case_exact: Option<bool>,
    pub(super) span: Range<usize>,
}

/// One line of `[resource.NAME.derived]`.
pub(super) struct DerivedFile {
    pub(super) ldap: At<String>,
    pub(super) candidates: Vec<At<String>>,
    pub(super) follow: Option<At<bool>>,
    pub(super) max_length: Option<At<i64>>,
    pub(super) check: Option<At<String>>,
}

/// What a line may say.
pub(super) const LINE_KEYS: &[&str] = &[
    "ldap",
    "codec",
    "direction",
    "unique",
    "default",
    "constant",
    "to",
    "bit",
    "base",
    "inverted",
    "required",
    "primary",
    "many",
    "optional",
    "equality",
    "substring",
    "max_length",
    "check",
    "object_class",
    "description",
    "values",
    "case_exact",
];
/// What a resource type may say.
pub(super) const TYPE_KEYS: &[&str] = &[
    "endpoint",
    "schema",
    "description",
    "extensions",
    "object_classes",
    "filter",
    "rdn",
    "without_password",
    "attributes",
    "derived",
    "constant",
];

/// Reads the text into a [`File`]; nothing unknown is passed over.
pub(super) fn parse(source: &Source) -> Read<File> {
    let text: &str = &source.text;
    let document = DeTable::parse(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        source
            .fault(span, format!("not TOML: {}", error.message()), "here")
            .hint("https://toml.io/en/v1.0.0 describes the notation")
    })?;
    let root = Table::root(source, &document, &["mapping", "resource"])?;
    let head = Table::open(
        source,
        "`[mapping]`",
        root.require("mapping")?,
        &["name", "directory"],
    )?;
    let resources = Table::open_any(source, "`[resource]`", root.require("resource")?)?;
    let types = resources
        .in_order()
        .into_iter()
        .map(|(name, value)| resource_type(source, name, value))
        .collect::<Read<Vec<_>>>()?;
    Ok(File {
        name: head.text("name")?,
        directory: head.text("directory")?,
        types,
    })
}

fn resource_type(
    source: &Source,
    name: At<String>,
    value: &Spanned<DeValue<'_>>,
) -> Read<TypeFile> {
    let table = Table::open(
        source,
        format!("`[resource.{}]`", name.value),
        value,
        TYPE_KEYS,
    )?;
    let mut seen = BTreeSet::new();
    let mut lines = Vec::new();
    let attributes = format!("`[resource.{}.attributes]`", name.value);
    for (path, value) in
        Table::open_any(source, attributes, table.require("attributes")?)?.in_order()
    {
        Table::refuse_twice(source, &mut seen, &path, "a SCIM path has one line")?;
        lines.push(line(source, path, value)?);
    }
    let mut derived = Vec::new();
    if let Some(value) = table.get("derived") {
        let mut seen = BTreeSet::new();
        for (ldap, value) in Table::open_any(
            source,
            format!("`[resource.{}.derived]`", name.value),
            value,
        )?
        .in_order()
        {
            Table::refuse_twice(source, &mut seen, &ldap, "an attribute is derived once")?;
            derived.push(derived_line(source, ldap, value)?);
        }
    }
    let mut constants = Vec::new();
    if let Some(value) = table.get("constant") {
        for (ldap, value) in Table::open_any(
            source,
            format!("`[resource.{}.constant]`", name.value),
            value,
        )?
        .in_order()
        {
            let values = texts(source, &ldap.value, value)?;
            constants.push((ldap, values));
        }
    }
    Ok(TypeFile {
        endpoint: table.text("endpoint")?,
        schema: table.text("schema")?,
        description: table.optional_text("description")?,
        extensions: table.texts("extensions")?,
        object_classes: table.texts("object_classes")?,
        filter: table.text("filter")?,
        rdn: table.text("rdn")?,
        without_password: table.optional_text("without_password")?,
        name,
        lines,
        derived,
        constants,
    })
}

fn line(source: &Source, path: At<String>, value: &Spanned<DeValue<'_>>) -> Read<LineFile> {
    // The short form names the LDAP attribute and nothing else.
    if value.get_ref().is_str() {
        return Ok(LineFile {
            ldap: text(source, &path.value, value)?,
            codec: None,
            direction: None,
            unique: None,
            default: None,
            constant: None,
            to: Vec::new(),
            bit: None,
            base: None,
            inverted: false,
            required: false,
            primary: false,
            many: None,
            optional: false,
            equality: true,
            substring: true,
            max_length: None,
            check: None,
            object_class: None,
            description: None,
            values: Vec::new(),
            case_exact: None,
            span: path.span.clone(),
            path,
        });
    }
    let table = Table::open(
        source,
        format!("the line of `{}`", path.value),
        value,
        LINE_KEYS,
    )?;
    Ok(LineFile {
        ldap: table.text("ldap")?,
        codec: table.optional_text("codec")?,
        direction: table.optional_text("direction")?,
        unique: table.optional_text("unique")?,
        default: table
            .get("default")
            .map(|value| scalar(source, value))
            .transpose()?,
        constant: table.optional_text("constant")?,
        to: table.texts("to")?,
        bit: table.integer("bit")?,
        base: table.integer("base")?,
        inverted: table.flag("inverted")?.unwrap_or(false),
        required: table.flag("required")?.unwrap_or(false),
        primary: table.flag("primary")?.unwrap_or(false),
        many: table.flag("many")?,
        optional: table.flag("optional")?.unwrap_or(false),
        equality: table.flag("equality")?.unwrap_or(true),
        substring: table.flag("substring")?.unwrap_or(true),
        max_length: table.integer("max_length")?,
        check: table.optional_text("check")?,
        object_class: table.optional_text("object_class")?,
        description: table.optional_text("description")?,
        values: table.texts("values")?,
        case_exact: table.flag("case_exact")?,
        span: path.span.clone(),
        path,
    })
}

fn derived_line(
    source: &Source,
    ldap: At<String>,
    value: &Spanned<DeValue<'_>>,
) -> Read<DerivedFile> {
    if value.get_ref().is_str() {
        let template = text(source, &ldap.value, value)?;
        return Ok(DerivedFile {
            ldap,
            candidates: vec![template],
            follow: None,
            max_length: None,
            check: None,
        });
    }
    let what = format!("the derived value `{}`", ldap.value);
    let table = Table::open(
        source,
        what,
        value,
        &["template", "candidates", "follow", "max_length", "check"],
    )?;
    let mut candidates = table.texts("candidates")?;
    if let Some(template) = table.optional_text("template")? {
        candidates.insert(0, template);
    }
    if candidates.is_empty() {
        return Err(source
            .fault(ldap.span.clone(), format!("the derived value `{}` needs a `template`", ldap.value), "no template here")
            .hint("add `template = \"{{ … }}\"`, or `candidates = [\"…\", \"…\"]` to try several in order"));
    }
    let follow = table.flag("follow")?.map(|value| At {
        value,
        span: table.key_span("follow"),
    });
    let (max_length, check) = (table.integer("max_length")?, table.optional_text("check")?);
    Ok(DerivedFile {
        ldap,
        candidates,
        follow,
        max_length,
        check,
    })
}

fn scalar(source: &Source, value: &Spanned<DeValue<'_>>) -> Read<At<serde_json::Value>> {
    let json = match value.get_ref() {
        DeValue::String(text) => serde_json::Value::from(text.as_ref()),
        DeValue::Boolean(flag) => serde_json::Value::from(*flag),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => serde_json::Value::from(number),
            Err(_) => {
                return Err(source.fault(
                    value.span(),
                    "the number is too large",
                    "does not fit 64 bits",
                ));
            }
        },
        other => {
            let label = format!("this is a {}", other.type_str());
            return Err(source.fault(
                value.span(),
                "`default` must be a text, a number, true or false",
                label,
            ));
        }
    };
    Ok(At {
        value: json,
        span: value.span(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        match parse(&Source::new("m.toml", text)) {
            Ok(_) => panic!("this file should have been refused"),
            Err(fault) => fault.report(),
        }
    }

    const HEAD: &str = "[mapping]\nname = \"t\"\ndirectory = \"openldap\"\n[resource.User]\nendpoint = \"/Users\"\nschema = \"urn:x\"\nobject_classes = \"person\"\nfilter = \"(objectClass=person)\"\nrdn = \"uid\"\n";

    #[test]
    fn a_line_is_written_short_or_long() {
        let text = format!(
            "{HEAD}[resource.User.attributes]\nuserName = {{ ldap = \"uid\", required = true }}\ntitle = \"title\"\n"
        );
        let file = parse(&Source::new("m.toml", &text)).unwrap();
        let [user_name, title] = &file.types[0].lines[..] else {
            panic!("two lines")
        };
        assert_eq!(
            (
                user_name.path.value.as_str(),
                user_name.ldap.value.as_str(),
                user_name.required
            ),
            ("userName", "uid", true)
        );
        assert_eq!(
            (
                title.path.value.as_str(),
                title.ldap.value.as_str(),
                title.required
            ),
            ("title", "title", false)
        );
    }

    #[test]
    fn an_unknown_key_is_shown_with_the_one_that_was_meant() {
        insta::assert_snapshot!(refused(&format!("{HEAD}[resource.User.attributes]\nuserName = {{ ldap = \"uid\", requird = true }}\n")), @r#"
        m.toml:11:28: `requird` is not known in the line of `userName`
           |
        11 | userName = { ldap = "uid", requird = true }
           |                            ^^^^^^^ unknown key
        hint: did you mean `required`?
        "#);
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_shown() {
        insta::assert_snapshot!(refused(&format!("{HEAD}[resource.User.attributes]\nuserName = {{ ldap = \"uid\", required = \"yes\" }}\n")), @r#"
        m.toml:11:39: `required` must be true or false, without quotes
           |
        11 | userName = { ldap = "uid", required = "yes" }
           |                                       ^^^^^ this is a string
        "#);
    }

    #[test]
    fn a_missing_key_and_broken_toml_are_shown() {
        let missing = refused("[mapping]\nname = \"t\"\n[resource.User]\n");
        assert!(
            missing.starts_with("m.toml:3:1: `[resource.User]` needs")
                || missing.starts_with("m.toml:3:"),
            "{missing}"
        );
        let broken = refused("[mapping\nname = 1\n");
        assert!(broken.starts_with("m.toml:1:"), "{broken}");
        assert!(broken.contains("not TOML"), "{broken}");
    }

    #[test]
    fn the_same_path_in_another_case_is_the_same_path() {
        let fault = refused(&format!(
            "{HEAD}[resource.User.attributes]\nuserName = \"uid\"\nusername = \"cn\"\n"
        ));
        assert!(
            fault.starts_with("m.toml:12:1: a SCIM path has one line: `username`"),
            "{fault}"
        );
    }
}
