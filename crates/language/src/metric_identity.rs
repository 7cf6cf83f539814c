//! Which metric is meant? Its identity as the languages over metrics see it, borrowed from whoever keeps the catalog.

/// A metric: namespace, name and its exact set of dimensions, in an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricIdentity<'a> {
    /// The namespace.
    pub namespace: &'a str,
    /// The metric's name.
    pub name: &'a str,
    /// Names and values, each name once, in any order.
    pub dimensions: &'a [(Box<str>, Box<str>)],
    /// The account that owns it.
    pub account: &'a str,
}

impl<'a> MetricIdentity<'a> {
    /// The value of a dimension; its name is case sensitive.
    pub fn dimension(&self, name: &str) -> Option<&'a str> {
        self.dimensions.iter().find(|dimension| *dimension.0 == *name).map(|dimension| &*dimension.1)
    }

    /// Whether its dimensions are these and no others. `names` holds no name twice.
    pub fn has_exactly(&self, names: &[Box<str>]) -> bool {
        self.dimensions.len() == names.len() && names.iter().all(|name| self.dimension(name).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_are_found_by_name_and_counted_exactly() {
        let dimensions = [("b".into(), "2".into()), ("a".into(), "1".into())];
        let metric = MetricIdentity { namespace: "n", name: "m", dimensions: &dimensions, account: "1" };
        let cases: &[(&[&str], bool)] =
            &[(&["a", "b"], true), (&["b", "a"], true), (&["a"], false), (&["a", "B"], false), (&[], false)];
        for (names, expected) in cases {
            let names: Vec<Box<str>> = names.iter().map(|name| (*name).into()).collect();
            assert_eq!(metric.has_exactly(&names), *expected, "{names:?}");
        }
        assert_eq!((metric.dimension("b"), metric.dimension("B")), (Some("2"), None));
    }
}
