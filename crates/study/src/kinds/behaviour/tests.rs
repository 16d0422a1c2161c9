use super::*;
use crate::logs::{Learned, Log};
use crate::replay::Replay;
use crate::run::run as run_study;

const STUDY: &str = r#"
    name = "worlds"
    title = "Small worlds"
    question = "Who does what?"
    kind = "behaviour"
    budget = 700
    seeds = { first = 100, count = 2 }
    [environment.reversal]
    [[arm]]
    name = "q"
    [arm.agent.q_learning]
    [[arm]]
    name = "full"
    [arm.agent.actor_critic]
    [arm.neuromodulation]
    preset = "mei-2025"
"#;

/// Logs the runs with seed 101.
struct Logging(std::path::PathBuf);

impl Monitor for Logging {
    fn expect(&self, _: &str, _: u64) {}

    fn advance(&self, _: u64) -> bool {
        true
    }

    fn log(&self, run: &LoggedRun<'_>) -> Option<Log> {
        (run.seed == 101).then(|| Log::Record(self.0.join(run.folder_name())))
    }
}

/// States of a log are those of a run that is made from its beginning, with what the curve of the study has at its points.
#[test]
fn logged_states_are_those_of_the_run() {
    let (study, folder) = (StudyConfig::from_toml(STUDY, "test").unwrap(), tempfile::tempdir().unwrap());
    let result = run_study(&study, false, &Logging(folder.path().to_owned())).unwrap();
    for arm in &study.arm {
        let place = folder.path().join(format!("{}.101", arm.name));
        let replay = Replay::open(&place).unwrap();
        let prepared = PreparedEnvironment::new(&study).unwrap();
        let mut behaviour = prepared.behaviour(arm, 101).unwrap();
        for update in 0..=700u64 {
            if update > 0 {
                behaviour.trial(stimuli(101).child(update - 1)).unwrap();
            }
            let is_point = update > 0 && update % interval(700) == 0;
            if !(update < 3 || update % 61 == 0 || is_point || update == 700) {
                continue;
            }
            let state = replay.at(update).unwrap();
            let expected = Archive::write(&mut behaviour).unwrap();
            let Learned::State { parameters, archive } = state.learned else { panic!("a model") };
            assert!(archive == expected && parameters == behaviour.agent().parameters(), "{}: {update}", arm.name);
            assert_eq!(state.levels, Some(behaviour.system().levels()));
            for row in result.records.iter().filter(|row| is_point && row.arm == arm.name && row.seed == 101) {
                let own = state.metrics.iter().find(|(name, _)| *name == row.metric);
                assert!(
                    row.x != update || own.is_none_or(|(_, value)| *value == row.value),
                    "{update}: {row:?}, {own:?}"
                );
            }
        }
        let bytes = std::fs::metadata(place.join("losses")).unwrap().len();
        assert!(bytes <= 16 * 700, "{bytes} bytes for 700 trials");
        replay.verify(&result.records).unwrap();
        let mut changed = result.records.clone();
        let row = changed.iter_mut().rfind(|row| row.arm == arm.name && row.seed == 101).unwrap();
        row.value += 1.0;
        assert!(replay.verify(&changed).unwrap_err().to_string().contains("records.csv has"));
    }
}
