//! The world of a seed: the desired webhooks, those in the target already, and those that the server refuses.

use super::object::{Object, Spelling};
use super::random::Random;
use super::run::{DesiredWebhook, Simulation};

impl Simulation<'_> {
    /// Draws the desired webhooks, those in the target, and those that the server refuses.
    pub(super) fn draw(&mut self) {
        let server = &mut self.server;
        let most = server.random.pick(&[1, 2, 3, 6, 12, 12, 50]);
        let n = server.random.below(most + 1);
        let n_names = 1 + server.random.below(n * 3 + 1);
        let sameness = server.random.pick(&[0, 0, 30, 80]);
        for _ in 0..n {
            let object = match self.desired.len() {
                len if len > 0 && server.random.percent(sameness) => {
                    self.desired[server.random.place(len)].object
                }
                _ => draw_object(&mut server.random, n_names),
            };
            let is_delete = server.random.percent(server.switches.deletes);
            let mut known_id = None;
            if is_delete {
                let at = server.add(object, None);
                known_id = Some(server.webhooks[at].id);
            } else if server.random.percent(15) {
                let before = Object { url: 40, ..object };
                let at = server.add(before, None);
                known_id = Some(server.webhooks[at].id);
            } else {
                server.desired.push(object);
            }
            if server.random.percent(server.switches.poison) {
                server.poison.insert(object);
            }
            self.desired.push(DesiredWebhook {
                object,
                known_id,
                is_delete,
            });
        }
        for _ in 0..server.random.below(4) {
            let object = draw_object(&mut server.random, n_names);
            server.add(object, None);
        }
        server.now = 5_000_000 + server.random.below(1_000);
        server.show_all();
    }
}

fn draw_object(random: &mut Random, n_names: u64) -> Object {
    let small = |random: &mut Random, below| u16::try_from(random.below(below)).unwrap_or_default();
    Object {
        name: small(random, n_names),
        spelling: random.pick(&[
            Spelling::Plain,
            Spelling::Plain,
            Spelling::Plain,
            Spelling::Untidy,
        ]),
        type_id: 1 + random.below(3),
        url: small(random, 3),
        uuid: u32::from(small(random, 2)),
    }
}
