//! Which values of a JSON text do these paths name? All paths are followed in one pass over the text.
//!
//! The paths are a tree of steps. The pass holds the nodes that the present value stands at: one for the steps without
//! wildcards, and one more for each wildcard on the way. Where no node is left the value is passed over unseen. The
//! hard part is a key that an object has twice: the last one counts, as everywhere, so whatever was collected below the
//! first is forgotten; under a wildcard each counts.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::scan::{Broken, DEPTH_MAX, Scanner};
use super::value::{Kind, Value};

/// The number of a path, in the order in which paths were added.
pub(crate) type PathId = u16;

type NodeId = u16;
type Nodes = SmallVec<[NodeId; 4]>;

const ROOT: NodeId = 0;

/// One step from a value to a value inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Member(Box<str>),
    AnyMember,
    Element(usize),
    AnyElement,
}

/// Paths as a tree.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    nodes: Vec<Node>,
    len: PathId,
}

#[derive(Clone, Debug, Default)]
struct Node {
    children: Vec<(Step, NodeId)>,
    /// The path that ends here.
    path: Option<PathId>,
    /// Every path that ends here or below.
    paths_below: Vec<PathId>,
    is_under_wildcard: bool,
}

/// What a pass gives its findings to.
pub(crate) trait Collector<'m> {
    /// `path` names `value`. A path with a wildcard may name several, in the order of the text.
    fn collect(&mut self, path: PathId, value: Value<'m>);

    /// What `paths` named so far is not so: a later key takes its place.
    fn forget(&mut self, paths: &[PathId]);
}

/// Follows every path through `text`, which must be one JSON object or array.
pub(crate) fn walk<'m>(
    text: &'m str,
    paths: &Paths,
    collector: &mut impl Collector<'m>,
) -> Result<(), Broken> {
    let mut scanner = Scanner::new(text);
    if !matches!(scanner.peek(), Some(b'{' | b'[')) {
        return Err(Broken);
    }
    let root = SmallVec::from_slice(&[ROOT]);
    Walk { scanner: &mut scanner, paths, collector }.value(&root, 0)?;
    if scanner.is_at_end() { Ok(()) } else { Err(Broken) }
}

impl Paths {
    pub fn new() -> Self {
        Self { nodes: vec![Node::default()], len: 0 }
    }

    /// How many different paths there are.
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// The number of this path; the same steps always have the same.
    pub fn add(&mut self, steps: &[Step]) -> PathId {
        let mut way = vec![ROOT];
        for step in steps {
            way.push(self.child(way[way.len() - 1], step));
        }
        let end = usize::from(way[way.len() - 1]);
        if let Some(path) = self.nodes[end].path {
            return path;
        }
        let path = self.len;
        self.len += 1;
        self.nodes[end].path = Some(path);
        way.into_iter().for_each(|node| self.nodes[usize::from(node)].paths_below.push(path));
        path
    }

    /// The number of this path, if it was added.
    pub fn find(&self, steps: &[Step]) -> Option<PathId> {
        let next = |node: NodeId, step: &Step| {
            let children = &self.nodes[usize::from(node)].children;
            children.iter().find(|child| child.0 == *step).map(|child| child.1)
        };
        self.nodes[usize::from(steps.iter().try_fold(ROOT, next)?)].path
    }

    fn child(&mut self, parent: NodeId, step: &Step) -> NodeId {
        let node = &self.nodes[usize::from(parent)];
        if let Some(child) = node.children.iter().find(|child| child.0 == *step) {
            return child.1;
        }
        let is_wildcard = matches!(step, Step::AnyMember | Step::AnyElement);
        let is_under_wildcard = node.is_under_wildcard || is_wildcard;
        let child = NodeId::try_from(self.nodes.len()).expect("a pattern's length bounds its steps");
        self.nodes.push(Node { is_under_wildcard, ..Node::default() });
        self.nodes[usize::from(parent)].children.push((step.clone(), child));
        child
    }
}

struct Walk<'w, 'm, C> {
    scanner: &'w mut Scanner<'m>,
    paths: &'w Paths,
    collector: &'w mut C,
}

impl<'m, C: Collector<'m>> Walk<'_, 'm, C> {
    /// Passes the value that stands at `nodes`. Called for each step of a path: [`DEPTH_MAX`] bounds it.
    fn value(&mut self, nodes: &Nodes, depth: usize) -> Result<(), Broken> {
        let has_steps = nodes.iter().any(|node| !self.node(*node).children.is_empty());
        let start = self.scanner.position();
        let value = match self.scanner.peek() {
            Some(b'{' | b'[') if has_steps && depth >= DEPTH_MAX => return Err(Broken),
            Some(b'{') if has_steps => {
                self.members(nodes, depth + 1)?;
                Value { kind: Kind::Object, written: self.scanner.since(start) }
            }
            Some(b'[') if has_steps => {
                self.elements(nodes, depth + 1)?;
                Value { kind: Kind::Array, written: self.scanner.since(start) }
            }
            _ => self.scanner.value(depth)?,
        };
        for path in nodes.iter().filter_map(|node| self.paths.nodes[usize::from(*node)].path) {
            self.collector.collect(path, value);
        }
        Ok(())
    }

    fn members(&mut self, nodes: &Nodes, depth: usize) -> Result<(), Broken> {
        let Self { scanner, paths, collector } = self;
        scanner.members(|scanner, key| {
            let key = key.text().unwrap_or(Cow::Borrowed(""));
            let leads_there = |step: &Step| match step {
                Step::Member(name) => **name == *key,
                Step::AnyMember => true,
                Step::Element(_) | Step::AnyElement => false,
            };
            let children = children(paths, nodes, leads_there);
            for node in children.iter().map(|child| &paths.nodes[usize::from(*child)]) {
                if !node.is_under_wildcard {
                    collector.forget(&node.paths_below);
                }
            }
            Walk { scanner, paths, collector: &mut **collector }.child(&children, depth)
        })
    }

    fn elements(&mut self, nodes: &Nodes, depth: usize) -> Result<(), Broken> {
        let Self { scanner, paths, collector } = self;
        scanner.elements(|scanner, index| {
            let leads_there = |step: &Step| match step {
                Step::Element(wanted) => *wanted == index,
                Step::AnyElement => true,
                Step::Member(_) | Step::AnyMember => false,
            };
            let children = children(paths, nodes, leads_there);
            Walk { scanner, paths, collector: &mut **collector }.child(&children, depth)
        })
    }

    fn child(&mut self, nodes: &Nodes, depth: usize) -> Result<(), Broken> {
        if nodes.is_empty() { self.scanner.value(depth).map(drop) } else { self.value(nodes, depth) }
    }

    fn node(&self, node: NodeId) -> &Node {
        &self.paths.nodes[usize::from(node)]
    }
}

fn children(paths: &Paths, nodes: &Nodes, leads_there: impl Fn(&Step) -> bool) -> Nodes {
    let all = nodes.iter().flat_map(|node| &paths.nodes[usize::from(*node)].children);
    all.filter(|child| leads_there(&child.0)).map(|child| child.1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Log(Vec<(PathId, String)>);

    impl<'m> Collector<'m> for Log {
        fn collect(&mut self, path: PathId, value: Value<'m>) {
            self.0.push((path, value.written.to_owned()));
        }

        fn forget(&mut self, paths: &[PathId]) {
            self.0.retain(|found| !paths.contains(&found.0));
        }
    }

    fn member(name: &str) -> Step {
        Step::Member(name.into())
    }

    /// The paths `a`, `a.b`, `a[1]`, `*.b` and `a[*].b` in this order.
    fn check(text: &str) -> Option<String> {
        let mut paths = Paths::new();
        let all = [
            vec![member("a")],
            vec![member("a"), member("b")],
            vec![member("a"), Step::Element(1)],
            vec![Step::AnyMember, member("b")],
            vec![member("a"), Step::AnyElement, member("b")],
        ];
        for (number, steps) in (0..).zip(&all) {
            assert_eq!(paths.add(steps), number);
            assert_eq!((paths.add(steps), paths.find(steps)), (number, Some(number)));
        }
        assert_eq!((paths.len(), paths.find(&[member("b")])), (5, None));
        let mut log = Log::default();
        walk(text, &paths, &mut log).ok()?;
        Some(log.0.iter().map(|(path, text)| format!("{path}={text}")).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn all_paths_are_followed_in_one_pass() {
        let cases = [
            (r#"{"a":1,"b":2}"#, Some("0=1")),
            (r#"{"a":{"b":"x","c":[1]},"z":{"b":true}}"#, Some(r#"1=x 3=x 0={"b":"x","c":[1]} 3=true"#)),
            (r#"{"a":[{"b":1},{"b":2},7]}"#, Some(r#"4=1 4=2 2={"b":2} 0=[{"b":1},{"b":2},7]"#)),
            (r#"{"\u0061":{"b":null}}"#, Some(r#"1=null 3=null 0={"b":null}"#)),
            // The last of equal keys counts, also when it lacks what the first one had; under a wildcard each counts.
            (r#"{"a":1,"a":2}"#, Some("0=2")),
            (r#"{"a":{"b":1},"a":[]}"#, Some("3=1 0=[]")),
            (r#"{"x":{"b":1},"x":{"b":2}}"#, Some("3=1 3=2")),
            ("[1]", Some("")),
            ("5", None),
            (r#"{"a":1"#, None),
            (r#"{"a":1} x"#, None),
        ];
        for (text, expected) in cases {
            assert_eq!(check(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn long_paths_meet_the_limit_of_depth() {
        let steps = vec![member("a"); DEPTH_MAX + 10];
        let mut paths = Paths::new();
        paths.add(&steps[..DEPTH_MAX]);
        for (depth, expected) in [(DEPTH_MAX, Ok(())), (DEPTH_MAX + 1, Err(Broken)), (100_000, Err(Broken))] {
            let text = format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
            assert_eq!(walk(&text, &paths, &mut Log::default()), expected, "{depth}");
        }
    }
}
