//! Which messages belong together: those that name each other in `References` and `In-Reply-To`, directly or over
//! others, and those that Google Takeout marks with one thread.

use std::collections::HashMap;

use super::message::Message;

/// Gives every message the id of its thread: the id of the thread's oldest message. `messages` are in their order.
pub(super) fn assign(messages: &mut [Message]) {
    let mut groups = Groups::default();
    for (index, message) in messages.iter().enumerate() {
        let own = groups.group_of(&format!("index:{index}"));
        let named = message.message_id.iter().chain(&message.references).map(|id| format!("id:{id}"));
        let marked = message.takeout_thread.iter().map(|thread| format!("takeout:{thread}"));
        for name in named.chain(marked) {
            let other = groups.group_of(&name);
            groups.join(own, other);
        }
    }

    let mut oldest: HashMap<usize, String> = HashMap::new();
    for (index, message) in messages.iter_mut().enumerate() {
        let own = groups.group_of(&format!("index:{index}"));
        let root = groups.root(own);
        message.thread_id = oldest.entry(root).or_insert_with(|| message.id.clone()).clone();
    }
}

/// Disjoint sets of names.
#[derive(Default)]
struct Groups {
    numbers: HashMap<String, usize>,
    parents: Vec<usize>,
}

impl Groups {
    fn group_of(&mut self, name: &str) -> usize {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.parents.len();
        self.parents.push(number);
        self.numbers.insert(name.to_owned(), number);
        number
    }

    fn root(&mut self, mut number: usize) -> usize {
        while self.parents[number] != number {
            self.parents[number] = self.parents[self.parents[number]];
            number = self.parents[number];
        }
        number
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.parents[other] = one;
    }
}
