//! Tests of the whole procedure.

use super::*;
use tegmentum::random::Key;

fn series(rows: u32) -> Vec<f64> {
    let mut stream = Key::from_seed(5).stream();
    let mut level = 0.0;
    (0..rows)
        .map(|t| {
            level = 0.7 * level + f64::from(stream.normal());
            50.0 + 0.2 * f64::from(t) + 5.0 * f64::from(t % 4) + level
        })
        .collect()
}

/// The first test row of a series is predicted as the row behind the end of a series that ends before it.
#[test]
fn what_the_future_was_forecast_as_is_what_a_test_row_would_be() {
    let values = series(100);
    let config = ForecastConfig { horizon: 2, networks: 1, evaluations: 30, ..ForecastConfig::default() };
    let tested = config.fit(&values).unwrap();
    let ended = ForecastConfig { train_fraction: 1.0, ..config }.fit(&values[..70]).unwrap();
    for (tested, ended) in tested.horizons.iter().zip(&ended.horizons) {
        assert_eq!(tested.predicted[0], ended.future, "{} rows ahead", tested.ahead);
        let widths = tested.half_widths.each_ref().map(|widths| widths[0]);
        assert_eq!(widths, ended.future_half_widths, "{} rows ahead", tested.ahead);
    }
}

#[test]
fn later_rows_change_no_prediction_before_them() {
    let config = ForecastConfig { horizon: 2, networks: 1, evaluations: 30, ..ForecastConfig::default() };
    let values = series(100);
    let mut other = values.clone();
    other[85..].iter_mut().for_each(|value| *value += 30.0);
    let (one, two) = (config.fit(&values).unwrap(), config.fit(&other).unwrap());
    for (one, two) in one.horizons.iter().zip(&two.horizons) {
        let before = 85 - 70 - one.ahead;
        assert_eq!(one.predicted[..before], two.predicted[..before]);
        assert_eq!(one.half_widths.each_ref().map(|widths| widths[..before].to_vec()), {
            two.half_widths.each_ref().map(|widths| widths[..before].to_vec())
        });
    }
}

#[test]
fn a_forecast_follows_from_its_seed() {
    let config = ForecastConfig { horizon: 1, networks: 2, evaluations: 30, ..ForecastConfig::default() };
    let values = series(80);
    assert_eq!(config.fit(&values).unwrap(), config.fit(&values).unwrap());
}

/// Numbers of this version: a change of them belongs into the changelog.
#[test]
fn value_stability() {
    let config = ForecastConfig { horizon: 2, networks: 1, evaluations: 30, ..ForecastConfig::default() };
    let found = config.fit(&series(80)).unwrap();
    let close = |value: f64, known: f64| assert!((value / known - 1.0).abs() < 1e-9, "{value} is not {known}");
    close(found.horizons[0].future, 67.388_988_308_791_4);
    close(found.horizons[1].future, 72.256_772_820_480_44);
    close(found.horizons[1].future_half_widths[1], 3.539_411_727_088_53);
}

/// Against the last value on many seeds: never worse by a tenth, mostly better by half.
#[test]
fn a_trend_with_a_season_is_followed() {
    let config = ForecastConfig { horizon: 1, networks: 0, ..ForecastConfig::default() };
    let mut much_better = 0;
    for seed in 0..12 {
        let mut stream = Key::from_seed(seed).stream();
        let noise = 0.1 + 0.2 * seed as f64;
        let values: Vec<f64> =
            (0..90).map(|t| f64::from(t) + 8.0 * f64::from(t % 6) + noise * f64::from(stream.normal())).collect();
        let judged = config.fit(&values).unwrap().judge(&values).unwrap();
        let last = judged.scores.iter().find(|score| score.name == "the last value").unwrap();
        assert!(judged.scores[0].next < 1.1 * last.next, "{seed}: {:?}", judged.scores);
        much_better += usize::from(judged.scores[0].next < 0.5 * last.next);
    }
    assert!(much_better >= 10, "{much_better} of 12");
}

/// A series that follows an input, which is known, and its own past; and the input, for `ahead` rows more.
fn driven(rows: usize, ahead: usize, strength: f64, seed: u64) -> (Vec<f64>, Vec<f64>) {
    let mut stream = Key::from_seed(seed).stream();
    let input: Vec<f64> = (0..rows + ahead).map(|_| 30.0 + 4.0 * f64::from(stream.normal())).collect();
    let mut level = 0.0;
    let values = input[..rows].iter().map(|input| {
        level = 0.6 * level + f64::from(stream.normal());
        50.0 + strength * input + level
    });
    (values.collect(), input)
}

/// Where an input says what comes, the error nears that of the noise; where it says nothing, nothing is lost.
#[test]
fn known_inputs_are_used_where_they_help() {
    let config = ForecastConfig { horizon: 4, networks: 0, ..ForecastConfig::default() };
    let (mut gains, mut losses) = (Vec::new(), Vec::new());
    for seed in 0..12 {
        for (strength, ratios) in [(1.0, &mut gains), (0.0, &mut losses)] {
            let (values, input) = driven(120, 4, strength, seed);
            let known = [input];
            let with = config.fit(Data { values: &values, known: &known }).unwrap();
            let without = config.fit(&values).unwrap();
            let error = |forecast: &Forecast| forecast.judge(&values).unwrap().scores[0].all;
            ratios.push(error(&with) / error(&without));
        }
    }
    // 4 and 1.25 are the deviations that remain without and with the input, four rows ahead.
    assert!(gains.iter().all(|ratio| *ratio < 0.45), "{gains:?}");
    let mean = losses.iter().sum::<f64>() / losses.len() as f64;
    assert!(mean < 1.03 && losses.iter().all(|ratio| *ratio < 1.2), "{losses:?}");
}

/// Inputs of every difference and season: the same prediction for a test row and for the row behind the end, and exact where the
/// series is nothing but its input.
#[test]
fn known_inputs_of_the_row_that_is_predicted_count() {
    let (values, input) = driven(100, 3, 2.0, 7);
    let known = [input];
    let config = ForecastConfig { horizon: 3, networks: 1, evaluations: 30, ..ForecastConfig::default() };
    let tested = config.fit(Data { values: &values, known: &known }).unwrap();
    let ended = ForecastConfig { train_fraction: 1.0, ..config.clone() };
    let ended = ended.fit(Data { values: &values[..70], known: &known }).unwrap();
    for (tested, ended) in tested.horizons.iter().zip(&ended.horizons) {
        assert_eq!(tested.predicted[0], ended.future, "{} rows ahead", tested.ahead);
    }
    for seasonal in [0.0, 5.0] {
        let exact: Vec<f64> =
            (0..100).map(|t| 3.0 * known[0][t] + seasonal * (t % 5) as f64 + 0.2 * t as f64).collect();
        let season = (seasonal > 0.0).then_some(5);
        let config = ForecastConfig { season, networks: 0, ..config.clone() };
        let found = config.fit(Data { values: &exact, known: &known }).unwrap();
        for horizon in &found.horizons {
            let t = 99 + horizon.ahead;
            let truth = 3.0 * known[0][t] + seasonal * (t % 5) as f64 + 0.2 * t as f64;
            assert!((horizon.future - truth).abs() < 0.05, "{seasonal} {}: {} {truth}", horizon.ahead, horizon.future);
        }
    }
}

#[test]
fn known_inputs_that_cannot_be_used_are_refused() {
    let (values, input) = driven(60, 3, 1.0, 1);
    let config = ForecastConfig { horizon: 4, ..ForecastConfig::default() };
    let refused = |known: &[Vec<f64>]| config.fit(Data { values: &values, known }).unwrap_err().to_string();
    let short = refused(std::slice::from_ref(&input));
    assert!(short.contains("64"), "{short}");
    let mut broken = [input, vec![0.0]].concat();
    broken[10] = f64::NAN;
    assert!(refused(&[broken]).contains("finite in every row"));
    assert!(refused(&vec![vec![0.0; 64]; 51]).contains("50 at most"));
    // An input that does not vary says nothing.
    let config = ForecastConfig { networks: 0, ..config };
    let constant = config.fit(Data { values: &values, known: &[vec![1.0; 64]] }).unwrap();
    assert!(constant.horizons.iter().all(|horizon| horizon.future.is_finite()));
}

/// Series of every kind: with a trend, a season, positive or not, with known inputs, with networks that help.
fn series_of_every_kind() -> Vec<(Vec<f64>, Vec<Vec<f64>>)> {
    let (values, input) = driven(100, 4, 2.0, 3);
    let wave = (0..160).map(|t| (0.3 * f64::from(t)).sin() * (0.07 * f64::from(t)).cos());
    let positive = (0..90).map(|t| (0.02 * f64::from(t) + 0.3 * f64::from(t % 6) + 0.1 * f64::from(t * t % 7)).exp());
    vec![
        (series(100), Vec::new()),
        (wave.collect(), Vec::new()),
        (positive.collect(), Vec::new()),
        (values, vec![input]),
    ]
}

/// The model behind the rows that were learned says what was forecast, also when it was written and read.
#[test]
fn the_model_says_what_was_forecast() {
    let config = ForecastConfig { horizon: 4, networks: 2, evaluations: 60, ..ForecastConfig::default() };
    let mut with_networks = 0;
    for (values, known) in series_of_every_kind() {
        let forecast = config.fit(Data { values: &values, known: &known }).unwrap();
        let named = known.iter().map(|_| series::KnownInput { column: "x".to_owned(), level: None }).collect();
        let origin = Origin { known: named, seed: 1, ..Origin::default() };
        let bytes = forecast.model.to_bytes("y", &origin).unwrap();
        let file = ForecastModel::from_bytes(&bytes, "y.safetensors").unwrap();
        assert_eq!((&file.model, &file.origin, file.column.as_str()), (&forecast.model, &origin, "y"));
        let scale = values.iter().map(|value| value.abs()).fold(0.0, f64::max);
        for (predicted, horizon) in file.model.predict().iter().zip(&forecast.horizons) {
            let (found, expected) = (predicted.value, horizon.future);
            assert!((found - expected).abs() < 1e-7 * scale, "{}: {found} is not {expected}", horizon.ahead);
            assert_eq!(predicted.half_widths, horizon.future_half_widths);
        }
        with_networks += usize::from(!forecast.model.networks.is_empty());
    }
    assert!(with_networks > 0, "no series had a use for networks");
}

/// Rows that come later, all at once or one by one, beyond what the model keeps; and an error nearly as small as that of the forecast.
#[test]
fn a_model_goes_on_with_rows_that_come_later() {
    let config = ForecastConfig { horizon: 4, networks: 2, evaluations: 60, ..ForecastConfig::default() };
    for (values, known) in series_of_every_kind() {
        let learned = values.len() - 20;
        let forecast = config.fit(Data { values: &values[..learned], known: &known }).unwrap();
        let (mut once, mut by_one) = (forecast.model.clone(), forecast.model.clone());
        let later = |from: usize| known.iter().map(|input| input[from..].to_vec()).collect::<Vec<_>>();
        once.observe(Data { values: &values[learned..], known: &later(learned) }).unwrap();
        let (mut squares, mut naive) = (0.0, 0.0);
        for row in learned..values.len() {
            squares += (by_one.predict()[0].value - values[row]).powi(2);
            naive += (values[row - 1] - values[row]).powi(2);
            by_one.observe(Data { values: &values[row..=row], known: &later(row) }).unwrap();
        }
        assert_eq!(once, by_one);
        assert!(squares < naive, "{squares} {naive}");
    }
    // Beyond the rows that are kept, and as one that keeps all.
    let wave = |t: usize| 20.0 + (t % 6) as f64 + (0.1 * t as f64).sin();
    let values: Vec<f64> = (0..120).map(wave).collect();
    let mut model = config.fit(&values).unwrap().model;
    let more: Vec<f64> = (120..4000).map(wave).collect();
    model.observe(Data::from(&more)).unwrap();
    assert!(model.rows() == 4000 && model.last_values().len() < 1200);
    let mut other = model.clone();
    other.values = (4000 - 664..4000).map(wave).collect();
    for (one, two) in model.predict().iter().zip(other.predict()) {
        assert!((one.value - two.value).abs() < 1e-9, "{one:?} {two:?}");
    }
    assert!((model.predict()[3].value - wave(4003)).abs() < 0.3, "{:?} {}", model.predict()[3], wave(4003));
}

#[test]
fn what_a_model_cannot_take_in_is_refused_and_changes_nothing() {
    let (values, input) = driven(60, 4, 1.0, 1);
    let known = [input];
    let config = ForecastConfig { horizon: 4, networks: 0, ..ForecastConfig::default() };
    let mut model = config.fit(Data { values: &values, known: &known }).unwrap().model;
    let before = model.clone();
    let input = [vec![30.0; 5]];
    assert!(model.observe(Data { values: &[f64::NAN], known: &input }).is_err());
    assert!(model.observe(Data { values: &[1.0], known: &[] }).is_err());
    assert!(model.observe(Data { values: &[1.0, 2.0], known: &input }).is_err());
    assert!(model.observe(Data { values: &[1.0], known: &[vec![f64::INFINITY; 5]] }).is_err());
    assert_eq!(model, before);
    model.observe(Data { values: &[1.0], known: &input }).unwrap();
    assert_eq!(model.rows(), 61);
}

/// Files that were cut off or changed anywhere are refused, or still give numbers; nothing panics.
#[test]
fn damaged_files_are_refused() {
    let (values, input) = driven(60, 4, 1.0, 1);
    let known = [input];
    let config = ForecastConfig { horizon: 4, networks: 1, evaluations: 30, ..ForecastConfig::default() };
    let model = config.fit(Data { values: &values, known: &known }).unwrap().model;
    let named = vec![series::KnownInput { column: "x".to_owned(), level: None }];
    let bytes = model.to_bytes("y", &Origin { known: named, ..Origin::default() }).unwrap();
    let try_it = |bytes: &[u8]| {
        let Ok(mut file) = ForecastModel::from_bytes(bytes, "y.safetensors") else { return false };
        file.model.predict();
        let known = vec![vec![30.0; 1 + file.model.horizon()]; file.model.known_inputs()];
        file.model.observe(Data { values: &[31.0], known: &known }).unwrap();
        file.model.predict();
        true
    };
    assert!(try_it(&bytes));
    for end in [0, 7, 8, 100, bytes.len() / 2, bytes.len() - 1] {
        assert!(!try_it(&bytes[..end]), "{end}");
    }
    let mut stream = Key::from_seed(1).stream();
    let header = bytes.iter().rposition(|byte| *byte == b'}').unwrap_or(bytes.len());
    for _ in 0..3000 {
        let mut changed = bytes.clone();
        let place = stream.below(header.min(changed.len()));
        changed[place] = b"0123456789-.e,[]{}\":n"[stream.below(21)];
        try_it(&changed);
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(text.contains("\\\"format\\\":1"));
    let newer: Vec<u8> = {
        let place = bytes.windows(12).position(|part| part == b"\\\"format\\\":1").unwrap() + 11;
        let mut newer = bytes.clone();
        newer[place] = b'9';
        newer
    };
    let error = ForecastModel::from_bytes(&newer, "y.safetensors").unwrap_err().to_string();
    assert!(error.contains("made by a newer version: format 9"), "{error}");
}

/// What is never negative, and often zero: a forecast without bounds says what cannot be.
fn rain(rows: u32, seed: u64) -> Vec<f64> {
    let mut stream = Key::from_seed(seed).stream();
    (0..rows).map(|t| (2.0 * (0.3 * f64::from(t)).sin() + f64::from(stream.normal())).max(0.0)).collect()
}

/// With true bounds every value that was covered is covered, no interval leaves them, and errors are not larger; nothing that is
/// learned becomes another number.
#[test]
fn cutting_at_true_bounds_takes_nothing_from_coverage() {
    let mut cut = 0;
    for seed in 0..6 {
        let values = rain(150, seed);
        let free = ForecastConfig { horizon: 4, networks: 0, ..ForecastConfig::default() };
        let bounds = Bounds { minimum: Some(0.0), maximum: Some(50.0) };
        let bounded = ForecastConfig { bounds, ..free.clone() }.fit(&values).unwrap();
        let free = free.fit(&values).unwrap();
        assert_eq!(free.horizons, bounded.horizons);
        let (whole, judged) = (free.judge(&values).unwrap(), bounded.judge(&values).unwrap());
        assert_eq!(whole.covered, judged.covered);
        assert!(judged.scores[0].all <= whole.scores[0].all && judged.scores[0].next <= whole.scores[0].next);
        for horizon in &bounded.horizons {
            for (index, predicted) in horizon.predicted.iter().enumerate() {
                let value = values[bounded.learned + index + horizon.ahead - 1];
                for widths in &horizon.half_widths {
                    let half = widths[index];
                    let [low, high] = bounds.interval(*predicted, half);
                    assert!(0.0 <= low && low <= high && high <= 50.0);
                    let is_inside = (predicted - half..=predicted + half).contains(&value);
                    assert_eq!((low..=high).contains(&value), is_inside);
                    cut += usize::from(low > predicted - half);
                }
                assert!((value - bounds.cut(*predicted)).abs() <= (value - predicted).abs());
            }
        }
    }
    assert!(cut > 100, "only {cut} intervals were cut");
}

#[test]
fn a_model_keeps_its_bounds() {
    let values = rain(120, 7);
    let bounds = Bounds { minimum: Some(0.0), maximum: None };
    let config = ForecastConfig { horizon: 4, networks: 0, bounds, ..ForecastConfig::default() };
    let mut model = config.fit(&values).unwrap().model;
    let again = ForecastModel::from_bytes(&model.to_bytes("rain", &Origin::default()).unwrap(), "rain").unwrap().model;
    assert_eq!(again, model);
    let before = model.clone();
    let error = model.observe(Data::from(&[0.5, -0.25][..])).unwrap_err().to_string();
    assert!(error.contains("row 2 of the new rows") && error.contains("is -0.25, below the minimum of 0"), "{error}");
    assert_eq!(model, before, "nothing is taken in");
    model.observe(Data::from(&[0.0, 0.0, 0.0][..])).unwrap();
    for one in model.predict() {
        assert!(one.value >= 0.0 && one.intervals.iter().all(|[low, high]| 0.0 <= *low && low <= high), "{one:?}");
        assert_eq!(one.intervals[1][1], one.intervals[1][1].max(one.value));
    }
    // A model without bounds is the file that it was.
    let free = ForecastConfig { bounds: Bounds::default(), ..config }.fit(&values).unwrap().model;
    let bytes = free.to_bytes("rain", &Origin::default()).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("minimum"));
}

#[test]
fn bounds_that_are_none_are_refused() {
    let values = rain(60, 1);
    let refused = |minimum: Option<f64>, maximum: Option<f64>| {
        let bounds = Bounds { minimum, maximum };
        ForecastConfig { bounds, networks: 0, ..ForecastConfig::default() }.fit(&values).unwrap_err().to_string()
    };
    let (row, value) = values.iter().enumerate().find(|(_, value)| **value > 1.0).unwrap();
    let expected =
        format!("row {} of the series cannot be used with a forecast: it is {value}, above the maximum of 1", row + 1);
    assert_eq!(refused(None, Some(1.0)), expected);
    assert!(refused(Some(0.5), None).contains("below the minimum of 0.5"));
    assert!(refused(Some(2.0), Some(2.0)).contains("minimum = 2: must be below the maximum"));
    assert!(refused(Some(f64::NAN), None).contains("minimum = NaN: must be a finite number"));
    assert!(refused(None, Some(f64::INFINITY)).contains("maximum = inf: must be a finite number"));
}

/// Logs move no number; of each network they give what it became, and its states without the series.
#[test]
fn networks_of_a_forecast_are_had_again_from_their_logs() {
    use logs::{Logs, NetworkLog};
    let values: Vec<f64> = (0..110).map(|t| (0.3 * f64::from(t)).sin() * (0.07 * f64::from(t)).cos()).collect();
    let folder = tempfile::tempdir().unwrap();
    let config = ForecastConfig { horizon: 2, networks: 2, evaluations: 60, ..ForecastConfig::default() };
    let logs = Logs { folder: folder.path(), prefix: "y.", column: "y" };
    let found = config.fit_logged(&values, &Units::nowhere(), Some(&logs)).unwrap();
    assert_eq!(found, config.fit(&values).unwrap());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    for network in 0..2 {
        let place = folder.path().join(format!("y.network-{}", network + 1));
        let log = NetworkLog::open(&place).unwrap();
        assert_eq!((log.column(), log.network()), ("y", network));
        let bytes = std::fs::metadata(place.join("losses")).unwrap().len();
        assert!(bytes <= 16 * log.log().sizes().0, "{bytes} bytes");
        assert_eq!(found.model.recurrence(network).expect("networks are used"), log.verify().unwrap());
        let last = log.log().ended().updates;
        let states: Vec<Vec<u8>> = [0, 1, last / 2, last].map(|update| log.at(update).unwrap().archive).to_vec();
        assert!(states.windows(2).all(|two| two[0] != two[1]));
        assert!(log.at(last + 1).is_err());
    }
    // The log of another network is not the one of this.
    let (one, two) = (folder.path().join("y.network-1"), folder.path().join("y.network-2"));
    std::fs::copy(one.join("losses"), two.join("losses")).unwrap();
    assert!(NetworkLog::open(&two).unwrap().verify().is_err());
}
