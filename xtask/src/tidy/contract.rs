//! Does the written event contract name everything that the tables name? `docs/formats/events.md` is what people
//! write their services by; the tables of `model` are what the join reads.

use walletscope_model::contract::{EVENTS, FIELDS};
use walletscope_model::{FailureClass, Reason};

use super::Finding;
use crate::repository::Repository;

const RULE: &str = "event contract";
const PAGE: &str = "docs/formats/events.md";

pub fn check(repository: &Repository) -> Vec<Finding> {
    let text = repository.text(PAGE).unwrap_or("");
    let missing = wanted().into_iter().filter(|wanted| !text.contains(wanted));
    let finding = |wanted: String| Finding {
        path: PAGE.to_owned(),
        line: 1,
        rule: RULE,
        message: format!("`model` has {wanted}, and the page does not"),
    };
    missing.map(finding).collect()
}

/// What the page must contain: names in code type, and a whole row for each reason.
fn wanted() -> Vec<String> {
    let code = |name: &str| format!("`{name}`");
    let events = EVENTS.iter().map(|(name, _, _)| code(name));
    let names = FIELDS.iter().flat_map(|row| row.names).map(|name| code(name));
    let columns = FIELDS.iter().map(|row| row.column).filter(|column| !column.is_empty()).map(code);
    let classes = FailureClass::ALL.iter().map(|class| code(class.name()));
    // An abandonment is no failure and stands in another table.
    let reasons = Reason::all().map(|reason| match reason {
        Reason::IdvAbandoned => code(reason.code()),
        _ => format!(
            "| `{}` | {} | {} | {} |",
            reason.code(),
            reason.words(),
            reason.class().name(),
            reason.owner().name()
        ),
    });
    events.chain(names).chain(columns).chain(classes).chain(reasons).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_names_everything_is_right_and_each_missing_name_is_told() {
        let page = wanted().join("\n");
        assert_eq!(check(&Repository::of(&[(PAGE, &page)])), []);
        let without = page.replace("`TOKEN_FIRST_TAP`", "").replace("| Issuer timed out |", "| Slow |");
        let told: Vec<_> =
            check(&Repository::of(&[(PAGE, &without)])).into_iter().map(|each| each.message).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("TOKEN_FIRST_TAP") && told[1].contains("ISSUER_TIMEOUT"), "{told:?}");
        assert_eq!(check(&Repository::of(&[])).len(), wanted().len(), "a missing page misses everything");
    }
}
