//! The foreign writer, who changes the target while the push runs.

use super::object::{Object, Spelling};
use super::server::Server;

impl Server<'_> {
    /// Lets the foreign writer act, with the probability of the seed's switch.
    pub(super) fn meddle(&mut self) {
        if !self.random.percent(self.switches.foreign) {
            return;
        }
        let mut object = self.stranger();
        match self.random.below(12) {
            0..=3 => object.type_id = 99,
            4 | 5 => {}
            6 => return self.remove_one(),
            7 => return self.edit_one(),
            like => {
                let Some(desired) = self.some_desired() else {
                    return;
                };
                self.has_twin = true;
                match like {
                    8 => object = desired,
                    9 => object = Object { url: 77, ..desired },
                    10 => {
                        object = Object {
                            name: 900,
                            ..desired
                        }
                    }
                    _ => {
                        // Moved here from elsewhere, with the date of its original creation.
                        return self.add_moved(desired);
                    }
                }
            }
        }
        self.add(object, None);
    }

    fn stranger(&mut self) -> Object {
        Object {
            name: 500 + u16::try_from(self.random.below(50)).unwrap_or_default(),
            spelling: Spelling::Plain,
            type_id: 1 + self.random.below(3),
            url: 50,
            uuid: 50,
        }
    }

    fn some_desired(&mut self) -> Option<Object> {
        (!self.desired.is_empty()).then(|| self.random.pick(&self.desired))
    }

    fn remove_one(&mut self) {
        if !self.webhooks.is_empty() {
            let at = self.random.place(self.webhooks.len());
            self.webhooks[at].is_removed = true;
        }
    }

    fn edit_one(&mut self) {
        if !self.webhooks.is_empty() {
            let at = self.random.place(self.webhooks.len());
            let object = Object {
                url: 66,
                ..self.webhooks[at].object
            };
            self.change(at, object);
            self.webhooks[at].is_edited = true;
        }
    }
}
