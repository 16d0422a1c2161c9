//! Models of tables: learning, the same bits again, files, and what is refused.

use std::fmt::Write as _;

use tegmentum::random::Key;
use tegmentum_applied::table::{ReadOptions, Table};
use tegmentum_applied::tabular::{Fitted, LearnerKind, Predictions, TabularModel, TaskKind, fit};

fn table(text: &str) -> Table {
    Table::from_csv(text.as_bytes(), "data.csv", &ReadOptions::default()).unwrap()
}

/// Points in a square: inside of a ring or not, and the distance from its middle; a colour that says nothing.
fn ring(rows: usize, seed: u64) -> Table {
    let mut stream = Key::from_seed(seed).stream();
    let mut text = "x,y,colour,inside,distance\n".to_owned();
    for _ in 0..rows {
        let (x, y) = (2.0 * stream.uniform() - 1.0, 2.0 * stream.uniform() - 1.0);
        let (distance, colour) = (x.hypot(y), ["red", "blue", "NA"][stream.below(3)]);
        writeln!(text, "{x:.4},{y:.4},{colour},{},{distance:.4}", if distance < 0.8 { "yes" } else { "no" }).unwrap();
    }
    table(&text)
}

fn classified(seed: u64, learner: LearnerKind) -> Fitted {
    let data = ring(400, 7);
    let exclude = ["distance".to_owned()];
    fit(&data, "inside").exclude(&exclude).hidden(&[16]).learner(learner).seed(seed).evaluations(12_000).run().unwrap()
}

/// A straight line has about half of the rows right; ten seeds each, and each of them clearly more.
#[test]
fn what_no_line_separates_is_learned_by_forward_passes() {
    for learner in [LearnerKind::NodePerturbation, LearnerKind::Dopamine] {
        let accuracies: Vec<f64> = (0..10).map(|seed| classified(seed, learner).report.scores[0].value).collect();
        let mean = accuracies.iter().sum::<f64>() / 10.0;
        assert!(mean > 0.85, "{}: {accuracies:?}", learner.name());
        let report = classified(0, learner).report;
        let linear = report.scores.iter().find(|score| score.name.starts_with("logistic")).unwrap();
        assert!(linear.value < 0.7, "{linear:?}");
        assert!(report.advice[0].starts_with("Use the network") || report.advice[0].contains("neighbours"));
        assert_eq!(report.importance.last().unwrap().column, "colour");
    }
}

#[test]
fn a_number_is_predicted_in_its_own_unit() {
    let data = ring(300, 8);
    let exclude = ["inside".to_owned()];
    for seed in 0..10 {
        let fitted = fit(&data, "distance").exclude(&exclude).seed(seed).evaluations(8_000).run().unwrap();
        let (scores, report) = (&fitted.report.scores, &fitted.report);
        assert_eq!((report.task, report.metric), (TaskKind::Regression, "root_mean_square_error"));
        let mean = scores.iter().find(|score| score.name == "mean").unwrap();
        assert!(scores[0].value < 0.5 * mean.value, "{scores:?}");
        assert!(scores[0].ci95[0] < scores[0].value && scores[0].value < scores[0].ci95[1]);
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_with_any_number_of_threads() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let data = ring(200, 9);
        pool.install(|| {
            let fitted = fit(&data, "inside").hidden(&[4, 3]).balanced(true).evaluations(900).seed(5).run().unwrap();
            (fitted.model.to_bytes().unwrap(), fitted.report, fitted.test)
        })
    };
    let one = run(1);
    assert_eq!(one, run(2));
    let data = ring(200, 9);
    let other = fit(&data, "inside").hidden(&[4, 3]).balanced(true).evaluations(900).seed(6).run().unwrap();
    assert_ne!(one.0, other.model.to_bytes().unwrap());
}

#[test]
fn the_model_that_was_judged_is_the_model_that_is_handed_over() {
    let data = ring(200, 10);
    let fitted = fit(&data, "inside").hidden(&[4]).evaluations(600).run().unwrap();
    let (Predictions::Classes(all), Predictions::Classes(test)) = (fitted.model.predict(&data).unwrap(), &fitted.test)
    else {
        panic!("classes")
    };
    for (index, &row) in fitted.test_rows.iter().enumerate() {
        assert_eq!(all.probabilities(row), test.probabilities(index));
        assert!((all.probabilities(row).iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }
    let rows = fitted.report.rows;
    assert_eq!([rows.test, rows.train + rows.validation + rows.test], [fitted.test_rows.len(), 200]);
    let counted: u64 = fitted.report.confusion.iter().flatten().sum();
    assert_eq!(counted as usize, rows.test);
}

#[test]
fn a_file_gives_the_same_predictions_bit_for_bit() {
    let data = ring(200, 11);
    let folder = tempfile::tempdir().unwrap();
    for target in ["inside", "distance"] {
        let model = fit(&data, target).hidden(&[5]).evaluations(300).run().unwrap().model;
        let path = folder.path().join("model.safetensors");
        model.save(&path).unwrap();
        let again = TabularModel::load(&path).unwrap();
        assert_eq!(again.predict(&data).unwrap(), model.predict(&data).unwrap());
        assert_eq!(again.to_bytes().unwrap(), model.to_bytes().unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing half-written");
    }
}

/// A file that the first version of the format wrote is read for ever.
#[test]
fn format_1_is_read_and_predicts_what_it_did() {
    let bytes = include_bytes!("../fixtures/format-1.safetensors");
    let model = TabularModel::from_bytes(bytes, "format-1.safetensors").unwrap();
    assert_eq!((model.target(), model.provenance().seed), ("kind", 3));
    let new = table("size,colour\n0.5,red\n,blue\n7.5,green\n");
    let Predictions::Classes(classes) = model.predict(&new).unwrap() else { panic!("classes") };
    assert_eq!(classes.names(), ["a", "b", "c"]);
    let bits: Vec<u32> = (0..3).flat_map(|row| classes.probabilities(row).iter().map(|p| p.to_bits())).collect();
    assert_eq!(bits, FORMAT_1);
}

const FORMAT_1: [u32; 9] = [
    1_065_056_006,
    1_016_088_047,
    953_767_425,
    1_057_609_010,
    996_811_694,
    1_055_555_926,
    971_147_475,
    1_019_861_731,
    1_064_932_568,
];

#[test]
fn files_that_are_no_models_are_refused_in_one_line() {
    let good = include_bytes!("../fixtures/format-1.safetensors").as_slice();
    let refused = |bytes: &[u8]| {
        let error = TabularModel::from_bytes(bytes, "m").unwrap_err().to_string();
        assert!(error.len() < 300 && !error.contains('\n'), "{error}");
        error
    };
    assert!(refused(b"").contains("not a model"));
    assert!(refused(b"a,b\n1,2\n").contains("not a model"));
    assert_eq!(refused(&good[..good.len() - 1]), "m: damaged: the end of the file is missing");
    for length in 0..good.len() {
        refused(&good[..length]);
    }
    let changed = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len(), "offsets stay");
        let place = good.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        let mut bytes = good.to_vec();
        bytes[place..place + from.len()].copy_from_slice(to.as_bytes());
        refused(&bytes)
    };
    let newer = changed(r#"\"format\":1"#, r#"\"format\":2"#);
    assert_eq!(newer, "m: made by a newer version: format 2, this program reads up to 1");
    assert!(changed("tabular", "modular").contains("a model of kind \"modular\""));
    assert!(
        changed(r#"\"hidden\":[3]"#, r#"\"hidden\":[4]"#)
            .contains("tensor layer1.weights is F32 [5, 3], must be F32 [5, 4]")
    );
    assert!(changed(r#"\"hidden\":[3]"#, r#"\"hidden\":[0]"#).contains("hidden units = 0"));
    assert!(changed("layer1.bias", "layer1.bios").contains("tensor layer1.bias is missing"));
    assert!(changed(r#"\"hidden\""#, r#"\"hiding\""#).contains("unknown field `hiding`"));
    let mut bytes = good.to_vec();
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    assert_eq!(refused(&bytes), "m: damaged: a weight is NaN or infinite");
}

#[test]
fn tables_that_cannot_be_learned_are_refused_in_one_line() {
    let refused = |text: &str, target: &str| {
        let data = table(text);
        let error = fit(&data, target).evaluations(10).run().unwrap_err().to_string();
        assert!(error.len() < 300, "{error}");
        error
    };
    let rows = |row: &dyn Fn(usize) -> String| (0..30).map(row).collect::<String>();
    let classes = format!("x,c\n{}", rows(&|row| format!("{},{}\n", row * row, ["a", "b"][row % 2])));
    assert!(refused(&classes, "d").contains("no such column: the table has \"x\", \"c\""));
    assert!(refused("x,c\n1,a\n2,b\n", "c").contains("2 rows have a target: must be 20 or more"));
    let rare = format!("{classes}5,rare\n");
    let expected = "data.csv, line 32, column c: class \"rare\" has 1 rows: must have 5 or more; leave it out";
    assert_eq!(refused(&rare, "c"), expected);
    let constant = format!("x,c\n{}", rows(&|row| format!("{row},1.5\n")));
    assert!(refused(&constant, "c").contains("the target is constant"));
    let alone = format!("x,c\n{}", rows(&|row| format!("7,{}\n", row % 2)));
    assert!(refused(&alone, "c").contains("no column is left to learn from"));
    let days = format!("x,c\n{}", rows(&|row| format!("{},2024-01-{:02}\n", row % 3, row + 1)));
    assert!(refused(&days, "c").contains("must be numbers or categories"));
    let data = table(&classes);
    let error = |fit: tegmentum_applied::tabular::Fit<'_>| fit.run().unwrap_err().to_string();
    assert!(error(fit(&data, "c").task(TaskKind::Regression)).contains("\"a\": must be a number for a regression"));
    assert!(error(fit(&data, "c").hidden(&[0])).contains("hidden units = 0: must be between 1 and 4096"));
    assert!(error(fit(&data, "c").hidden(&[4096; 5])).contains("parameters of the network"));
    assert!(error(fit(&data, "c").evaluations(0)).contains("evaluations = 0: must be at least 1"));
    assert!(error(fit(&data, "c").exclude(&["c".to_owned()])).contains("the target cannot be excluded"));
    assert!(error(fit(&data, "x").balanced(true)).contains("a number has no classes"));
}

#[test]
fn values_of_any_size_are_survived() {
    let rows: Vec<String> = (0..40).map(|row| format!("{}e{},{}", row - 20, (row * 15) - 300, row % 2)).collect();
    let text = rows.join("\n");
    for (learner, target) in [(LearnerKind::NodePerturbation, "c"), (LearnerKind::Dopamine, "x")] {
        let data = table(&format!("x,c\n{text}"));
        let fitted = fit(&data, target).learner(learner).evaluations(60).run().unwrap();
        match fitted.model.predict(&data).unwrap() {
            Predictions::Classes(classes) => assert!(classes.probabilities(0).iter().all(|p| p.is_finite())),
            Predictions::Numbers(numbers) => assert!(numbers.iter().all(|number| number.is_finite())),
        }
    }
}
