use super::*;
use crate::behaviour::environment::EnvironmentSettings;
use crate::behaviour::environments::helicopter::ChangePointBlock;

fn config(bucket: &BucketConfig, hazard: f64, noise: f64) -> HelicopterConfig {
    let blocks = vec![ChangePointBlock { trials: 100, hazard, noise }];
    HelicopterConfig { blocks, bucket: Some(bucket.clone()), ..HelicopterConfig::default() }
}

fn bucket(config: &HelicopterConfig, seed: u64) -> Bucket {
    Bucket::new(config, config.bucket.as_ref().unwrap(), Key::from_seed(seed)).unwrap()
}

/// Trials in which the move nearest to `share` of the distance is taken.
fn follow(config: &HelicopterConfig, share: f64, trials: u64, seed: u64) -> Vec<TrialReport> {
    let mut bucket = bucket(config, seed);
    let mut observation = vec![0.0; bucket.num_observations()];
    let play = |trial| {
        bucket.begin(Key::from_seed(seed).child(trial), &mut observation);
        let wanted = share * (bucket.helicopter.last - bucket.place);
        let nearest = |a: &usize, b: &usize| {
            let off = |choice: usize| (bucket.config.moves[choice] - wanted).abs();
            off(*a).total_cmp(&off(*b))
        };
        let choice = (0..bucket.config.moves.len()).min_by(nearest).unwrap();
        let Outcome { reward, correct, target, block, .. } = bucket.step(Action::Choice(choice), &mut observation);
        TrialReport { action: choice as f64, reward, correct, target, block, ..TrialReport::default() }
    };
    (0..trials).map(play).collect()
}

#[test]
fn a_distance_is_coded_by_units_around_it() {
    let config = config(&BucketConfig::default(), 0.1, 10.0);
    let mut bucket = bucket(&config, 1);
    let mut code = |distance: f64| {
        bucket.helicopter.last = bucket.place + distance;
        let mut observation = [0.0; 17];
        bucket.show(&mut observation);
        observation
    };
    let peak = |code: [f32; 17]| (0..17).max_by(|a, b| code[*a].total_cmp(&code[*b])).unwrap();
    assert_eq!([-150.0, -75.0, 0.0, 20.0, 150.0].map(|distance| peak(code(distance))), [0, 4, 8, 9, 16]);
    for distance in [-150.0, -71.0, 3.0, 88.0] {
        let (one, mut other) = (code(distance), code(-distance));
        other.reverse();
        assert!(one.iter().zip(other).all(|(one, other)| (one - other).abs() < 1e-5), "{distance}");
        assert!((one.iter().map(|rate| rate * rate).sum::<f32>() - 1.0).abs() < 1e-5, "{distance}");
    }
    assert_eq!(code(150.0), code(250.0));
}

/// Bags fall as they do without a bucket, a reward is that of the distance from this bag, and what is left is the rest of the way.
#[test]
fn a_bucket_catches_what_the_helicopter_drops() {
    let with = config(&BucketConfig::default(), 0.1, 25.0);
    let without = HelicopterConfig { bucket: None, ..with.clone() };
    let (mut bucket, mut helicopter) = (bucket(&with, 3), without.build(Key::from_seed(3)).unwrap());
    let (mut seen, mut last, mut place) = ([0.0; 17], [0.0], 150.0f64);
    for trial in 0..500 {
        bucket.begin(Key::from_seed(4).child(trial), &mut seen);
        helicopter.begin(Key::from_seed(4).child(trial), &mut last);
        let choice = (trial * trial % 11) as usize;
        let outcome = bucket.step(Action::Choice(choice), &mut seen);
        place = (place + BucketConfig::default().moves[choice.min(6)]).clamp(0.0, 300.0);
        let plain = helicopter.step(Action::Value(place), &mut last);
        assert_eq!(bucket.place, place);
        assert_eq!(outcome.reward, (1.0 - plain.reward.abs() / 100.0).max(0.0));
        assert_eq!(outcome.target, plain.target - place);
        assert_eq!((outcome.correct, outcome.condition, outcome.block), (plain.correct, plain.condition, plain.block));
    }
}

/// Over a fine grid of moves a share α of the distance is the delta rule: under a helicopter that stays its error is normal with a
/// variance of σ² α/(2 − α).
#[test]
fn fine_moves_are_the_delta_rule() {
    let moves = (-300..=300).map(|step| f64::from(step) / 2.0).collect();
    let config = config(&BucketConfig { moves, reach: 300.0, ..BucketConfig::default() }, 0.0, 5.0);
    for share in [0.2, 0.5, 1.0] {
        let trials = follow(&config, share, 20_000, 2);
        let error = config.scores(&trials[100..]).into_iter().map(Score::or_nan).nth(2).unwrap();
        let expected = (2.0 / std::f64::consts::PI * share / (2.0 - share)).sqrt() * 5.0;
        // The grid adds a variance of about 1/48; answers are correlated over 1/α trials: four standard errors.
        assert!(
            (error / expected - 1.0).abs() < 0.02 + 4.0 * 0.76 * (2.0 / share / 20_000.0).sqrt(),
            "{share}: {error} {expected}"
        );
    }
}

/// The moves of the default, in the four blocks: to follow pays more than to stay, and the scores say so.
#[test]
fn to_follow_pays() {
    let config = HelicopterConfig { bucket: Some(BucketConfig::default()), ..HelicopterConfig::default() };
    let scores = |share: f64| -> Vec<f64> {
        let runs = (0..40).map(|seed| config.scores(&follow(&config, share, 800, seed)));
        let mut sums = vec![0.0; config.score_names().len()];
        runs.for_each(|run| sums.iter_mut().zip(run).for_each(|(sum, score)| *sum += score.or_nan() / 40.0));
        sums
    };
    let names = config.score_names();
    assert_eq!(names[..4], ["reward", "correct", "error", "error_block_1"]);
    assert!(names.iter().all(|name| !name.starts_with("learning_rate")));
    let [stay, half, whole] = [0.0, 0.5, 1.0].map(scores);
    // Standard errors of these means: below .01, and below 1 for errors.
    assert!((0.29..0.36).contains(&stay[0]) && half[0] > 0.75 && whole[0] > 0.75, "{stay:?} {half:?} {whole:?}");
    assert!((70.0..82.0).contains(&stay[2]) && half[2] < 20.0 && whole[2] < 21.5, "{stay:?} {half:?} {whole:?}");
    let noise_effect = names.iter().position(|name| name == "noise_effect").unwrap();
    assert!(whole[noise_effect] > 3.0, "{whole:?}");
}

#[test]
fn settings_out_of_range_are_named() {
    for (text, name) in [
        ("moves = [1.0]", "bucket.moves"),
        ("moves = [1.0, inf]", "bucket.moves"),
        ("moves = [1.0, 0.0, 1.0]", "bucket.moves"),
        ("units = 1", "bucket.units"),
        ("reach = 0.0", "bucket.reach"),
        ("tolerance = -1.0", "bucket.tolerance"),
        ("tolerance = 1e40", "bucket.tolerance"),
    ] {
        let config: HelicopterConfig = toml::from_str(&format!("[bucket]\n{text}")).unwrap();
        let error = EnvironmentSettings::build(&config, Key::from_seed(1)).unwrap_err().to_string();
        assert!(error.contains(name), "{text}: {error}");
    }
    assert!(toml::from_str::<HelicopterConfig>("[bucket]\nmove = 1").is_err());
    assert!(config(&BucketConfig::default(), 0.1, 1.0).build(Key::from_seed(1)).is_err());
}
