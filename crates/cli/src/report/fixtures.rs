//! A made-up report with all kinds of figures, for the tests and for looking at.

use std::collections::BTreeMap;

use tegmentum::study::outcome::{
    Axis, ClaimOutcome, CurveSeries, DistributionGroup, Figure, FigureContent, Sample, Summary, TrajectoryPanel,
    Verdict,
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
    }
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
