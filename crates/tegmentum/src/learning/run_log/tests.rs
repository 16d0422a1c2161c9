use super::*;
use crate::learning::black_box_learner::BlackBoxLearner;
use crate::learning::group::Member;
use crate::learning::optimizers::OptimizerConfig;
use crate::model::objectives::BlackBox;
use std::sync::atomic::{AtomicU64, Ordering};

const P: usize = 30;

fn start() -> Vec<f32> {
    (0..P).map(|index| 0.1 * (index % 7) as f32 - 0.25).collect()
}

fn bowl(parameters: &[f32]) -> f64 {
    1.0 + parameters.iter().map(|&x| f64::from(x - 1.0) * f64::from(x - 1.0)).sum::<f64>()
}

fn build<'a>(config: &OptimizerConfig, objective: &'a dyn Objective, budget: u64) -> BlackBoxLearner<'a> {
    let optimizer = config.build(start(), Key::from_seed(1), budget).expect("builds");
    BlackBoxLearner::new(objective, optimizer)
}

fn optimizers() -> Vec<OptimizerConfig> {
    ["dopamine", "weight_perturbation", "spsa", "cma_es", "openai_es", "fzoo"]
        .into_iter()
        .filter_map(|name| toml::from_str(&format!("[{name}]")).ok())
        .collect()
}

/// A whole run; the bits of the learner's state after each update.
fn states(config: &OptimizerConfig, budget: u64) -> Vec<Vec<u8>> {
    struct All(Vec<Vec<u8>>);
    let objective = BlackBox::new(P, bowl);
    let mut learner = build(config, &objective, budget);
    let mut all = All(vec![Archive::write(&mut (&mut learner as &mut dyn Learner)).unwrap()]);
    let mut spent = 0;
    for update in 0.. {
        if spent >= budget {
            break;
        }
        spent += learner.update(Key::from_seed(2).child(update), &Modulation::default()).unwrap().evaluations;
        all.0.push(Archive::write(&mut (&mut learner as &mut dyn Learner)).unwrap());
    }
    all.0
}

/// Makes a run with a log, left and gone on with at each evaluation in `leaves`.
fn record(config: &OptimizerConfig, folder: &Path, budget: u64, room: usize, leaves: &[u64]) -> u64 {
    let spent = AtomicU64::new(0);
    let objective = BlackBox::new(P, |x: &[f32]| {
        spent.fetch_add(1, Ordering::Relaxed);
        bowl(x)
    });
    let mut saved: Option<Vec<u8>> = None;
    for leave in leaves.iter().copied().chain([u64::MAX]) {
        let log = RunLog::record(folder, b"bowl", room).unwrap();
        let logged = log.objective(&objective);
        let mut learner = build(config, &logged, budget);
        let mut marks = log.marks();
        let mut observers: [&mut dyn Observer; 1] = [&mut marks];
        let mut member = Member::new(&mut observers);
        if let Some(bytes) = &saved {
            Archive::read(bytes, &mut (&mut learner as &mut dyn Learner, &mut member)).unwrap();
        }
        let mut pause = || spent.load(Ordering::Relaxed) >= leave;
        if train_logged(Some(&log), &mut learner, Key::from_seed(2), budget, &mut member, &mut pause).unwrap() {
            saved = Some(Archive::write(&mut (&mut learner as &mut dyn Learner, &mut member)).unwrap());
            // What comes after the last saving is lost: it is told again.
            log.content().losses.append(&[0.5; 700]).unwrap();
            log.content().losses.flush().unwrap();
            continue;
        }
        log.finish(&mut learner, &member.finish()).unwrap();
        return log.ended().updates;
    }
    0
}

#[test]
fn every_state_is_had_again_without_the_objective() {
    let nothing = BlackBox::new(P, |_: &[f32]| panic!("the objective is evaluated"));
    let known = optimizers();
    assert!(known.len() >= 5, "{known:?}");
    for config in known {
        let folder = tempfile::tempdir().unwrap();
        let expected = states(&config, 3000);
        let updates = record(&config, folder.path(), 3000, ROOM, &[]);
        assert_eq!(expected.len() as u64, updates + 1, "{config:?}");
        let log = RunLog::open(folder.path()).unwrap();
        let (probes, kept, _) = log.sizes();
        assert!(kept <= MOST_STATES + 1 && kept as u64 >= updates.min(60), "{kept} states of {updates} updates");
        let bytes = std::fs::metadata(folder.path().join(LOSSES)).unwrap().len();
        assert!(bytes <= 16 * probes, "{bytes} bytes for {probes} probes");
        let objective = log.objective(&nothing);
        let mut stream = Key::from_seed(3).stream();
        for update in [0, 1, updates].into_iter().chain((0..50).map(|_| stream.below(updates as usize + 1) as u64)) {
            let mut learner = build(&config, &objective, 3000);
            let place = log.restore(&mut learner, Key::from_seed(2), update).unwrap();
            assert_eq!(place.updates, update);
            let state = Archive::write(&mut (&mut learner as &mut dyn Learner)).unwrap();
            assert!(state == expected[update as usize], "{config:?}: update {update}");
        }
        let mut learner = build(&config, &objective, 3000);
        assert!(log.restore(&mut learner, Key::from_seed(2), updates + 1).is_err());
    }
}

#[test]
fn a_log_that_goes_on_is_the_same_log() {
    let config: OptimizerConfig = toml::from_str("[dopamine]").unwrap();
    let (whole, left) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    record(&config, whole.path(), 3000, ROOM, &[]);
    record(&config, left.path(), 3000, ROOM, &[1, 5, 400, 401, 1999]);
    for file in [LOSSES, RUN] {
        let read = |folder: &tempfile::TempDir| std::fs::read(folder.path().join(file)).unwrap();
        assert!(read(&whole) == read(&left), "{file}");
    }
}

#[test]
fn states_keep_to_their_room() {
    let config: OptimizerConfig = toml::from_str("[dopamine]").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let expected = states(&config, 2000);
    let room = 5 * expected[0].len();
    let updates = record(&config, folder.path(), 2000, room, &[]);
    let log = RunLog::open(folder.path()).unwrap();
    let (_, kept, bytes) = log.sizes();
    assert!(
        (3..=6).contains(&kept) && bytes <= room + expected[0].len() + 64,
        "{kept} states, {bytes} bytes of {room}"
    );
    let nothing = BlackBox::new(P, |_: &[f32]| panic!("the objective is evaluated"));
    let objective = log.objective(&nothing);
    let mut learner = build(&config, &objective, 2000);
    log.restore(&mut learner, Key::from_seed(2), updates - 1).unwrap();
    assert!(Archive::write(&mut (&mut learner as &mut dyn Learner)).unwrap() == expected[updates as usize - 1]);
}

/// Checks a run against its log, as a whole.
fn verify(config: &OptimizerConfig, folder: &Path, budget: u64) -> Result<()> {
    let log = RunLog::open(folder)?;
    let nothing = BlackBox::new(P, |_: &[f32]| panic!("the objective is evaluated"));
    let objective = log.objective(&nothing);
    let mut learner = build(config, &objective, budget);
    let mut marks = log.marks();
    let mut observers: [&mut dyn Observer; 1] = [&mut marks];
    let mut member = Member::new(&mut observers);
    train_logged(Some(&log), &mut learner, Key::from_seed(2), budget, &mut member, &mut || false)?;
    log.finish(&mut learner, &member.finish())
}

#[test]
fn what_is_damaged_is_found() {
    let config: OptimizerConfig = toml::from_str("[dopamine]").unwrap();
    let folder = tempfile::tempdir().unwrap();
    record(&config, folder.path(), 3000, ROOM, &[]);
    verify(&config, folder.path(), 3000).unwrap();
    let other: OptimizerConfig = toml::from_str("[dopamine]\ndirections = 3").unwrap();
    let said = verify(&other, folder.path(), 3000).unwrap_err().to_string();
    assert!(said.contains("is not the run that was logged"), "{said}");
    let path = folder.path().join(LOSSES);
    let good = std::fs::read(&path).unwrap();
    for (place, part) in [(9, "block 0"), (4104 + 5, "block 1"), (good.len() - 1, "checksum")] {
        let mut bytes = good.clone();
        bytes[place] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let said = verify(&config, folder.path(), 3000).unwrap_err().to_string();
        assert!(said.contains(part) && said.contains("losses"), "{said}");
    }
    std::fs::write(&path, &good[..good.len() - 9]).unwrap();
    assert!(verify(&config, folder.path(), 3000).is_err());
    // A loss that was exchanged together with its checksum shows in the states.
    let mut bytes = good.clone();
    bytes[..8].copy_from_slice(&2.5f64.to_le_bytes());
    let sum = sealed::checksum(&bytes[..4096]).to_le_bytes();
    bytes[4096..4104].copy_from_slice(&sum);
    std::fs::write(&path, &bytes).unwrap();
    let said = verify(&config, folder.path(), 3000).unwrap_err().to_string();
    assert!(said.contains("is another one"), "{said}");
    std::fs::write(&path, &good).unwrap();
    let run = folder.path().join(RUN);
    let mut bytes = std::fs::read(&run).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&run, bytes).unwrap();
    assert!(verify(&config, folder.path(), 3000).unwrap_err().to_string().contains("damaged"));
}

/// A process that goes on and is killed before it has written anything leaves what the one before it wrote.
#[test]
fn going_on_takes_nothing_away_before_it_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(LOSSES);
    let all: Vec<f64> = (0..1300).map(f64::from).collect();
    let mut losses = Losses::write(&path).unwrap();
    losses.append(&all).unwrap();
    losses.flush().unwrap();
    for told in [1300, 700, 512, 3] {
        // Killed at once, and with a loss that never came to the disk.
        Losses::write(&path).unwrap().go_on(told).unwrap();
        let mut killed = Losses::write(&path).unwrap();
        killed.go_on(told).unwrap();
        killed.append(&[-1.0]).unwrap();
        drop(killed);
        let mut again = Losses::write(&path).unwrap();
        again.go_on(told).unwrap();
        again.flush().unwrap();
        let mut read = vec![0.0; told as usize];
        Losses::read(&path, told).unwrap().next(&mut read).unwrap();
        assert_eq!(read, all[..told as usize]);
        let blocks = told.div_ceil(512);
        assert_eq!(
            std::fs::metadata(&path).unwrap().len(),
            8 * (told + blocks),
            "nothing is left behind {told} losses"
        );
    }
}

/// A run by steps: a number that follows from itself, told to nobody.
#[derive(Debug)]
struct Walk(f64);

impl Archived for Walk {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        self.0.archive(archive)
    }
}

impl Walk {
    fn step(&mut self) -> f64 {
        self.0 = (3.9 * self.0) * (1.0 - self.0);
        // A step without a number is a step, too.
        if self.0 < 0.2 { f64::NAN } else { self.0 }
    }
}

/// Makes a run of 5000 steps, left and gone on with before some of them.
fn walked(folder: &Path, leaves: &[u64]) {
    let mut saved: Option<Vec<u8>> = None;
    for leave in leaves.iter().copied().chain([5000]) {
        let log = RunLog::record(folder, b"walk", ROOM).unwrap();
        let (mut walk, mut steps, mut number) = (Walk(0.3), Steps::new(Some(&log)), 0);
        steps.begin(&mut walk).unwrap();
        if let Some(bytes) = &saved {
            Archive::read(bytes, &mut (&mut walk, &mut steps, &mut number)).unwrap();
        }
        while number < leave {
            number += 1;
            let came = walk.step();
            if steps.note(number, 2 * number, came).unwrap() {
                steps.take(&mut walk).unwrap();
            }
        }
        saved = Some(Archive::write(&mut (&mut walk, &mut steps, &mut number)).unwrap());
        if leave == 5000 {
            steps.finish(&mut walk, (number, 2 * number), None).unwrap();
        }
    }
}

/// Makes the steps up to `update` again.
fn again(log: &RunLog, update: u64, mut walk: Walk) -> Result<(Place, Walk)> {
    let mut steps = Steps::new(Some(log));
    let mut place = log.nearest(&mut walk, update)?;
    while place.updates < update {
        let came = walk.step();
        place.updates += 1;
        steps.note(place.updates, 2 * place.updates, came)?;
    }
    Ok((place, walk))
}

#[test]
fn a_run_by_steps_is_had_again() {
    let (folder, left) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    walked(folder.path(), &[]);
    walked(left.path(), &[1, 7, 513, 514, 4999]);
    for file in [LOSSES, RUN] {
        let read = |folder: &tempfile::TempDir| std::fs::read(folder.path().join(file)).unwrap();
        assert!(read(&folder) == read(&left), "{file}");
    }
    let log = RunLog::open(folder.path()).unwrap();
    let ((numbers, kept, _), ended) = (log.sizes(), log.ended());
    assert_eq!((numbers, ended.updates, ended.evaluations), (5000, 5000, 10_000));
    assert!((60..=MOST_STATES + 1).contains(&kept), "{kept} states");
    let bytes = std::fs::metadata(folder.path().join(LOSSES)).unwrap().len();
    assert!(bytes <= 16 * numbers, "{bytes} bytes for {numbers} steps");
    let mut whole = Walk(0.3);
    for update in 0..=5000u64 {
        if update > 0 {
            whole.step();
        }
        if update < 3 || update % 397 == 0 || update == 5000 {
            let (place, walk) = again(&log, update, Walk(0.9)).unwrap();
            assert_eq!((place.updates, walk.0.to_bits()), (update, whole.0.to_bits()));
        }
    }
    assert!(again(&log, 5001, Walk(0.3)).unwrap_err().to_string().contains("the run made 5000 updates"));
}

#[test]
fn a_run_by_steps_that_is_another_one_is_told() {
    let folder = tempfile::tempdir().unwrap();
    walked(folder.path(), &[]);
    let verify = |begin: f64, change: u64| -> Result<()> {
        let log = RunLog::open(folder.path())?;
        let (mut walk, mut steps) = (Walk(begin), Steps::new(Some(&log)));
        steps.begin(&mut walk)?;
        for number in 1..=5000 {
            if number == change {
                walk.0 += 1e-12;
            }
            let came = walk.step();
            if steps.note(number, 2 * number, came)? {
                steps.take(&mut walk)?;
            }
        }
        steps.finish(&mut walk, (5000, 10_000), None)
    };
    verify(0.3, 0).unwrap();
    assert!(verify(0.31, 0).unwrap_err().to_string().contains("the state after update 0 is another one"));
    // Step 1234 has no number, changed or not.
    assert!(verify(0.3, 1234).unwrap_err().to_string().contains("step 1235 gave"));
}
