//! Studies that once failed, or said what their data do not say: each stands for a kind of fault.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tegmentum_study::config::StudyConfig;
use tegmentum_study::folder;
use tegmentum_study::outcome::{ClaimOutcome, Figure, Summary, Verdict};
use tegmentum_study::run::{Monitor, Silent, StudyResult, run};

/// A small study of learning; `more` replaces parts of it.
fn learning(changes: &[(&str, &str)]) -> String {
    let text = r#"
name = "small"
title = "A small study"
question = "Does it become better?"
budget = 600
seeds = { first = 100, count = 5 }
metrics = ["mean_squared_error"]
targets = [0.01]
[task.xor]
[network.mlp]
hidden = [4]
output_activation = "logistic"
[[arm]]
name = "dopamine"
[arm.optimizer.dopamine]
[[arm]]
name = "wp"
tune = { learning_rate = [0.3, 1.0] }
[arm.optimizer.weight_perturbation]
[[claim]]
text = "It becomes better"
arm = "dopamine"
metric = "mean_squared_error"
at_most = 10.0
"#;
    changes.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from:?} is not in the study");
        text.replacen(from, to, 1)
    })
}

/// A small study of behaviour with arms and claims.
fn behaviour(environment: &str, budget: u64, seeds: u64, rest: &str) -> String {
    format!(
        "name = \"b\"\ntitle = \"t\"\nquestion = \"q?\"\nkind = \"behaviour\"\nbudget = {budget}\n\
         seeds = {{ first = 1, count = {seeds} }}\n{environment}\n{rest}"
    )
}

fn study(text: &str) -> StudyConfig {
    StudyConfig::from_toml(text, "case.toml").unwrap()
}

fn result(text: &str) -> StudyResult {
    run(&study(text), false, &Silent).unwrap()
}

fn reason(claim: &ClaimOutcome) -> &str {
    claim.reason.as_deref().unwrap_or("")
}

/// The one line with which a text is refused.
fn refused(text: &str) -> String {
    let start = Instant::now();
    let line = StudyConfig::from_toml(text, "case.toml").expect_err("must be refused").to_string();
    assert!(line.chars().count() < 300 && !line.contains('\n'), "{line}");
    assert!(start.elapsed() < Duration::from_secs(2), "refused too late: {line}");
    line
}

/// What was found is on disk and comes back as it was.
fn comes_back(result: &StudyResult) {
    let folder = tempfile::tempdir().unwrap();
    folder::write(folder.path(), result, &[]).unwrap();
    let stored = folder::read(folder.path()).unwrap();
    let figures = |figures: &[Figure]| serde_json::to_string(figures).unwrap();
    assert!(figures(&stored.figures) == figures(&result.figures), "the figures have changed");
    let json = |summary: &Summary| serde_json::to_string(summary).unwrap();
    assert!(json(&stored.summary) == json(&result.summary), "the summary has changed");
    for figure in &result.figures {
        let name = format!("{}.svg", figure.id);
        assert!(name.len() < 120, "{name}");
        std::fs::write(folder.path().join(name), "").unwrap();
    }
}

#[test]
fn sizes_beyond_all_memory_are_refused_before_anything_is_made() {
    for (from, to, key) in [
        ("hidden = [4]", "hidden = [2147483648]", "network.mlp.hidden = 2147483648"),
        ("hidden = [4]", "hidden = [1000000000000]", "network.mlp.hidden = 1000000000000"),
        ("hidden = [4]", "hidden = [9000000000000000000, 9000000000000000000]", "network.mlp.hidden"),
        (
            "[arm.optimizer.dopamine]",
            "[arm.optimizer.dopamine]\ndirections = 2147483648",
            "dopamine.directions = 2147483648",
        ),
        (
            "[arm.optimizer.weight_perturbation]",
            "[arm.optimizer.weight_perturbation]\ndirections = 2147483648",
            "directions",
        ),
        ("[task.xor]", "[task.digits]\nbatch = 1000000000", "task.digits.batch = 1000000000"),
        ("[task.xor]", "[task.lorenz]\ntrain = 1000000000", "task.lorenz.train = 1000000000"),
        ("[task.xor]", "[task.lorenz.windows]\ncount = 2147483648", "task.lorenz.windows.count = 2147483648"),
        ("[task.xor]", "[task.lorenz.windows]\nlength = 2147483648", "task.lorenz.windows.length = 2147483648"),
        ("count = 5", "count = 1000000", "seeds.count = 1000000"),
    ] {
        let line = refused(&learning(&[(from, to)]));
        assert!(line.contains(key) && (line.contains("memory_limit") || line.contains("steps to make")), "{line}");
    }
    let agents = "[[arm]]\nname = \"a\"\n[arm.agent.spiking_actor_critic]\nactor_cells = 2147483648";
    let line = refused(&behaviour("[environment.go_no_go]", 100, 5, agents));
    assert!(line.contains("spiking_actor_critic.actor_cells = 2147483648"), "{line}");
}

#[test]
fn the_limit_is_the_users() {
    let large =
        |limit: &str| learning(&[("hidden = [4]", "hidden = [20000, 20000]"), ("budget", &format!("{limit}\nbudget"))]);
    let line = refused(&large(""));
    assert!(line.contains("at most 4 GiB are allowed (memory_limit)"), "{line}");
    study(&large("memory_limit = 10000.0"));
    assert!(refused(&large("memory_limit = 0.0")).contains("memory_limit = 0"));
}

#[test]
fn a_task_that_takes_forever_to_make_is_refused() {
    let line = refused(&learning(&[("[task.xor]", "[task.lorenz]\nsubsteps = 1000000000")]));
    assert!(line.contains("task.lorenz.substeps = 1000000000") && line.contains("rows × substeps"), "{line}");
}

#[test]
fn one_window_and_one_to_four_units_run() {
    for hidden in 1..=4 {
        let changes = [
            ("[\"mean_squared_error\"]", "[\"nrmse\"]"),
            ("[task.xor]", "[task.lorenz.windows]\ncount = 1"),
            (
                "[network.mlp]\nhidden = [4]\noutput_activation = \"logistic\"",
                &format!("[network.elman]\nhidden = {hidden}"),
            ),
            ("metric = \"mean_squared_error\"", "metric = \"nrmse\""),
            ("budget = 600", "budget = 60"),
        ];
        comes_back(&result(&learning(&changes)));
    }
}

#[test]
fn a_rate_that_is_lost_counts_as_failed_and_the_search_goes_on() {
    let result = result(&learning(&[("[0.3, 1.0]", "[0.3, 1e300]")]));
    let search = &result.tuning[0];
    assert_eq!((search.chosen, search.points[1].lost, search.points[1].metric), (0, 3, None));
    assert!(result.summary.notes.iter().any(|note| note.contains("runs were lost") && note.contains("rate 1e300")));
    assert!(result.summary.arms["wp"]["mean_squared_error"].iqm.is_some());
    comes_back(&result);
}

#[test]
fn names_that_a_study_does_not_have_are_refused_in_every_kind() {
    let line = refused(
        "name = \"costy\"\ntitle = \"t\"\nquestion = \"q\"\nkind = \"cost\"\nlengths = [100, 200]\n[task.lorenz]\n\
         [network.elman]\nhidden = 4\n[[arm]]\nname = \"d\"\n[arm.optimizer.dopamine]\n[[claim]]\ntext = \"c\"\n\
         arm = \"nobody\"\nmetric = \"nothing\"\nat_most = 1.0",
    );
    assert!(line.contains("unknown arm \"nobody\": known are d"), "{line}");
    let theory = "name = \"t\"\ntitle = \"t\"\nquestion = \"q\"\nkind = \"theory\"\n[[claim]]\ntext = \"c\"\n\
                  arm = \"all\"\nmetric = \"nothing\"\nat_most = 1.0";
    assert!(refused(theory).contains("unknown metric \"nothing\""));
    assert!(refused(&theory.replace("\"all\"", "\"some\"")).contains("unknown arm \"some\""));
    assert!(refused(&learning(&[("metric = \"mean_squared_error\"", "metric = \"mse\"")])).contains("unknown metric"));
    assert!(
        refused(&learning(&[("title", "kind = \"comparison\"\ntitle")]))
            .contains("unknown kind \"comparison\": known are compare")
    );
    let switching = "arm = \"dopamine\"\nsetting = \"other\"";
    assert!(refused(&learning(&[("arm = \"dopamine\"", switching)])).contains("unknown setting \"other\""));
}

#[test]
fn names_are_short_and_of_their_own() {
    let setting = |name: &str| {
        let (task, network) = ("[setting.task.xor]", "[setting.network.mlp]");
        format!("[[setting]]\nname = \"{name}\"\n{task}\n{network}")
    };
    let with = |settings: &str| {
        learning(&[("[task.xor]\n[network.mlp]\nhidden = [4]\noutput_activation = \"logistic\"", settings)])
    };
    assert!(refused(&with(&setting(&"n".repeat(250)))).contains("at most 80 characters"));
    assert!(refused(&with(&[setting("a"), setting("a")].join("\n"))).contains("two settings are called \"a\""));
    assert!(refused(&with(&setting(" "))).contains("must have a letter"));
    // Names that differ only where a file cannot: both are drawn, each into a file of its own.
    let names = [setting("a/b"), setting("A:b"), setting(&"ü".repeat(80))].join("\n");
    comes_back(&result(&with(&names)));
    let twice = learning(&[("name = \"wp\"", "name = \"dopamine\"")]);
    assert!(refused(&twice).contains("two arms are called \"dopamine\""));
}

#[test]
fn targets_make_names_of_files() {
    for target in ["1e-30", "1e30", "0.3333333333333333"] {
        comes_back(&result(&learning(&[("targets = [0.01]", &format!("targets = [{target}]"))])));
    }
}

#[test]
fn numbers_are_numbers_that_the_engine_resolves() {
    let nucleus = "[arm.optimizer.dopamine.neuromodulation.locus_coeruleus.cumulative_surprise]\nthreshold = nan";
    assert!(refused(&learning(&[("[arm.optimizer.dopamine]", nucleus)])).contains("threshold = NaN: must be a number"));
    assert!(
        refused(&learning(&[("targets = [0.01]", "targets = [1e-300]")]))
            .contains("targets[0] = 1e-300: must be 0 or at least")
    );
    assert!(
        refused(&learning(&[("at_most = 10.0", "at_most = inf")])).contains("claim[0].at_most = inf: must be finite")
    );
    let scale = "[arm.optimizer.weight_perturbation]\nperturbation_scale = 1e-300";
    assert!(
        refused(&learning(&[("[arm.optimizer.weight_perturbation]", scale)])).contains("perturbation_scale = 1e-300")
    );
    let cap = "[arm.optimizer.dopamine]\nstart_rate = inf";
    study(&learning(&[("[arm.optimizer.dopamine]", cap)]));
}

#[test]
fn a_study_without_a_grid_is_robust_in_no_decades() {
    let claim = "[[claim]]\ntext = \"It becomes better\"\narm = \"dopamine\"\nmetric = \"mean_squared_error\"\nat_most = 10.0\n";
    let text = learning(&[
        ("title", "kind = \"robustness\"\ntitle"),
        ("tune = { learning_rate = [0.3, 1.0] }", ""),
        (claim, ""),
    ]);
    let result = result(&text);
    comes_back(&result);
    let width = &result.summary.arms["dopamine"]["width_decades"];
    assert!(width.is_none() && width.iqm.is_none(), "{width:?}");
    let claim = "[[claim]]\ntext = \"wide\"\narm = \"dopamine\"\nmetric = \"width_decades\"\nat_least = 1.0";
    assert!(refused(&format!("{text}\n{claim}")).contains("has no tune.learning_rate"));
}

#[test]
fn few_seeds_decide_nothing() {
    let chance = |seeds: u64| {
        let claim = "[[claim]]\ntext = \"better than chance\"\narm = \"chance\"\nmetric = \"correct\"\nstatistic = \"mean\"\nat_least = 0.5";
        let arm = "[[arm]]\nname = \"chance\"\n[arm.agent.random_choice]";
        behaviour("[environment.reversal]", 100, seeds, &format!("{arm}\n{claim}"))
    };
    for seeds in 1..5 {
        let claim = &result(&chance(seeds)).summary.claims[0];
        assert_eq!(claim.verdict, Verdict::Inconclusive);
        assert!(reason(claim).starts_with(&format!("too few seeds: {seeds}")), "{claim:?}");
    }
    // At the threshold, from five seeds on: at most one verdict in twenty is false. Forty studies allow six at most (99.9 %).
    for seeds in [5, 9] {
        let mut text = study(&chance(seeds));
        let verdicts = (0..40u64).map(|study| {
            text.seeds.first = 1000 * study;
            run(&text, false, &Silent).unwrap().summary.claims[0].verdict
        });
        let decided = verdicts.filter(|verdict| *verdict != Verdict::Inconclusive).count();
        assert!(decided <= 6, "{decided} of 40 with {seeds} seeds");
    }
}

#[test]
fn equal_values_of_few_seeds_decide_nothing() {
    // Nobody learns here, so that all runs give the same: an accuracy of the same trials.
    let arms =
        "[[arm]]\nname = \"a\"\nagent = { random_choice = {} }\n[[arm]]\nname = \"b\"\nagent = { random_choice = {} }";
    let claim = |statistic: &str| {
        format!(
            "{arms}\n[[claim]]\ntext = \"c\"\narm = \"a\"\nreference = \"b\"\nmetric = \"correct\"\neffect = \"difference\"\n\
             statistic = \"{statistic}\"\nat_most = 0.1"
        )
    };
    let verdict = |seeds: u64, statistic: &str| {
        let result = result(&behaviour("[environment.reversal]", 60, seeds, &claim(statistic)));
        result.summary.claims[0].clone()
    };
    let few = verdict(5, "median");
    assert_eq!((few.effect, few.verdict), (Some(0.0), Verdict::Inconclusive));
    assert_eq!(reason(&few), "too few seeds: all 5 gave the same value");
    assert_eq!(verdict(6, "median").verdict, Verdict::Supported);
    assert_eq!(verdict(12, "interquartile_mean").verdict, Verdict::Inconclusive);
    assert_eq!(verdict(13, "interquartile_mean").verdict, Verdict::Supported);
    assert_eq!(verdict(20, "mean").verdict, Verdict::Inconclusive);
}

#[test]
fn what_a_run_never_reaches_is_no_result() {
    let arm = "[[arm]]\nname = \"a\"\n[arm.agent.actor_critic]\n[arm.neuromodulation]\npreset = \"mei-2025\"";
    let claims = "[[claim]]\ntext = \"solved\"\narm = \"a\"\nmetric = \"solved\"\nstatistic = \"mean\"\nat_least = 0.5\n\
                  [[claim]]\ntext = \"few bursts\"\narm = \"a\"\nmetric = \"bursts_after\"\nstatistic = \"mean\"\nat_most = 3.0\n\
                  [[claim]]\ntext = \"slow\"\narm = \"a\"\nmetric = \"trials_to_criterion\"\nat_least = 3.0";
    let result = result(&behaviour("[environment.go_no_go]", 300, 6, &format!("{arm}\n{claims}")));
    for claim in &result.summary.claims {
        assert_eq!((claim.verdict, claim.effect), (Verdict::Inconclusive, None));
        assert!(reason(claim).starts_with("undefined: no run of a has a value of"), "{claim:?}");
        assert!(reason(claim).contains("(the run ends before"), "{claim:?}");
    }
    let solved = &result.summary.arms["a"]["solved"];
    assert!(solved.is_none() && solved.iqm.is_none() && solved.ci95.is_none() && solved.failed() == 0, "{solved:?}");
    assert!(result.summary.answer.contains("Nothing could be measured"), "{}", result.summary.answer);
    comes_back(&result);
}

#[test]
fn nothing_is_compared_with_a_reference_that_diverged() {
    let arms = "[[arm]]\nname = \"high\"\n[arm.optimizer.weight_perturbation]\nlearning_rate = 1000.0\n\
                [[arm]]\nname = \"huge\"\n[arm.optimizer.weight_perturbation]\nlearning_rate = 1e30\n\
                [[claim]]\ntext = \"better than high\"\narm = \"dopamine\"\nreference = \"high\"\nmetric = \"mean_squared_error\"\nat_most = 1.0\n\
                [[claim]]\ntext = \"better than huge\"\narm = \"dopamine\"\nreference = \"huge\"\nmetric = \"mean_squared_error\"\nat_most = 1.0\n\
                [[claim]]\ntext = \"high is better\"\narm = \"high\"\nreference = \"dopamine\"\nmetric = \"mean_squared_error\"\nat_most = 1.0\n[[claim]]";
    let changes = [
        ("[task.xor]", "[task.lorenz]\ntrain = 1500\ntest = 500"),
        ("[network.mlp]\nhidden = [4]\noutput_activation = \"logistic\"", "[network.elman]\nhidden = 4"),
        ("targets = [0.01]\n", ""),
        ("count = 5", "count = 6"),
        ("[[claim]]", arms),
    ];
    let result = result(&learning(&changes));
    let claims = &result.summary.claims;
    for (claim, name) in claims.iter().zip(["high", "huge"]) {
        assert_eq!((claim.verdict, claim.effect), (Verdict::Inconclusive, None));
        assert_eq!(reason(claim), format!("the reference diverged: 6 of 6 runs of {name}"));
    }
    // To be worse than an arm that did not diverge is a result.
    assert_eq!((claims[2].verdict, claims[2].reason.as_ref()), (Verdict::NotSupported, None));
    comes_back(&result);
}

#[test]
fn equal_doses_are_said_to_be_equal() {
    let arm = "[[arm]]\nname = \"a\"\nagent = { rescorla_wagner = { learning_rate = 1e-12 } }\nneuromodulation = { preset = \"mei-2025\" }";
    let base =
        study(&behaviour("[environment.go_no_go]\ntrials_before_shift = 30\ntrials_between_shifts = 30", 60, 5, arm));
    let dose = toml::from_str("modulator = 'noradrenaline'\naction = 'agonist'\ndoses = [0.5, 1.0, 2.0]").unwrap();
    let dosed = tegmentum_study::dose::of(&base, None, None, dose).unwrap();
    let answer = run(&dosed, false, &Silent).unwrap().summary.answer;
    assert!(
        answer.contains("all doses of noradrenaline agonist give") || answer.starts_with("Under no dose"),
        "{answer}"
    );
}

#[test]
fn errors_show_the_place_and_not_the_text() {
    let long = format!("targets = [{}, \"x\"]", vec!["0.01"; 4000].join(", "));
    assert!(refused(&learning(&[("targets = [0.01]", &long)])).contains("line 8"));
    let unknown = "[arm.optimizer.dopamin]";
    assert!(refused(&learning(&[("[arm.optimizer.dopamine]", unknown)])).contains("dopamin"));
    let key = format!("{} = 1", "k".repeat(3000));
    assert!(refused(&learning(&[("budget = 600", &key)])).contains("unknown field"));
    let open = format!("title = \"{}", "t".repeat(5000));
    refused(&learning(&[("title = \"A small study\"", &open)]));
    let name = format!("name = \"{}\"", "/".repeat(5000));
    refused(&learning(&[("name = \"small\"", &name)]));
    let text = format!("text = \"{}\"", "w".repeat(5000));
    let wrong =
        learning(&[("text = \"It becomes better\"", &text), ("arm = \"dopamine\"\nmetric", "arm = \"d\"\nmetric")]);
    assert!(refused(&wrong).contains("unknown arm \"d\""));
}

/// Stops at once.
struct Stop(AtomicU64);

impl Monitor for Stop {
    fn expect(&self, _: &str, _: u64) {}
    fn advance(&self, _: u64) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed);
        false
    }
}

#[test]
fn every_kind_hears_the_wish_to_stop() {
    let theory =
        "name = \"t\"\ntitle = \"t\"\nquestion = \"q\"\nkind = \"theory\"\nseeds = { first = 1, count = 1000000 }";
    let chance = "[[arm]]\nname = \"a\"\nagent = { random_choice = {} }";
    let texts = [
        theory.to_owned(),
        learning(&[("budget = 600", "budget = 1000000000000")]),
        learning(&[
            ("budget = 600", "kind = \"robustness\"\nbudget = 1000000000"),
            ("metric = \"mean", "metric = \"width_decades\" #"),
        ])
        .replace("arm = \"dopamine\"\nmetric", "arm = \"wp\"\nmetric"),
        behaviour("[environment.reversal]", 1_000_000, 20, chance),
    ];
    for text in texts {
        let (start, stop) = (Instant::now(), Stop(AtomicU64::new(0)));
        let stopped = run(&study(&text), false, &stop).unwrap_err().to_string();
        assert!(stopped.contains("stopped before its end"), "{stopped}");
        assert!(start.elapsed() < Duration::from_secs(5) && stop.0.into_inner() > 0, "{:?}", start.elapsed());
    }
}

#[test]
fn a_shortened_run_decides_what_its_seeds_decide() {
    let claims = "[[claim]]\ntext = \"against a search\"\narm = \"dopamine\"\nreference = \"wp\"\nmetric = \"mean_squared_error\"\nat_most = 100.0\n[[claim]]";
    let quick = |quick: &str, more: &[(&str, &str)]| {
        let mut changes =
            vec![("[[claim]]", claims), ("count = 5", "count = 20"), ("[0.3, 1.0]", "[0.1, 0.3, 1.0, 3.0]")];
        let line = format!("quick = {quick}\nbudget");
        changes.push(("budget", &line));
        changes.extend(more);
        let study = study(&learning(&changes)).shortened();
        run(&study, true, &Silent).unwrap().summary
    };
    // Its own budget, enough seeds: the claim about one arm is decided; a search on half of the grid decides nothing.
    let summary = quick("{ seeds = 8 }", &[]);
    assert!(summary.quick);
    assert_eq!(summary.claims[1].verdict, Verdict::Supported);
    assert_eq!(reason(&summary.claims[0]), "shortened: the rates of wp were searched on fewer rates or seeds");
    // Less than its budget: nothing is decided, unless the claim says that it can be.
    let summary = quick("{ seeds = 8, budget = 300 }", &[]);
    assert!(summary.claims.iter().all(|claim| reason(claim) == "shortened: a run had 300 of 600 evaluations"));
    let summary = quick("{ seeds = 8, budget = 300 }", &[("at_most = 10.0", "at_most = 10.0\nwhen_shortened = true")]);
    assert_eq!(summary.claims[1].verdict, Verdict::Supported);
    assert_eq!(reason(&summary.claims[0]), "shortened: a run had 300 of 600 evaluations");
    // A study of seconds is not shortened at all.
    let summary = quick("{ whole = true }", &[]);
    assert!(!summary.quick && summary.claims[0].n == 20 && summary.claims.iter().all(|claim| claim.reason.is_none()));
    // Too few seeds.
    assert!(reason(&quick("{ seeds = 3 }", &[]).claims[1]).starts_with("too few seeds: 3"));
}

/// An optimizer that depends on no unit takes the same steps in others, whole bits of them in powers of two; units belong to optimizers.
#[test]
fn arms_in_other_units_are_judged_in_those_of_the_task() {
    let twin = "[arm.optimizer.dopamine]\n[[arm]]\nname = \"far\"\noptimizer = { dopamine = {} }\n\
                units = { loss = 1152921504606846976.0, parameters = 1048576.0 }";
    let result = result(&learning(&[("[arm.optimizer.dopamine]", twin)]));
    let of = |arm: &str| &result.summary.arms[arm]["mean_squared_error"];
    assert_eq!((of("dopamine").iqm, of("dopamine").ci95), (of("far").iqm, of("far").ci95));
    assert!(of("dopamine").iqm != of("wp").iqm);
    let with = |learner: &str| {
        refused(&learning(&[("[arm.optimizer.dopamine]", &format!("units = {{ loss = 2.0 }}\n{learner}"))]))
    };
    assert!(with("[arm.plasticity.node_perturbation]").contains("units: belong to [arm.optimizer"));
    let out_of_range = learning(&[("[arm.optimizer.dopamine]", "units = { loss = -1.0 }\n[arm.optimizer.dopamine]")]);
    let error = run(&study(&out_of_range), false, &Silent).unwrap_err().to_string();
    assert!(error.contains("units.loss = -1"), "{error}");
}

/// An arm in bytes learns and is judged in bytes, as in a study that is all in bytes; arms beside it do not change. Other kinds say where numerics belong.
#[test]
fn arms_have_numerics_of_their_own() {
    let twin =
        "[arm.optimizer.dopamine]\n[[arm]]\nname = \"bytes\"\noptimizer = { dopamine = {} }\nnumerics = \"int8\"";
    let mixed = result(&learning(&[("[arm.optimizer.dopamine]", twin)])).summary;
    let of = |summary: &Summary, arm: &str| summary.arms[arm]["mean_squared_error"].iqm;
    let alone = |numerics: &str| result(&format!("numerics = \"{numerics}\"\n{}", learning(&[]))).summary;
    let (portable, bytes) = (alone("portable"), alone("int8"));
    assert_eq!(of(&mixed, "dopamine"), of(&portable, "dopamine"));
    assert_eq!(of(&mixed, "wp"), of(&portable, "wp"));
    assert_eq!(of(&mixed, "bytes"), of(&bytes, "dopamine"));
    assert!(of(&mixed, "bytes") != of(&mixed, "dopamine"));
    let arm = "[[arm]]\nname = \"a\"\nagent = \"win_stay_lose_shift\"\nnumerics = \"int8\"";
    assert!(
        refused(&behaviour("[environment.reversal]", 100, 5, arm)).contains("numerics: belong to an arm in a study of")
    );
}
