//! The tasks, one file each. The contract is in [`task`](crate::data::task).
//!
//! In a series every row is predicted from the rows before it.
//!
//! | task | data | loss | judged on |
//! |---|---|---|---|
//! | [`xor`] | 4 patterns, or noisy copies | mean squared error | the 4 patterns |
//! | [`parity`] | all 2ⁿ patterns | mean squared error | the same |
//! | [`hidden_parity`] | patterns in noise | cross-entropy | other patterns |
//! | [`lorenz`], [`rossler`], [`mackey_glass`], [`henon`] | a recorded series | mean squared error | later rows |
//! | [`digits`] | 1437 images | cross-entropy | 360 other images |
//! | [`images`] | generated images | cross-entropy | other images |
//! | [`labelled`] | a user's table | cross-entropy | other rows |
//! | [`series`] | a user's series | mean squared error | later rows |

mod chaos;
pub mod digits;
pub mod henon;
pub mod hidden_parity;
pub mod images;
pub mod labelled;
pub mod lorenz;
pub mod mackey_glass;
pub mod parity;
pub mod rossler;
pub mod series;
mod standardise;
mod table;
pub mod xor;

use crate::data::task::TaskSettings;

tegmentum_engine::named_settings! {
    /// Which task, with its settings. A task is registered by a line here.
    ///
    /// # Example
    /// ```
    /// use tegmentum::data::tasks::TaskConfig;
    ///
    /// let config: TaskConfig = toml::from_str("[lorenz]\nrho = 35.0")?;
    /// assert_eq!(config.name(), "lorenz");
    /// assert!(toml::from_str::<TaskConfig>("[lorenz]\nroh = 35.0").is_err());
    /// # Ok::<(), toml::de::Error>(())
    /// ```
    pub enum TaskConfig: dyn TaskSettings = "task" {
        Xor(xor::XorConfig),
        Parity(parity::ParityConfig),
        HiddenParity(hidden_parity::HiddenParityConfig),
        Lorenz(lorenz::LorenzConfig),
        Rossler(rossler::RosslerConfig),
        MackeyGlass(mackey_glass::MackeyGlassConfig),
        Henon(henon::HenonConfig),
        Digits(digits::DigitsConfig),
        Images(images::ImagesConfig),
        Labelled(labelled::LabelledConfig),
        Series(series::SeriesConfig),
    }
}

/// The contract of a task, for every task in the registry.
#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::TaskConfig;
    use crate::data::task::{ExampleSet, Examples, Problem, Series};
    use crate::error::Error;
    use crate::random::Key;

    /// The default of each task; those that need a file are given `path`.
    fn registered(path: &std::path::Path) -> Vec<TaskConfig> {
        let config = |config| match config {
            TaskConfig::Series(config) => {
                TaskConfig::Series(super::series::SeriesConfig { path: path.into(), ..config })
            }
            TaskConfig::Labelled(config) => TaskConfig::Labelled(super::labelled::LabelledConfig {
                path: path.into(),
                target: "first".to_owned(),
                ..config
            }),
            other => other,
        };
        TaskConfig::registry().into_iter().map(config).collect()
    }

    fn table() -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut text = "first,second\n".to_owned();
        for row in 0..1000 {
            writeln!(text, "{},{}", f64::from(row % 7), f64::from(row).sqrt()).unwrap();
        }
        std::fs::write(file.path(), text).unwrap();
        file
    }

    fn check_examples(examples: &Examples) {
        let check = |set: &ExampleSet| {
            let count = set.inputs.len() / examples.num_inputs;
            assert!(count > 0);
            assert_eq!(set.inputs.len(), count * examples.num_inputs);
            assert_eq!(set.targets.len(), count * examples.num_outputs);
            assert!(set.inputs.iter().chain(&set.targets).all(|value| value.is_finite()));
        };
        check(&examples.train);
        check(&examples.test);
        assert!(examples.batch.is_none_or(|batch| batch > 0));
    }

    fn check_series(series: &Series) {
        let channels = series.channels.len();
        let (train, test) = (&series.train, &series.test);
        assert!(train.start < train.end && train.end <= test.start && test.start < test.end);
        assert_eq!(series.values.len(), test.end * channels);
        assert!(train.len().min(test.len()) >= series.windows.rows());
        assert!(series.values.iter().all(|value| value.is_finite()));
        assert_eq!((series.mean.len(), series.standard_deviation.len()), (channels, channels));
        assert!(series.sampling_step > 0.0);
        for channel in 0..channels {
            let column = || series.values[..train.end * channels].iter().skip(channel).step_by(channels);
            let mean = column().map(|&value| f64::from(value)).sum::<f64>() / train.end as f64;
            let square = column().map(|&value| f64::from(value).powi(2)).sum::<f64>() / train.end as f64;
            assert!(mean.abs() < 1e-5 && (square - mean * mean - 1.0).abs() < 1e-5, "{mean} {square}");
        }
    }

    #[test]
    fn every_task_keeps_its_contract() {
        let file = table();
        for config in registered(file.path()) {
            let task = config.build().unwrap();
            let problem = task.problem(Key::from_seed(3)).unwrap();
            assert_eq!(problem, task.problem(Key::from_seed(3)).unwrap(), "same key, same bits");
            assert_eq!(problem, config.build().unwrap().problem(Key::from_seed(3)).unwrap(), "built again, same bits");
            assert!(problem.num_inputs() > 0 && problem.num_outputs() > 0);
            match &problem {
                Problem::Examples(examples) => check_examples(examples),
                Problem::Series(series) => check_series(series),
            }
        }
    }

    #[test]
    fn every_task_survives_a_study_file() {
        for config in registered("series.csv".as_ref()) {
            let text = toml::to_string(&config).unwrap();
            assert_eq!(toml::from_str::<TaskConfig>(&text).unwrap(), config, "{text}");
            let name = config.description().name;
            let short = format!("[{name}]");
            assert_eq!(toml::from_str::<TaskConfig>(&short).unwrap(), TaskConfig::from_name(name).unwrap());
            let error = toml::from_str::<TaskConfig>(&format!("[{name}]\nno_such_field = 1")).unwrap_err().to_string();
            assert!(error.contains("no_such_field") && error.contains("line 2"), "{error}");
        }
    }

    #[test]
    fn names_are_unique_and_found() {
        let descriptions: Vec<_> = TaskConfig::registry().iter().map(|task| task.description()).collect();
        let mut names: Vec<&str> = descriptions.iter().map(|task| task.name).collect();
        assert!(descriptions.iter().all(|task| !task.summary.is_empty() && !task.reference.is_empty()));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), descriptions.len());
        let error = TaskConfig::from_name("xnor").unwrap_err();
        assert!(matches!(&error, Error::UnknownName { kind: "task", .. }), "{error}");
        assert!(error.to_string().contains("mackey_glass"), "{error}");
    }
}
