//! Which items belong together? Lists by key, in the order in which the keys came.

use std::collections::HashMap;
use std::hash::Hash;

/// Lists by key. The map finds a list and is never walked.
#[derive(Debug)]
pub(crate) struct Gathered<K, T> {
    places: HashMap<K, usize>,
    lists: Vec<(K, Vec<T>)>,
}

impl<K: Clone + Eq + Hash, T> Gathered<K, T> {
    pub(crate) fn new() -> Self {
        Self { places: HashMap::new(), lists: Vec::new() }
    }

    /// The list of this key, new and empty if the key is.
    pub(crate) fn list(&mut self, key: K) -> &mut Vec<T> {
        let place = *self.places.entry(key.clone()).or_insert(self.lists.len());
        if place == self.lists.len() {
            self.lists.push((key, Vec::new()));
        }
        &mut self.lists[place].1
    }

    /// Every key with a list that is not empty.
    pub(crate) fn into_lists(self) -> impl Iterator<Item = (K, Vec<T>)> {
        self.lists.into_iter().filter(|(_, list)| !list.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_order_and_items_theirs() {
        let mut gathered = Gathered::new();
        for (key, item) in [("b", 1), ("a", 2), ("b", 3)] {
            gathered.list(key).push(item);
        }
        gathered.list("empty");
        let lists: Vec<_> = gathered.into_lists().collect();
        assert_eq!(lists, [("b", vec![1, 3]), ("a", vec![2])]);
    }
}
