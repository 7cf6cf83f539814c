//! What does a file of definitions define? Text in, definitions, lints or an error out; `docs/formats/definitions.md`
//! is the page.
//!
//! Three forms are told apart by a document's members, never by a file's name: this product's own, CloudFormation
//! templates, and the shorthand in which people note metric filters, queries and metrics down. Data flows through the
//! files in this order: `node` (which values stand where) → `own`, `template` or `shorthand` (which form) → `resource`
//! and `dashboard` (what each defines) → `across` (what is odd about them together). The hard part is `template`,
//! where a name may be put together from others. Nothing is applied here, and nothing is dropped in silence.

mod across;
mod alarm;
mod dashboard;
mod definition;
mod error;
mod filter;
mod lint;
mod members;
mod node;
mod own;
mod resource;
mod shorthand;
mod template;
#[cfg(test)]
mod tests;

pub use definition::{
    ALARMS_NOT_APPLIED, Alarm, AnomalyDetector, Dashboard, Definition, Dimensions, Kind, LogGroup,
    MetricFilter, MetricUse, QueryLanguage, SavedQuery, Skipped,
};
pub use error::{DefinitionError, Place, Problem};
pub use lint::{Lint, LintCode};

use error::Wrong;
use lint::Sink;
use node::Node;

/// Most bytes of one file.
pub const FILE_BYTES_MAX: usize = 1 << 20;
/// How deep lists and mappings may be nested.
pub const DEPTH_MAX: usize = 64;
/// Most values of one file, names of members among them.
pub const NODES_MAX: usize = 100_000;
/// The log group of metric filters that name none.
pub const DEFAULT_LOG_GROUP: &str = "/aws/lambda/token-provisioning-service";

/// Whose definitions these are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The account, twelve digits: `AWS::AccountId`.
    pub account: Box<str>,
    /// The region: `AWS::Region`.
    pub region: Box<str>,
}

/// What files define, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// The definitions.
    pub definitions: Vec<Definition>,
    /// What to know about them.
    pub lints: Vec<Lint>,
}

/// Reads one file.
///
/// # Errors
/// The first thing in it that cannot be read. May repeat what the file says: guard it before showing it.
pub fn read(file_name: &str, text: &str, context: &Context) -> Result<Reading, DefinitionError> {
    let mut reading = read_alone(file_name, text, context)?;
    reading.lints.extend(across::lints(&reading.definitions));
    Ok(reading)
}

/// Reads files that belong together, each a name and a text: names are compared among all of them.
///
/// The errors are those of [`read`], at most one for each file; a file with an error adds nothing to the reading.
pub fn read_all<'a>(
    files: impl IntoIterator<Item = (&'a str, &'a str)>,
    context: &Context,
) -> (Reading, Vec<DefinitionError>) {
    let mut whole = Reading::default();
    let mut errors = Vec::new();
    for (file_name, text) in files {
        match read_alone(file_name, text, context) {
            Ok(reading) => {
                whole.definitions.extend(reading.definitions);
                whole.lints.extend(reading.lints);
            }
            Err(error) => errors.push(error),
        }
    }
    whole.lints.extend(across::lints(&whole.definitions));
    (whole, errors)
}

/// Everything but what is odd about definitions together.
fn read_alone(file_name: &str, text: &str, context: &Context) -> Result<Reading, DefinitionError> {
    let mut sink = Sink::new(file_name);
    let file = std::sync::Arc::clone(&sink.file);
    let documents = match node::documents(text) {
        Err(_) if shorthand::prose(text, &mut sink) => Vec::new(),
        documents => documents.map_err(|wrong| wrong.of_file(&file))?,
    };
    for document in documents {
        read_document(document, context, &mut sink).map_err(|wrong| wrong.of_file(&file))?;
    }
    Ok(Reading { definitions: sink.definitions, lints: sink.lints })
}

/// Tells what a document is by its members.
fn read_document(document: Node, context: &Context, sink: &mut Sink) -> Result<(), Wrong> {
    if template::is_template(&document) {
        return template::read(document, context, sink);
    }
    document.refuse_tags()?;
    if document.member("walletscope").is_some() {
        own::read(&document, sink)
    } else if shorthand::is_shorthand(&document) {
        shorthand::read(&document, context, sink)
    } else {
        let first_member = document.members().first().map(|member| member.name.clone());
        Err(document.at.wrong(Problem::UnknownDocument { first_member }))
    }
}
