//! Derived values: one-way templates, compiled and tried out when the mapping is loaded.
//!
//! A template sees the resource by its SCIM names: `userName`, `name.givenName`, `enterprise.department`. An attribute
//! that the mapping has and the resource lacks is empty text; a name that the mapping does not have is a fault, found at
//! load. Templates are bounded in work and see neither files nor the network.

use std::collections::BTreeSet;
use std::sync::Arc;

use deunicode::deunicode;
use minijinja::value::Serde;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};
use serde_json::{Map, Value, json};

use super::check::may_be_in_account_name;
use super::diagnostic::{Diagnostic, Source, suggestion};
use super::table::{At, Read};
use crate::scim::Resource;
use crate::scim::schema::{Attribute, Definition, Kind, Schema};

/// Instructions a template may spend; a name takes a few dozen.
const FUEL: u64 = 20_000;
/// Values of `number` that a template with it is tried with.
const NUMBERS: std::ops::RangeInclusive<u32> = 2..=9;
/// The variable that turns one template into several candidates.
const NUMBER: &str = "number";

/// The templates of one resource type and the names they may use.
#[derive(Debug, Clone)]
pub(super) struct Templates {
    environment: Environment<'static>,
    /// Every name with an empty value.
    skeleton: Map<String, Value>,
    /// Attributes never shown to templates: lists without bound, and secrets.
    hidden: BTreeSet<String>,
    aliases: Vec<(String, String)>,
}

/// One compiled template.
#[derive(Debug, Clone)]
pub(super) struct Template {
    name: Arc<str>,
    numbered: bool,
    /// What it is made of, sorted.
    pub(super) variables: Vec<String>,
}

impl Templates {
    /// Prepares the names of a definition.
    pub(super) fn new(definition: &Definition) -> Self {
        let mut environment = Environment::new();
        environment.set_fuel(Some(FUEL));
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_debug(true);
        add_filters(&mut environment);

        let mut hidden = BTreeSet::new();
        let mut skeleton = Map::new();
        for attribute in definition
            .common
            .iter()
            .filter(|attribute| attribute.name == "externalId")
        {
            skeleton.insert(attribute.name.clone(), json!(""));
        }
        add_names(&definition.core, &mut skeleton, &mut hidden);
        let mut aliases = Vec::new();
        for extension in &definition.extensions {
            let alias = alias(&extension.id).to_owned();
            let mut names = Map::new();
            add_names(extension, &mut names, &mut hidden);
            skeleton.insert(alias.clone(), Value::Object(names));
            aliases.push((extension.id.clone(), alias));
        }
        Self {
            environment,
            skeleton,
            hidden,
            aliases,
        }
    }

    /// Compiles a template, checks its names and tries it out on an empty and on a full resource.
    pub(super) fn add(&mut self, source: &Source, text: &At<String>) -> Read<Template> {
        let name: Arc<str> =
            format!("{}:{}", source.line_of(text.span.start), text.span.start).into();
        self.environment
            .add_template_owned(name.to_string(), text.value.clone())
            .map_err(|error| template_fault(source, text, &error))?;
        let variables = self.variables(source, text, &name)?;
        let numbered = variables.iter().any(|variable| variable == NUMBER);
        let variables = variables
            .into_iter()
            .filter(|variable| variable != NUMBER)
            .collect();
        for filled in ["", "Sample"] {
            let mut context = self.skeleton.clone();
            context.values_mut().for_each(|value| fill(value, filled));
            context.insert(NUMBER.into(), json!(2));
            self.render_one(&name, &context)
                .map_err(|error| template_fault(source, text, &error))?;
        }
        Ok(Template {
            name,
            numbered,
            variables,
        })
    }

    fn variables(&self, source: &Source, text: &At<String>, name: &str) -> Read<Vec<String>> {
        let template = self
            .environment
            .get_template(name)
            .map_err(|error| template_fault(source, text, &error))?;
        let mut variables: Vec<String> = template.undeclared_variables(true).into_iter().collect();
        variables.sort();
        let functions: BTreeSet<&str> = self.environment.globals().map(|(name, _)| name).collect();
        variables.retain(|variable| !functions.contains(variable.as_str()));
        for variable in &variables {
            let (root, rest) = variable.split_once('.').unwrap_or((variable, ""));
            let known = match self.skeleton.get(root) {
                _ if root == NUMBER => true,
                Some(Value::Object(names)) if !rest.is_empty() => {
                    names.contains_key(rest.split('.').next().unwrap_or_default())
                }
                found => found.is_some(),
            };
            if known {
                continue;
            }
            let names = self.names();
            return Err(within(
                source,
                text,
                variable.as_str(),
                format!("the template uses `{variable}`, which this mapping does not have"),
                "no such attribute",
            )
            .hint(suggestion(variable, names.iter().map(String::as_str))));
        }
        Ok(variables)
    }

    fn names(&self) -> Vec<String> {
        let mut names = vec![NUMBER.to_owned()];
        for (name, value) in &self.skeleton {
            match value.as_object() {
                Some(subs) => names.extend(subs.keys().map(|sub| format!("{name}.{sub}"))),
                None => names.push(name.clone()),
            }
        }
        names
    }

    /// What templates see of a resource.
    pub(super) fn context(&self, resource: &Resource) -> Map<String, Value> {
        let mut context = self.skeleton.clone();
        for (name, value) in resource.as_map() {
            if self.hidden.contains(name) {
                continue;
            }
            let shown = self
                .aliases
                .iter()
                .find(|(urn, _)| urn == name)
                .map_or(name, |(_, alias)| alias);
            if let Some(place) = context.get_mut(shown) {
                merge(place, value);
            }
        }
        context
    }

    /// The texts a template gives, without surrounding spaces; none when it gives nothing.
    pub(super) fn render(
        &self,
        template: &Template,
        context: &mut Map<String, Value>,
    ) -> Result<Vec<String>, Error> {
        let numbers: Vec<u32> = if template.numbered {
            NUMBERS.collect()
        } else {
            vec![0]
        };
        let mut texts = Vec::new();
        for number in numbers {
            if template.numbered {
                context.insert(NUMBER.into(), json!(number));
            }
            let text = self.render_one(&template.name, context)?;
            let text = text.trim();
            if !text.is_empty() && !texts.iter().any(|known| known == text) {
                texts.push(text.to_owned());
            }
        }
        Ok(texts)
    }

    fn render_one(&self, name: &str, context: &Map<String, Value>) -> Result<String, Error> {
        self.environment.get_template(name)?.render(Serde(context))
    }
}

fn add_names(schema: &Schema, names: &mut Map<String, Value>, hidden: &mut BTreeSet<String>) {
    for attribute in &schema.attributes {
        if attribute.is_resource_reference()
            || attribute.returned == crate::scim::schema::Returned::Never
        {
            hidden.insert(attribute.name.clone());
        } else {
            names.insert(attribute.name.clone(), empty(attribute));
        }
    }
}

fn empty(attribute: &Attribute) -> Value {
    if attribute.multi_valued {
        return json!([]);
    }
    if attribute.kind == Kind::Complex {
        return attribute
            .sub_attributes
            .iter()
            .map(|sub| (sub.name.clone(), json!("")))
            .collect();
    }
    json!("")
}

fn fill(value: &mut Value, text: &str) {
    match value {
        Value::Object(names) => names.values_mut().for_each(|value| fill(value, text)),
        Value::String(_) => *value = json!(text),
        _ => {}
    }
}

fn merge(place: &mut Value, value: &Value) {
    match (place, value) {
        (Value::Object(place), Value::Object(value)) => {
            for (name, value) in value {
                if let Some(place) = place.get_mut(name) {
                    merge(place, value);
                }
            }
        }
        (place, value) if !value.is_null() => *place = value.clone(),
        _ => {}
    }
}

/// The name of an extension in templates: what follows `extension:` in its URN, such as `enterprise`.
fn alias(urn: &str) -> &str {
    let mut parts = urn.split(':');
    while let Some(part) = parts.next() {
        if part.eq_ignore_ascii_case("extension")
            && let Some(name) = parts.next()
        {
            return name;
        }
    }
    urn.rsplit(':').next().unwrap_or(urn)
}

fn add_filters(environment: &mut Environment<'static>) {
    environment.add_filter("ascii", |text: String| deunicode(&text));
    environment.add_filter("truncate", |text: String, length: usize| -> String {
        text.chars().take(length).collect()
    });
    environment.add_filter("before", |text: String, mark: String| -> String {
        text.split_once(&mark)
            .map_or(text.as_str(), |(before, _)| before)
            .to_owned()
    });
    environment.add_filter("after", |text: String, mark: String| -> String {
        text.split_once(&mark)
            .map_or("", |(_, after)| after)
            .to_owned()
    });
    environment.add_filter("samaccount", |text: String, length: Option<usize>| {
        account_name(&text, length.unwrap_or(20))
    });
    environment.add_filter(
        "pick",
        |elements: minijinja::Value, kind: String| -> Result<String, Error> {
            for element in elements.try_iter()? {
                if element
                    .get_attr("type")?
                    .as_str()
                    .is_some_and(|of| of.eq_ignore_ascii_case(&kind))
                {
                    return Ok(element
                        .get_attr("value")?
                        .as_str()
                        .unwrap_or_default()
                        .to_owned());
                }
            }
            Ok(String::new())
        },
    );
}

/// What is left of a text that Active Directory accepts as sAMAccountName: ASCII, without what it refuses, short enough,
/// and without a dot at the end.
fn account_name(text: &str, length: usize) -> String {
    let text: String = deunicode(text)
        .chars()
        .filter(|c| may_be_in_account_name(*c) && !c.is_whitespace())
        .take(length)
        .collect();
    text.trim_end_matches('.').to_owned()
}

fn template_fault(source: &Source, text: &At<String>, error: &Error) -> Box<Diagnostic> {
    let detail = error
        .detail()
        .map_or_else(|| error.kind().to_string(), str::to_owned);
    let hint = match error.kind() {
        ErrorKind::UnknownFilter => "filters are `ascii`, `truncate(n)`, `before(\"@\")`, `after(\"@\")`, `samaccount`, `pick(\"work\")`, `upper`, `lower`, `trim`, `replace` and the others of minijinja".to_owned(),
        ErrorKind::OutOfFuel => "a template may do a few thousand steps; make it simpler".to_owned(),
        _ => "templates are written in the notation of Jinja: https://docs.rs/minijinja/latest/minijinja/syntax".to_owned(),
    };
    let rule = format!("the template does not work: {detail}");
    let typed = source.text.get(text.span.clone()).unwrap_or_default();
    match (error.range(), typed.find(&text.value)) {
        (Some(range), Some(at)) if range.end <= text.value.len() => {
            let start = text.span.start + at;
            source
                .fault(start + range.start..start + range.end, rule, "here")
                .hint(hint)
        }
        _ => source
            .fault(text.span.clone(), rule, "in this template")
            .hint(hint),
    }
}

fn within(
    source: &Source,
    text: &At<String>,
    part: &str,
    rule: String,
    label: &str,
) -> Box<Diagnostic> {
    let typed = source.text.get(text.span.clone()).unwrap_or_default();
    match typed.find(part) {
        Some(at) => source.fault(
            text.span.start + at..text.span.start + at + part.len(),
            rule,
            label,
        ),
        None => source.fault(text.span.clone(), rule, label),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::schema::{ResourceType, USER_URN, core_user, enterprise_user};

    fn templates() -> Templates {
        let resource_type = ResourceType {
            name: "User".into(),
            endpoint: "/Users".into(),
            description: String::new(),
            schema: USER_URN.into(),
            extensions: Vec::new(),
        };
        Templates::new(&Definition::new(
            resource_type,
            core_user(),
            vec![enterprise_user()],
        ))
    }

    fn render(template: &str, resource: Value) -> Vec<String> {
        let mut templates = templates();
        let source = Source::new("m.toml", &format!("cn = \"{template}\""));
        let at = At {
            value: template.to_owned(),
            span: 5..source.text.len(),
        };
        let template = match templates.add(&source, &at) {
            Ok(template) => template,
            Err(fault) => return vec![fault.report()],
        };
        let Value::Object(map) = resource else {
            panic!("a resource is an object")
        };
        let mut context = templates.context(&Resource::from_map(map));
        templates.render(&template, &mut context).unwrap()
    }

    #[test]
    fn filters_make_names_that_directories_accept() {
        let table = [
            ("{{ userName | before('@') }}", "ana@example.com", "ana"),
            (
                "{{ userName | after('@') }}",
                "ana@example.com",
                "example.com",
            ),
            ("{{ userName | before('@') }}", "ana", "ana"),
            ("{{ userName | ascii }}", "Ñandú Ærø", "Nandu AEro"),
            ("{{ userName | truncate(3) }}", "éèêë", "éèê"),
            (
                "{{ userName | samaccount }}",
                "ana maría de los ríos y peña",
                "anamariadelosriosype",
            ),
            ("{{ userName | samaccount }}", "a+b@c/d.", "abcd"),
            ("{{ userName | samaccount(4) }}", "abc.defg", "abc"),
            ("{{ userName | upper }}", "ana", "ANA"),
        ];
        for (template, user_name, expected) in table {
            assert_eq!(
                render(template, json!({ "userName": user_name })),
                [expected],
                "{template} of {user_name}"
            );
        }
    }

    #[test]
    fn what_the_resource_lacks_is_empty_and_an_empty_result_is_no_candidate() {
        assert_eq!(
            render("{{ name.givenName }} {{ name.familyName }}", json!({})),
            Vec::<String>::new()
        );
        assert_eq!(
            render(
                "{{ displayName or userName }}",
                json!({ "userName": "ana" })
            ),
            ["ana"]
        );
        assert_eq!(
            render("{{ enterprise.department }}", json!({})),
            Vec::<String>::new()
        );
    }

    #[test]
    fn elements_are_picked_by_type_and_extensions_have_short_names() {
        let resource = json!({
            "emails": [{ "type": "home", "value": "h@x" }, { "type": "Work", "value": "w@x" }],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "Labs" },
        });
        assert_eq!(
            render(
                "{{ emails | pick('work') }} {{ enterprise.department }}",
                resource
            ),
            ["w@x Labs"]
        );
    }

    #[test]
    fn number_makes_eight_more_candidates() {
        let texts = render(
            "{{ userName | truncate(18) }}{{ number }}",
            json!({ "userName": "ana" }),
        );
        assert_eq!(texts.len(), 8);
        assert_eq!((texts[0].as_str(), texts[7].as_str()), ("ana2", "ana9"));
    }

    #[test]
    fn a_misspelt_name_is_found_at_load_even_in_a_branch_not_taken() {
        insta::assert_snapshot!(render("{{ userName or nmae.givenName }}", json!({})).concat(), @r#"
        m.toml:1:22: the template uses `nmae.givenName`, which this mapping does not have
          |
        1 | cn = "{{ userName or nmae.givenName }}"
          |                      ^^^^^^^^^^^^^^ no such attribute
        hint: did you mean `name.givenName`?
        "#);
    }

    #[test]
    fn an_unknown_filter_and_an_endless_loop_are_shown() {
        let unknown = render("{{ userName | slugify }}", json!({}));
        assert!(
            unknown[0].contains("slugify") && unknown[0].contains("hint: filters are"),
            "{unknown:?}"
        );
        let endless = render(
            "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
            json!({}),
        );
        assert!(endless[0].contains("simpler"), "{endless:?}");
        let open = render("{{ userName", json!({}));
        assert!(open[0].contains("does not work"), "{open:?}");
    }

    #[test]
    fn templates_see_no_password_and_no_members() {
        assert!(render("{{ password }}", json!({}))[0].contains("does not have"));
    }
}
