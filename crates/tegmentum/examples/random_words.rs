//! Writes the words from which normal directions are made to standard output, for a test battery, until nobody reads:
//! `cargo run --release --example random_words -- keys|long SEED`, four bytes a word in the machine's order.
//!
//! `long`: block after block of one key. `keys`: 256 sibling keys in turn, a block of each: what a population uses.

use std::io::Write;
use std::process::ExitCode;

use tegmentum::random::Key;

const KEYS: u64 = 256;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [order, seed] = arguments.as_slice() else { return ExitCode::from(2) };
    let Ok(root) = seed.parse().map(Key::from_seed) else { return ExitCode::from(2) };
    let keys: Vec<Key> = match order.as_str() {
        "long" => vec![root],
        "keys" => (0..KEYS).map(|index| root.child(index)).collect(),
        _ => return ExitCode::from(2),
    };
    let mut output = std::io::stdout().lock();
    let mut bytes = Vec::with_capacity(16 * 256 * keys.len());
    for first in (0..).step_by(256) {
        bytes.clear();
        for index in first..first + 256 {
            for key in &keys {
                bytes.extend(key.direction_block(index).into_iter().flat_map(u32::to_ne_bytes));
            }
        }
        // A reader that has enough closes the pipe.
        if output.write_all(&bytes).is_err() {
            break;
        }
    }
    ExitCode::SUCCESS
}
