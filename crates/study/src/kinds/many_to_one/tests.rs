use super::*;
use crate::run::{Silent, run as run_study};

const STUDY: &str = r#"
    name = "many"
    title = "Many"
    question = "?"
    kind = "many_to_one"
    budget = 60
    seeds = { first = 100, count = 6 }
    tuning = { seeds = { first = 0, count = 2 } }
    [[world]]
    name = "bandit"
    score = "correct"
    [world.environment.reversal]
    [[world]]
    name = "match"
    budget = 20
    score = "correct_late"
    [world.environment.delayed_match]
    [[arm]]
    name = "agent"
    tune = { learning_rate = [0.01, 0.02] }
    [arm.agent.actor_critic]
    withholds_no_response = true
    [arm.neuromodulation]
    preset = "tegmentum"
    [[claim]]
    text = "Dopamine adds to the score"
    arm = "dopamine"
    metric = "shapley_score"
    statistic = "mean"
    at_least = 0.0
"#;

#[test]
fn every_world_has_sixteen_sets_and_claims_of_its_own() {
    let study = StudyConfig::from_toml(STUDY, "test").unwrap();
    let result = run_study(&study, false, &Silent).unwrap();
    let summary = &result.summary;
    assert_eq!(summary.arm_order.len(), 2 * lesions::SETS);
    assert!(summary.arms["bandit/none"]["score"].values.iter().all(Option::is_some));
    let claims: Vec<&str> = summary.claims.iter().map(|claim| claim.claim.as_str()).collect();
    assert_eq!(claims, ["Dopamine adds to the score (bandit)", "Dopamine adds to the score (match)"]);
    // All but the whole system have a rate of their own, in each world.
    assert_eq!(result.tuning.len(), 2 * (lesions::SETS - 1));
    assert!(result.tuning.iter().all(|record| !record.arm.ends_with("/all") && record.points.len() == 2));
    // The whole system alone has the other scores of its environment.
    assert!(summary.arms["bandit/all"].contains_key("win_stay"));
    assert!(!summary.arms["bandit/none"].contains_key("win_stay"));
    assert!(summary.answer.contains("of 2 worlds"), "{}", summary.answer);
    // Shapley values add up to all − none, seed by seed (efficiency).
    let values = |arm: &str, metric: &str| summary.arms[arm][metric].values.clone();
    for seed in 0..6 {
        let one = |of: Transmitter| values(&format!("bandit/{}", of.name()), "shapley_score")[seed].unwrap();
        let sum: f64 = Transmitter::ALL.into_iter().map(one).sum();
        let whole = values("bandit/all", "score")[seed].unwrap() - values("bandit/none", "score")[seed].unwrap();
        assert!((sum - whole).abs() < 1e-12, "{sum} {whole}");
    }
    let again = StudyConfig::from_toml(&toml::to_string(&result.study).unwrap(), "again").unwrap();
    assert_eq!(again, study);
}

#[test]
fn a_mistake_is_told_before_anything_runs() {
    let error = |from: &str, to: &str| {
        assert!(STUDY.contains(from), "{from}");
        let study = StudyConfig::from_toml(&STUDY.replacen(from, to, 1), "test");
        study.and_then(|study| run_study(&study, false, &Silent)).unwrap_err().to_string()
    };
    assert!(error("score = \"correct\"", "score = \"speed\"").contains("world \"bandit\": unknown score \"speed\""));
    assert!(error("score = \"correct\"", "score = \"win_stay\"").contains("more is better"));
    assert!(error("name = \"match\"", "name = \"bandit\"").contains("two worlds are called \"bandit\""));
    assert!(error("budget = 20", "budget = 0").contains("world \"match\": budget = 0"));
    assert!(error("kind = \"many_to_one\"", "kind = \"behaviour\"").contains("[[world]] belongs to"));
    assert!(error("preset = \"tegmentum\"", "preset = \"mei-2025\"").contains("acetylcholine"));
    let bare = STUDY.replace("[arm.neuromodulation]\n    preset = \"tegmentum\"", "");
    assert!(StudyConfig::from_toml(&bare, "test").unwrap_err().to_string().contains("nothing to take away"));
    let none = STUDY.split("[[world]]").next().unwrap().to_owned() + "[[arm]]" + STUDY.split("[[arm]]").nth(1).unwrap();
    let none = none.split("[[claim]]").next().unwrap().to_owned();
    assert!(StudyConfig::from_toml(&none, "test").unwrap_err().to_string().contains("needs [[world]]"));
}
