//! What a comparison is made of: the operator and the value on its right.

use std::fmt;

use serde_json::{Number, Value};

/// A comparison operator, RFC 7644 §3.4.2.2, table 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `eq`
    Equal,
    /// `ne`
    NotEqual,
    /// `co`
    Contains,
    /// `sw`
    StartsWith,
    /// `ew`
    EndsWith,
    /// `gt`
    Greater,
    /// `ge`
    GreaterOrEqual,
    /// `lt`
    Less,
    /// `le`
    LessOrEqual,
}

impl Operator {
    /// Whether it asks for a part of a text, whatever the text means.
    pub fn is_about_text(self) -> bool {
        matches!(
            self,
            Operator::Contains | Operator::StartsWith | Operator::EndsWith
        )
    }

    /// Every operator but `pr`, which compares with nothing.
    pub const ALL: [Operator; 9] = [
        Operator::Equal,
        Operator::NotEqual,
        Operator::Contains,
        Operator::StartsWith,
        Operator::EndsWith,
        Operator::Greater,
        Operator::GreaterOrEqual,
        Operator::Less,
        Operator::LessOrEqual,
    ];

    /// The two letters of the RFC.
    pub fn name(self) -> &'static str {
        match self {
            Operator::Equal => "eq",
            Operator::NotEqual => "ne",
            Operator::Contains => "co",
            Operator::StartsWith => "sw",
            Operator::EndsWith => "ew",
            Operator::Greater => "gt",
            Operator::GreaterOrEqual => "ge",
            Operator::Less => "lt",
            Operator::LessOrEqual => "le",
        }
    }

    /// The operator of that name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        Operator::ALL
            .into_iter()
            .find(|one| one.name().eq_ignore_ascii_case(name))
    }
}

/// The value on the right of a comparison: a JSON literal.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// A string, unescaped.
    String(String),
    /// A number.
    Number(Number),
    /// `true` or `false`.
    Boolean(bool),
    /// `null`: no value.
    Null,
}

impl Literal {
    /// The text, if it is a string.
    pub fn text(&self) -> Option<&str> {
        match self {
            Literal::String(text) => Some(text),
            _ => None,
        }
    }

    /// The same as a JSON value.
    pub fn to_value(&self) -> Value {
        match self {
            Literal::String(text) => Value::String(text.clone()),
            Literal::Number(number) => Value::Number(number.clone()),
            Literal::Boolean(truth) => Value::Bool(*truth),
            Literal::Null => Value::Null,
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_value())
    }
}
