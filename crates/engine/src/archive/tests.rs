//! What was written is read as it was; anything else is refused.

use proptest::prelude::*;

use super::*;
use crate::random::{Key, Stream};

#[derive(Clone, Debug, Default, PartialEq)]
struct All {
    floats: Vec<f32>,
    doubles: [f64; 3],
    counts: (u64, usize, i32),
    flag: bool,
    name: String,
    nothing: Option<f64>,
    something: Option<Vec<u32>>,
    past: VecDeque<f64>,
    size: usize,
}
crate::archived!(All { floats, doubles, counts, flag, name, nothing, something, past } fixed { size });

struct Sized {
    weights: Vec<f32>,
}
crate::archived!(Sized {} sized { weights });

fn example() -> All {
    All {
        floats: vec![1.0, f32::NEG_INFINITY, -0.0],
        doubles: [f64::from_bits(0x7FF8_0000_0000_1234), 2.0, f64::MIN_POSITIVE],
        counts: (u64::MAX, 3, -4),
        flag: true,
        name: "ä".to_owned(),
        nothing: None,
        something: Some(vec![1, 2]),
        past: VecDeque::from([1.0, 2.0]),
        size: 9,
    }
}

#[test]
fn a_state_is_read_as_it_was_written() {
    let bytes = Archive::write(&mut example()).unwrap();
    let mut read = All { nothing: Some(1.0), size: 9, ..All::default() };
    Archive::read(&bytes, &mut read).unwrap();
    assert_eq!(read.doubles[0].to_bits(), 0x7FF8_0000_0000_1234);
    read.doubles[0] = 0.0;
    assert_eq!(read, All { doubles: [0.0, 2.0, f64::MIN_POSITIVE], ..example() });
    assert_eq!(read.floats[2].to_bits(), (-0.0f32).to_bits());
}

struct Parts {
    inner: Option<Sized>,
}
crate::archived!(Parts {} optional { inner });

#[derive(Clone, Copy, Debug, PartialEq)]
enum Colour {
    Red,
    Green,
}
crate::archived_choice!(Colour { Red, Green });

#[test]
#[ignore = "a measurement: cargo test --release -p tegmentum-engine ten_million -- --ignored --nocapture"]
fn ten_million_parameters_take_well_below_a_second() {
    let mut state = Sized { weights: vec![0.1; 10_000_000] };
    let begun = std::time::Instant::now();
    let bytes = Archive::write(&mut state).unwrap();
    Archive::read(&bytes, &mut state).unwrap();
    let elapsed = begun.elapsed();
    assert!(elapsed.as_secs_f64() < 0.5, "{elapsed:?}");
}

#[test]
fn choices_and_parts_are_those_of_the_configuration() {
    let mut read = Colour::Red;
    Archive::read(&Archive::write(&mut Colour::Green).unwrap(), &mut read).unwrap();
    assert_eq!(read, Colour::Green);
    assert!(Archive::read(&Archive::write(&mut 2u8).unwrap(), &mut read).is_err());
    let bytes = Archive::write(&mut Parts { inner: None }).unwrap();
    let mut other = Parts { inner: Some(Sized { weights: Vec::new() }) };
    assert!(Archive::read(&bytes, &mut other).unwrap_err().to_string().contains("expected inner, found none"));
}

#[test]
fn a_stream_goes_on() {
    let mut stream = Key::from_seed(3).stream();
    for _ in 0..7 {
        stream.next_u32();
    }
    let bytes = Archive::write(&mut stream).unwrap();
    let expected: Vec<u64> = (0..5).map(|_| stream.next_u64()).collect();
    let mut again: Stream = Key::from_seed(3).stream();
    Archive::read(&bytes, &mut again).unwrap();
    assert_eq!((0..5).map(|_| again.next_u64()).collect::<Vec<_>>(), expected);
}

#[test]
fn other_states_are_refused() {
    let bytes = Archive::write(&mut example()).unwrap();
    let error = |bytes: &[u8], value: &mut dyn Archived| Archive::read(bytes, value).unwrap_err().to_string();
    assert!(error(&bytes[..bytes.len() - 1], &mut All::default()).contains("damaged"));
    assert!(error(&bytes[..5], &mut All::default()).contains("ends too early"));
    assert!(error(&Archive::write(&mut (example(), 1u8)).unwrap(), &mut All::default()).contains("longer"));
    let two = Archive::write(&mut Sized { weights: vec![1.0; 2] }).unwrap();
    let found = error(&two, &mut Sized { weights: vec![1.0; 3] });
    assert!(found.contains("expected 3 values of weights, found 2"), "{found}");
    let stream = Archive::write(&mut Key::from_seed(1).stream()).unwrap();
    assert!(error(&stream, &mut All::default()).contains("something else stands where All"));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..100), at in 0usize..200, change in any::<u8>()) {
        // Behind a checksum that is right, as bytes of a foreign state would be.
        let sealed = |bytes: &[u8]| [bytes, &checksum(bytes).to_le_bytes()].concat();
        prop_assert!(Archive::read(&bytes, &mut All::default()).is_err());
        let _ = Archive::read(&sealed(&bytes), &mut All::default());
        let mut whole = Archive::write(&mut example()).unwrap();
        let at = at % whole.len();
        whole[at] ^= change;
        prop_assert_eq!(Archive::read(&whole, &mut All::default()).is_ok(), change == 0);
        let content = &whole[..whole.len() - 8];
        let _ = Archive::read(&sealed(content), &mut All::default());
        let _ = Archive::read(&sealed(&content[..at.min(content.len())]), &mut All::default());
    }
}
