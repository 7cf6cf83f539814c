//! Does this message fall into these fields, and do they hold these conditions? Patterns in brackets.
//!
//! At AWS fields are told apart by position only
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/matching-terms-space-delimited-log-events.html>). So a JSON
//! message matches nothing that its author meant: `{"event":"A"}` is one field. In lenient mode a JSON object is read by
//! the names of the fields instead; then order and number say nothing, and a name without condition may be missing.

use std::ops::Range;

use super::comparison::Comparison;
use super::cursor::{Cursor, is_word};
use super::error::{PatternError, Problem};
use super::expression::Expression;
use super::names::{NamedValues, Names};
use super::necessary::Necessary;
use super::tokens::{Tokens, tokens};

/// The inside of `[ … ]`.
#[derive(Clone, Debug)]
pub(crate) struct FieldsPattern {
    /// Without the ellipsis.
    pub fields: Vec<FieldPattern>,
    pub conditions: Vec<Condition>,
    pub regular_expression_count: usize,
    /// What every message has that matches.
    pub necessary: Option<Necessary>,
    /// How many fields stand before `...`, if there is one.
    ellipsis: Option<usize>,
    /// Of the fields that have one, in order; a field knows the number of its own.
    pub names: Names,
}

/// One field.
#[derive(Clone, Debug)]
pub(crate) struct FieldPattern {
    pub name: Option<FieldName>,
    pub expression: Option<Expression>,
}

/// The name of a field and its number among the names.
#[derive(Clone, Debug)]
pub(crate) struct FieldName {
    pub text: Box<str>,
    pub number: usize,
}

/// One condition with its place in the pattern.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub comparison: Comparison,
    pub span: Range<usize>,
}

impl FieldsPattern {
    /// Reads what is inside of the brackets. Nothing means the same as `...`, in AWS's own example of TestMetricFilter.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self, PatternError> {
        let mut pattern = Self {
            fields: Vec::new(),
            conditions: Vec::new(),
            regular_expression_count: 0,
            necessary: None,
            ellipsis: None,
            names: Names::default(),
        };
        cursor.skip_blanks();
        if cursor.is_at_end() {
            pattern.ellipsis = Some(0);
            return Ok(pattern);
        }
        let mut name_count = 0;
        loop {
            cursor.skip_blanks();
            pattern.parse_field(cursor, &mut name_count)?;
            cursor.skip_blanks();
            if cursor.is_at_end() {
                break;
            }
            if !cursor.passed(",") {
                return Err(cursor.expected("`,` or the end of the pattern"));
            }
        }
        pattern.names = Names::new(pattern.named().map(|name| &*name.text));
        pattern.necessary = pattern.needed();
        Ok(pattern)
    }

    /// Times are looked for beside the message and need not be in it.
    fn needed(&self) -> Option<Necessary> {
        let is_in_message = |field: &&FieldPattern| {
            field.name.as_ref().is_some_and(|name| !super::names::is_beside_message(&name.text))
        };
        let expressions =
            self.fields.iter().filter(is_in_message).filter_map(|field| field.expression.as_ref());
        Necessary::of_all(expressions, &|number| {
            self.conditions[usize::from(number)].comparison.needed_text()
        })
    }

    /// A field, the ellipsis, or nothing, which is a field without name.
    fn parse_field(&mut self, cursor: &mut Cursor<'_>, name_count: &mut usize) -> Result<(), PatternError> {
        let start = cursor.position();
        if cursor.passed("...") {
            if self.ellipsis.replace(self.fields.len()).is_some() {
                return Err(PatternError::new(start, Problem::SecondEllipsis));
            }
            return Ok(());
        }
        if cursor.is_at_end() || cursor.peek() == Some(',') {
            self.fields.push(FieldPattern { name: None, expression: None });
            return Ok(());
        }
        let name = name(cursor)?;
        cursor.skip_blanks();
        let has_condition = matches!(cursor.peek(), Some('=' | '!' | '<' | '>'));
        let expression = if has_condition { Some(self.parse_conditions(cursor, name, start)?) } else { None };
        self.fields.push(FieldPattern {
            name: Some(FieldName { text: name.into(), number: *name_count }),
            expression,
        });
        *name_count += 1;
        Ok(())
    }

    /// Conditions on one field, behind its name. Each further one repeats the name, in any case of letters: AWS's guide
    /// has `[w1=ERROR || W1=WARNING, w2]`.
    fn parse_conditions(
        &mut self,
        cursor: &mut Cursor<'_>,
        field: &str,
        field_start: usize,
    ) -> Result<Expression, PatternError> {
        let mut is_first = true;
        Expression::parse(cursor, &mut |cursor| {
            let start = if is_first { field_start } else { cursor.position() };
            if !is_first {
                let expected = cursor.expected("the name of this field again");
                if !name(cursor)?.eq_ignore_ascii_case(field) {
                    return Err(expected);
                }
                cursor.skip_blanks();
            }
            is_first = false;
            let comparison = Comparison::parse(cursor, &mut self.regular_expression_count)?;
            let number = u16::try_from(self.conditions.len()).expect("a pattern's length bounds them");
            self.conditions.push(Condition { comparison, span: start..cursor.position() });
            Ok(Expression::Condition(number))
        })
    }

    /// The fields of a message, by position; one too many at most where the number is fixed.
    pub fn split<'m>(&self, message: &'m str) -> Tokens<'m> {
        tokens(message, if self.ellipsis.is_some() { usize::MAX } else { self.fields.len() })
    }

    /// Whether a message of so many fields can match. Without `...` the numbers must be equal: the last field does not
    /// take what is left. AWS's guides can be read either way; its first one counted.
    pub fn fits_count(&self, token_count: usize) -> bool {
        match self.ellipsis {
            Some(_) => token_count >= self.fields.len(),
            None => token_count == self.fields.len(),
        }
    }

    pub fn has_ellipsis(&self) -> bool {
        self.ellipsis.is_some()
    }

    pub fn matches_by_position(&self, tokens: &Tokens<'_>) -> bool {
        let mut fields = self.fields.iter().enumerate();
        self.fits_count(tokens.len())
            && fields.all(|(index, field)| {
                self.field_holds(field, Some(tokens[self.position(index, tokens.len())]))
            })
    }

    pub fn matches_by_name(&self, values: &NamedValues<'_>) -> bool {
        self.fields.iter().all(|field| match &field.name {
            Some(name) if field.expression.is_some() => {
                let text = values.value(name.number).and_then(|value| value.text());
                self.field_holds(field, text.as_deref())
            }
            _ => true,
        })
    }

    fn field_holds(&self, field: &FieldPattern, text: Option<&str>) -> bool {
        let expression = field.expression.as_ref();
        expression.is_none_or(|expression| expression.holds(&mut |number| self.condition_holds(number, text)))
    }

    /// Whether a condition holds for a field with this text; a field without text holds none.
    pub fn condition_holds(&self, number: u16, text: Option<&str>) -> bool {
        text.is_some_and(|text| self.conditions[usize::from(number)].comparison.holds(text))
    }

    /// The place among `token_count` fields of a message of the pattern's field `index`.
    pub fn position(&self, index: usize, token_count: usize) -> usize {
        match self.ellipsis {
            Some(before) if index >= before => token_count - (self.fields.len() - index),
            _ => index,
        }
    }

    /// The name of the field at this place of a message of `token_count` fields.
    pub fn name_at(&self, position: usize, token_count: usize) -> Option<&str> {
        let before = self.ellipsis.unwrap_or(self.fields.len());
        let index = if position < before {
            Some(position)
        } else {
            (position + self.fields.len()).checked_sub(token_count).filter(|index| *index >= before)
        };
        self.fields.get(index?)?.name.as_ref().map(|name| &*name.text)
    }

    /// The first field of this name.
    pub fn field_index(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name.as_ref().is_some_and(|own| *own.text == *name))
    }

    pub fn named(&self) -> impl Iterator<Item = &FieldName> {
        self.fields.iter().filter_map(|field| field.name.as_ref())
    }
}

/// Passes a name: letters, digits, `_` and `-`, as AWS's own toolkit allows
/// (<https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_logs.SpaceDelimitedTextPattern.html>), and `@` before.
fn name<'t>(cursor: &mut Cursor<'t>) -> Result<&'t str, PatternError> {
    let start = cursor.position();
    cursor.passed("@");
    let name = cursor.take_while(|character| is_word(character) || character == '-');
    if name.is_empty() {
        return Err(match cursor.peek() {
            Some('=' | '!' | '<' | '>') | None => cursor.expected("the name of a field"),
            _ => Cursor::new(cursor.whole(), start..cursor.end()).invalid_characters(),
        });
    }
    Ok(cursor.since(start))
}
