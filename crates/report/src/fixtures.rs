//! A made-up report with all kinds of figures, for the tests and for looking at.

use std::collections::BTreeMap;

use tegmentum_study::config::StudyConfig;
use tegmentum_study::outcome::{
    Axis, Bar, ClaimOutcome, CurveSeries, DistributionGroup, Figure, FigureContent, HeatCell, HeatColours, RasterPanel,
    RunsPanel, Sample, Summary, TrajectoryPanel, Verdict,
};

/// Names of arms as they are in the studies, and one that would break out of HTML.
pub(crate) const ARMS: [&str; 16] = [
    "dopamine",
    "dopamine, no serotonin",
    "dopamine, no noradrenaline",
    "dopamine, no acetylcholine",
    "weight perturbation",
    "SPSA",
    "node perturbation",
    "evolution strategy",
    "FZOO",
    "MeAZO",
    "CMA-ES",
    "random search",
    "gradient descent",
    "Adam",
    "<b>R&D</b> \"quoted\"",
    "reading R7: regret against a running mean of the last thousand windows",
];

/// Noise between −1 and 1 that is the same in each run.
pub(crate) fn noise(index: usize, key: usize) -> f64 {
    let value = ((index * 12_989 + key * 78_233) as f64).sin() * 43_758.545_3;
    2.0 * (value - value.floor()) - 1.0
}

/// An axis.
pub(crate) fn axis(label: &str, logarithmic: bool) -> Axis {
    Axis { label: label.to_owned(), logarithmic, marks: vec![] }
}

/// A figure.
pub(crate) fn figure(id: &str, title: &str, content: FigureContent) -> Figure {
    let caption = format!("{title}. Lines are interquartile means over 20 seeds, bands their 95 % intervals.");
    Figure { id: id.to_owned(), title: title.to_owned(), caption, content }
}

/// Learning curves of the first `count` arms.
pub(crate) fn curves(count: usize, points: usize) -> FigureContent {
    let series = |(arm, label): (usize, &&str)| {
        let x: Vec<f64> = (0..points).map(|i| 10f64.powf(2.0 + 4.0 * i as f64 / points.max(2) as f64)).collect();
        let floor = 0.004 * (1.0 + arm as f64).powf(1.2);
        let y: Vec<f64> =
            x.iter().enumerate().map(|(i, x)| floor + 30.0 / (x + 60.0) * (1.0 + 0.1 * noise(i, arm))).collect();
        let lower = y.iter().map(|y| y * 0.8).collect();
        let upper = y.iter().map(|y| y * 1.3).collect();
        CurveSeries { label: (*label).to_owned(), x, y, lower, upper }
    };
    FigureContent::Curves {
        x: axis("forward passes", true),
        y: axis("normalised root-mean-square error", true),
        series: ARMS.iter().take(count).enumerate().map(series).collect(),
        references: vec![("persistence".to_owned(), 0.21), ("linear model".to_owned(), 0.18)],
    }
}

/// Box plots of the first `count` arms.
pub(crate) fn distribution(count: usize, logarithmic: bool) -> FigureContent {
    let group = |(arm, label): (usize, &&str)| {
        let failed = [0, 0, 3, 0, 20][arm % 5];
        let values = (failed..20).map(|i| (0.4 + 0.3 * arm as f64) * (1.0 + 0.4 * noise(i, arm))).collect();
        DistributionGroup { label: (*label).to_owned(), values, failed }
    };
    FigureContent::Distribution {
        axis: axis("valid prediction time (Lyapunov times)", logarithmic),
        groups: ARMS.iter().take(count).enumerate().map(group).collect(),
        references: vec![("echo state network".to_owned(), 2.9), ("persistence".to_owned(), 0.3)],
    }
}

/// A Lorenz attractor in `count` panels.
pub(crate) fn trajectories(count: usize) -> FigureContent {
    let path = |shift: f64| {
        let (mut x, mut y, mut z) = (1.0 + shift, 1.0, 20.0);
        let mut step = || {
            let (dx, dy, dz) = (10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z);
            (x, y, z) = (x + 0.01 * dx, y + 0.01 * dy, z + 0.01 * dz);
            [x, z]
        };
        (0..4000).map(|_| step()).collect::<Vec<_>>()
    };
    let panel = |(index, title): (usize, &&str)| TrajectoryPanel {
        title: (*title).to_owned(),
        paths: vec![path(index as f64)],
    };
    let titles = ["true", "dopamine", "weight perturbation with a long name", "Adam"];
    FigureContent::Trajectories {
        x: axis("x", false),
        y: axis("z", false),
        panels: titles.iter().take(count).enumerate().map(panel).collect(),
    }
}

/// Accuracy over trials of `count` arms with 40 seeds each; some seeds recover after the shift, the others do not.
pub(crate) fn runs(count: usize) -> FigureContent {
    let panel = |arm: usize| {
        let x: Vec<f64> = (0..60).map(|bin| 20.0 * f64::from(bin) + 10.0).collect();
        let rescued = [5, 36, 20, 12][arm % 4];
        let run = |seed: usize| {
            let at = |(bin, &trial): (usize, &f64)| {
                let since = if trial < 400.0 { trial } else { trial - 400.0 };
                let learns = trial < 400.0 || seed < rescued;
                let learned = 1.0 - (-since / (60.0 + 4.0 * seed as f64)).exp();
                (0.5 + if learns { 0.48 * learned } else { 0.02 } + 0.05 * noise(bin, seed + 41 * arm)).clamp(0.0, 1.0)
            };
            x.iter().enumerate().map(at).collect::<Vec<f64>>()
        };
        let runs: Vec<Vec<f64>> = (0..40).map(run).collect();
        let mean = (0..x.len()).map(|bin| runs.iter().map(|run| run[bin]).sum::<f64>() / 40.0).collect();
        RunsPanel { title: ARMS[arm].to_owned(), x, mean, runs }
    };
    let events = [(400.0, "extra-dimensional shift"), (800.0, "reversal"), (820.0, "hidden name")];
    FigureContent::Runs {
        x: Axis { marks: events.map(|(at, name)| (name.to_owned(), at)).to_vec(), ..axis("trial", false) },
        y: axis("share of correct choices in 20 trials", false),
        panels: (0..count).map(panel).collect(),
    }
}

/// The table of all sixteen lesions.
pub(crate) fn lesions(scores: usize) -> FigureContent {
    let names = ["DA", "ACh", "5-HT", "NA"];
    let mut sets: Vec<u32> = (0..16).collect();
    sets.sort_by_key(|set: &u32| set.count_ones());
    let label = |set: &u32| match set {
        0 => "none".to_owned(),
        15 => "all four".to_owned(),
        set => (0..4).filter(|part| set >> part & 1 == 1).map(|part| names[part]).collect::<Vec<_>>().join(" + "),
    };
    let heads =
        ["accuracy_before_shift", "accuracy_after_shift", "solved", "trials_to_criterion", "d_prime", "entropy"];
    let cell = |set: &u32, score: usize| {
        let learned = if set & 1 == 1 { 0.5 + 0.1 * f64::from(set.count_ones()) } else { 0.25 };
        let value =
            if score % 6 == 3 { 1000.0 * (1.0 - learned) } else { learned + 0.02 * noise(*set as usize, score) };
        HeatCell { value: (*set != 2 || score != 4).then_some(value), detail: String::new() }
    };
    FigureContent::HeatMap {
        columns: (0..scores).map(|score| heads[score % 6].to_owned()).collect(),
        rows: sets.iter().map(label).collect(),
        cells: sets.iter().map(|set| (0..scores).map(|score| cell(set, score)).collect()).collect(),
        colours: HeatColours::Columns { reversed: (0..scores).map(|score| score % 6 == 3).collect() },
    }
}

/// Synergies of four modulators with intervals.
pub(crate) fn synergies() -> FigureContent {
    let names = ["dopamine", "acetylcholine", "serotonin", "noradrenaline"].map(str::to_owned).to_vec();
    let cell = |row: usize, column: usize| {
        let value = (row != column).then(|| 0.3 * noise(row.min(column), row.max(column)));
        let detail = value.map_or_else(String::new, |v| format!("[{:.2}, {:.2}]", v - 0.05, v + 0.05));
        HeatCell { value, detail }
    };
    FigureContent::HeatMap {
        columns: names.clone(),
        rows: names,
        cells: (0..4).map(|row| (0..4).map(|column| cell(row, column)).collect()).collect(),
        colours: HeatColours::Signed,
    }
}

/// Shapley values with intervals, one of them negative and one without a value.
pub(crate) fn shares() -> FigureContent {
    let bar = |label: &str, value: Option<f64>, half: f64| Bar {
        label: label.to_owned(),
        value,
        ci95: value.map_or([None; 2], |value| [Some(value - half), Some(value + half)]),
    };
    FigureContent::Bars {
        axis: axis("Shapley value (accuracy after the shift)", false),
        bars: vec![
            bar("dopamine", Some(0.412), 0.05),
            bar("acetylcholine", Some(0.004), 0.01),
            bar("serotonin", Some(-0.061), 0.04),
            bar("noradrenaline", Some(0.203), 0.03),
            bar("a modulator without a value", None, 0.0),
        ],
    }
}

/// Spikes of three populations in three stretches of time.
pub(crate) fn raster() -> FigureContent {
    let panel = |index: usize, title: &str| {
        let rate = |cell: u32| {
            [[0.02, 0.002, 0.01], [0.012, 0.013, 0.02], [0.001, 0.03, 0.01]][index][(cell / 40).min(2) as usize]
        };
        let spike = |cell: u32, ms: u32| {
            let chance = noise(ms as usize, cell as usize * 7 + index).abs();
            (chance < rate(cell)).then_some((ms as f32, cell))
        };
        let spikes = (0..100).flat_map(|cell| (0..400).filter_map(move |ms| spike(cell, ms))).collect();
        RasterPanel { title: title.to_owned(), duration: 400.0, spikes }
    };
    FigureContent::Raster {
        populations: [("go", 0), ("no-go", 40), ("inhibitory", 80)]
            .map(|(name, first)| (name.to_owned(), first))
            .to_vec(),
        cells: 100,
        x: axis("time in the trial (ms)", false),
        panels: vec![panel(0, "before the shift"), panel(1, "just after the shift"), panel(2, "late")],
    }
}

/// A table of costs.
pub(crate) fn table() -> FigureContent {
    let columns = ["learner", "passes a step", "memory (bytes)", "remark"].map(str::to_owned).to_vec();
    let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
    let rows = vec![
        row(["dopamine", "3", "12 400", "one accumulator"]),
        row(["Adam", "1 + 1 backward", "49 600", "two moments & the activations"]),
        row(["random search", "1", "–", "<none>"]),
    ];
    FigureContent::Table { columns, rows }
}

/// One metric.
fn sample(arm: usize, scale: f64) -> Sample {
    let failed = [0, 0, 3, 0, 20][arm % 5];
    let values: Vec<_> = (0..20).map(|i| (i >= failed).then(|| scale * (1.0 + arm as f64 + noise(i, arm)))).collect();
    let known = (failed < 5).then_some(scale * (1.0 + arm as f64));
    let ci95 = known.map(|value| [value * 0.93, value * 1.08]);
    Sample {
        n: 20,
        iqm: known,
        ci95,
        median: known,
        quartiles: [known.map(|v| v * 0.8), known.map(|v| v * 1.2)],
        values,
        undefined: 0,
    }
}

/// A claim.
fn claim(text: &str, verdict: Verdict, effect: f64, ci95: [Option<f64>; 2]) -> ClaimOutcome {
    ClaimOutcome {
        claim: text.to_owned(),
        verdict,
        effect: Some(effect),
        ci95,
        n: 20,
        statistic: "ratio of interquartile means, paired by seed".to_owned(),
        threshold: "≤ 0.286".to_owned(),
        reason: None,
    }
}

/// The study that a summary is of.
pub(crate) fn study() -> StudyConfig {
    let text = r#"
        name = "xor"
        title = "t"
        question = "q"
        budget = 1000
        metrics = ["mean_squared_error"]
        [task.xor]
        [network.mlp]
        hidden = [4]
        [[arm]]
        name = "dopamine"
        [arm.optimizer.dopamine]
    "#;
    StudyConfig::from_toml(text, "xor.toml").expect("a study that can run")
}

/// A summary with all verdicts.
pub(crate) fn summary(name: &str, title: &str, quick: bool) -> Summary {
    let metrics = |arm| {
        [("error", 0.1), ("evaluations", 12_345.0), ("seconds", 0.002)].map(|(m, s)| (m.to_owned(), sample(arm, s)))
    };
    Summary {
        study: name.to_owned(),
        title: title.to_owned(),
        question: "Does dopamine reach the error of plain weight perturbation with fewer forward passes, and does it \
                   come near gradient descent?"
            .to_owned(),
        answer: "Dopamine needed 0.213 times the forward passes of weight perturbation (95 % interval 0.174 to 0.262)."
            .to_owned(),
        quick,
        arms: ARMS.iter().enumerate().map(|(i, arm)| ((*arm).to_owned(), BTreeMap::from(metrics(i)))).collect(),
        arm_order: ARMS.iter().map(|arm| (*arm).to_owned()).collect(),
        metrics: vec![],
        claims: vec![
            claim(
                "Dopamine needs at most 0.286 times the forward passes of weight perturbation to reach an error of 0.1.",
                Verdict::Supported,
                0.213,
                [Some(0.174), Some(0.262)],
            ),
            claim("Dopamine’s final error is below that of Adam.", Verdict::NotSupported, 1.84, [Some(1.31), None]),
            claim(
                "Without noradrenaline, recovery after the set shift is slower.",
                Verdict::Inconclusive,
                1.04,
                [Some(0.91), Some(1.2)],
            ),
        ],
        notes: vec!["Learning rates were searched on 8 seeds that the study does not use.".to_owned()],
    }
}

/// Figures of all kinds.
pub(crate) fn figures() -> Vec<Figure> {
    vec![
        figure("curves", "Error against forward passes", curves(5, 2000)),
        figure("many", "All sixteen arms", curves(16, 40)),
        figure("few", "Three doses", curves(3, 8)),
        figure("box", "Valid prediction time", distribution(6, false)),
        figure("boxes", "Valid prediction time of all arms", distribution(16, true)),
        figure("attractor", "True and predicted attractors", trajectories(3)),
        figure("attractor4", "Four panels", trajectories(4)),
        figure("runs", "Accuracy of every run", runs(4)),
        figure("one-run", "Accuracy of every run of one arm", runs(1)),
        figure("lesions", "What each set of modulators reaches", lesions(6)),
        figure("many-scores", "More scores than fit beside each other", lesions(9)),
        figure("shares", "Who did it?", shares()),
        figure("synergy", "What two do together", synergies()),
        figure("raster", "Spikes around the shift", raster()),
        figure("cost", "Cost of a step", table()),
    ]
}

/// Where a report came from.
pub(crate) fn provenance() -> Vec<(String, String)> {
    let pairs = [
        ("Version", "0.1.0"),
        ("Commit", "3554a2f"),
        ("Command", "tegmentum reproduce xor lorenz --seeds 20 --threads 2"),
        ("Started", "2026-01-15 10:32 UTC"),
        ("Duration", "1 h 12 min"),
        ("Machine", "AMD EPYC 9B45, 2 cores, 8 GiB"),
        ("System", "Linux 6.8"),
        ("Seeds", "0–19"),
    ];
    pairs.map(|(label, value)| (label.to_owned(), value.to_owned())).to_vec()
}
