//! Rows that are not as one would wish, and files that go on.

use super::*;
use crate::table::ReadOptions;

fn run(text: &str, learner: &mut StreamLearner) -> Result<Vec<Answer>> {
    let options = ReadOptions::default();
    let mut rows = Rows::new(std::io::Cursor::new(text.to_owned()), "s.csv".as_ref(), &options);
    let mut answers = Vec::new();
    while let Some((_, answer)) = rows.next_row(learner)? {
        answers.push(answer);
    }
    Ok(answers)
}

fn rows(from: u32, to: u32) -> String {
    let row = |row: u32| {
        let (x, colour) = (f64::from(row * 37 % 101) / 50.0 - 1.0, ["red", "blue", "green"][row as usize % 3]);
        format!("{x},{colour},{}\n", if (x > 0.0) == (colour == "red") { "no" } else { "yes" })
    };
    (from..to).map(row).collect()
}

#[test]
fn a_file_that_goes_on_says_what_one_learner_says() {
    let mut whole = StreamLearner::new("y", &[], 3);
    let all = run(&format!("x,colour,y\n{}", rows(0, 900)), &mut whole).unwrap();
    let mut first = StreamLearner::new("y", &[], 3);
    let mut said = run(&format!("x,colour,y\n{}", rows(0, 411)), &mut first).unwrap();
    let bytes = first.to_bytes(&StreamOrigin::default()).unwrap();
    let (mut second, _) = StreamLearner::from_bytes(&bytes, "m").unwrap();
    said.extend(run(&format!("x,colour,y\n{}", rows(411, 900)), &mut second).unwrap());
    assert_eq!(said, all);
    assert_eq!(second.score(), whole.score());
    assert_eq!(second.to_bytes(&StreamOrigin::default()).unwrap(), whole.to_bytes(&StreamOrigin::default()).unwrap());
    let [own, no_change, majority] = whole.score().accuracies();
    assert!(own > 0.8 && own > no_change + 0.2 && own > majority + 0.2, "{own} {no_change} {majority}");
}

#[test]
fn detectors_go_on_with_the_file_and_change_nothing_of_what_is_learned() {
    let watching = || {
        let mut learner = StreamLearner::new("y", &[], 3);
        learner.watch(&DetectorConfig::registry()).unwrap();
        learner
    };
    // The classes are exchanged.
    let exchanged = rows(800, 1600).replace("yes", "?").replace("no", "yes").replace('?', "no");
    let (header, text) = ("x,colour,y\n", rows(0, 800) + &exchanged);
    let mut whole = watching();
    let all = run(&format!("{header}{text}"), &mut whole).unwrap();
    let plain = run(&format!("{header}{text}"), &mut StreamLearner::new("y", &[], 3)).unwrap();
    let without = |answers: &[Answer]| -> Vec<Answer> {
        answers.iter().map(|answer| Answer { fired: Vec::new(), ..answer.clone() }).collect()
    };
    assert_eq!(without(&all), plain);
    for (place, config) in whole.detectors().iter().enumerate() {
        let fired: Vec<usize> = (0..all.len()).filter(|&row| all[row].fired.contains(&place)).collect();
        match config.name() {
            "never" => assert!(fired.is_empty()),
            "always" => assert_eq!(fired.len(), 1600),
            "periodic" => assert_eq!(fired, [499, 999, 1499]),
            // Its threshold is one of 50 errors more than usual.
            "page_hinkley" => {}
            name => assert!(fired.iter().any(|row| (800..1000).contains(row)), "{name}: {fired:?}"),
        }
    }
    for stop in [0, 1, 411, 803, 870] {
        let lines: Vec<&str> = text.lines().collect();
        let mut first = watching();
        let mut said = run(&format!("{header}{}\n", lines[..stop].join("\n")), &mut first).unwrap();
        let bytes = first.to_bytes(&StreamOrigin::default()).unwrap();
        let (mut second, _) = StreamLearner::from_bytes(&bytes, "m").unwrap();
        said.extend(run(&format!("{header}{}\n", lines[stop..].join("\n")), &mut second).unwrap());
        assert_eq!(said, all, "{stop}");
    }
}

#[test]
fn a_damaged_file_is_refused() {
    let mut learner = StreamLearner::new("y", &[], 3);
    learner.watch(&DetectorConfig::registry()).unwrap();
    run(&format!("x,colour,y\n{}", rows(0, 50)), &mut learner).unwrap();
    let bytes = learner.to_bytes(&StreamOrigin::default()).unwrap();
    for cut in [0, 10, bytes.len() / 2, bytes.len() - 1] {
        assert!(StreamLearner::from_bytes(&bytes[..cut], "m").is_err(), "{cut}");
    }
    for place in (0..bytes.len()).step_by(bytes.len() / 97) {
        let mut other = bytes.clone();
        other[place] ^= 1;
        // A letter of a name may be another one; what is read goes on without a panic.
        if let Ok((mut read, _)) = StreamLearner::from_bytes(&other, "m") {
            let _ = run(&format!("x,colour,y\n{}", rows(50, 60)), &mut read);
        }
    }
}

#[test]
fn whatever_comes_is_survived_or_named() {
    let start = rows(0, 60);
    for middle in [
        "0.5,violet,yes\n",
        "nan,red,no\n",
        "NaN,,\n",
        "1e50,red,yes\n",
        "text,red,yes\n",
        "\n   \n",
        "x,colour,y\n",
        "x,size,y\n0.5,7,yes\nx,colour,y\n",
        "0.1,red,maybe\n",
        "0.1,red,\n",
    ] {
        let mut learner = StreamLearner::new("y", &[], 1);
        let answers = run(&format!("x,colour,y\n{start}{middle}{}", rows(60, 100)), &mut learner);
        assert!(answers.is_ok_and(|answers| answers.len() >= 100), "{middle}");
    }
    for (middle, expected) in [
        ("0.5,red\n", "a row of 2 cells: must have 3"),
        ("1e999,red,yes\n", "between -1e100 and 1e100"),
        ("x,x,y\n", "two columns have this name"),
    ] {
        let mut learner = StreamLearner::new("y", &[], 1);
        let error = run(&format!("x,colour,y\n{start}{middle}"), &mut learner).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("62"), "{error}");
    }
    for (text, expected) in
        [("", "empty"), ("\n\n", "empty"), ("a,b\n1,2\n", "no such column"), ("y,y\n", "two columns")]
    {
        let mut learner = StreamLearner::new("y", &[], 1);
        let error = run(text, &mut learner).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let numbers = (0..200).map(|row| format!("1,{row}\n")).collect::<Vec<_>>().concat();
    let error = run(&format!("x,y\n{numbers}"), &mut StreamLearner::new("y", &[], 1)).unwrap_err();
    assert!(error.to_string().contains("more than 100 different values"), "{error}");
}

#[test]
fn a_column_that_appears_is_learned_from() {
    let mut learner = StreamLearner::new("y", &[], 1);
    let old = (0..300).map(|row| format!("1,{}\n", ["a", "b"][row * 7 % 11 % 2])).collect::<Vec<_>>().concat();
    let new = (0..600).map(|row| format!("1,{0},{0}\n", ["a", "b"][row * 7 % 11 % 2])).collect::<Vec<_>>().concat();
    let answers = run(&format!("constant,y\n{old}constant,hint,y\n{new}"), &mut learner).unwrap();
    let late = &answers[600..];
    let right = late.iter().filter(|answer| answer.predicted == answer.truth).count();
    assert!(right as f64 > 0.95 * late.len() as f64, "{right} of {}", late.len());
    assert_eq!(learner.predict(&["1", "b", ""]).unwrap().as_deref(), Some("b"));
}

#[test]
fn a_row_has_the_line_at_which_it_ends() {
    let of = |text: &str| -> Vec<u64> {
        let mut learner = StreamLearner::new("y", &[], 1);
        let mut rows = Rows::new(std::io::Cursor::new(text.to_owned()), "s.csv".as_ref(), &ReadOptions::default());
        std::iter::from_fn(|| rows.next_row(&mut learner).unwrap().map(|row| row.0)).collect()
    };
    let text = "\n\nx,y\n1,a\n\n \n2,b\nx,y\n\"3\n\",a\n\n4,a\n5,a";
    let expected = [4, 7, 10, 12, 13];
    assert_eq!(of(text), expected);
    assert_eq!(of(&format!("{text}\n\n")), expected);
    assert_eq!(of(&text.replace('\n', "\r\n")), expected);
    let lines = of(&format!("x,y\r\n{}", "1,a\r\n\r\n".repeat(5000)));
    assert_eq!(lines.len(), 5000);
    assert!(lines.iter().zip(0..).all(|(&line, row)| line == 2 + 2 * row), "{:?}", &lines[..5]);

    let mut learner = StreamLearner::new("y", &[], 1);
    let text = "x,y\r\n1,a\r\n\r\n1,2,3\r\n";
    let error = run(text, &mut learner).unwrap_err().to_string();
    assert!(error.contains("line 4"), "{error}");
}
