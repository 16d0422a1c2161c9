//! The engine against closed forms: weight perturbation on a linear readout, and the moments of its estimator.
//!
//! Equations and references: [`closed_forms`](tegmentum::evidence::closed_forms). The engine's curve, averaged over repeats, is compared with
//! the formula for the measured mean of E(0).

use std::collections::BTreeMap;

use crate::claims;
use crate::config::{Claim, StudyConfig};
use crate::drawing::{axis, table};
use crate::kind::{StudyKind, check_arms_of_claim};
use crate::metric::Metric;
use crate::monitor::Monitor;
use crate::names::listed;
use crate::number::short;
use crate::outcome::{ClaimOutcome, CurveSeries, Figure, FigureContent};
use crate::result::{Found, RecordRow, StudyResult, single, summary};
use crate::work;
use tegmentum::error::Result;
use tegmentum::evidence::closed_forms::{LinearReadout, Moments};
use tegmentum::evidence::statistics::{Estimate, RESAMPLES, bootstrap, mean};
use tegmentum::model::perturbation::Family;
use tegmentum::random::Key;

const TRIALS: usize = 400;
/// Repeats that are made together.
const SEEDS_OF_UNIT: usize = 16;
/// Trials at whose ends the curve is compared with the formula.
const COMPARED: [usize; 4] = [10, 30, 100, 400];

/// A case of the comparison: its name, and what is learned.
type Case = (&'static str, LinearReadout);

const CASES: [Case; 2] = [
    ("noise 0.3, no irreducible error", LinearReadout { sigma: 0.3, irreducible: 0.0 }),
    ("noise 0.01, irreducible error 0.5", LinearReadout { sigma: 0.01, irreducible: 0.5 }),
];
/// Parameters of the measured moments.
const PARAMETERS: usize = 50;

/// Directions K of the measured estimators.
const POPULATIONS: [usize; 2] = [1, 4];
/// The two families of directions, and the fourth moment of their entries.
const FAMILIES: [(Family, &str, f64); 2] = [(Family::Gaussian, "normals", 3.0), (Family::Rademacher, "signs", 1.0)];
/// The arm of claims about the worst of all arms.
const ALL: &str = "all";
/// Draws of a moment, and of a shortened run.
const DRAWS: [usize; 2] = [400_000, 100_000];

/// The kind. Its metrics are relative differences from the formulas, `relative_error_after_N` of the mean curve
/// and `relative_squared_norm_KN`, `relative_slope_KN` of the moments; arms are the cases. A claim about the arm "all" and
/// the beginning of a metric's name is about the largest of them.
pub(super) struct Theory;

impl StudyKind for Theory {
    fn name(&self) -> &'static str {
        "theory"
    }

    fn summary(&self) -> &'static str {
        "the engine against closed forms"
    }

    fn check(&self, study: &StudyConfig) -> Result<(), String> {
        if !study.arm.is_empty() || study.task.is_some() || study.network.is_some() || !study.setting.is_empty() {
            return Err(
                "kind = \"theory\" has cases of its own: leave out [[arm]], [task], [network], [[setting]]".to_owned()
            );
        }
        Ok(())
    }

    fn arm_names(&self, _: &StudyConfig) -> Vec<String> {
        let families = FAMILIES.iter().map(|family| family.1);
        CASES.iter().map(|case| case.0).chain(families).chain([ALL]).map(str::to_owned).collect()
    }

    fn metrics(&self, _: &StudyConfig) -> Vec<Metric> {
        let errors = COMPARED.iter().map(|n| format!("relative_error_after_{n}"));
        let moments = ["squared_norm", "slope"];
        let moments = POPULATIONS.iter().flat_map(|k| moments.map(|what| format!("relative_{what}_K{k}")));
        errors.chain(moments).map(Metric::smaller).collect()
    }

    fn check_claim(&self, study: &StudyConfig, claim: &Claim) -> Result<(), String> {
        check_arms_of_claim(&self.arm_names(study), claim)?;
        if claim.reference.is_some() {
            return Err("a difference from a formula has no reference; compare it with a threshold".to_owned());
        }
        let names: Vec<String> = self.metrics(study).into_iter().map(|metric| metric.name).collect();
        let is_family = FAMILIES.iter().any(|family| family.1 == claim.arm);
        let is_case = CASES.iter().any(|case| case.0 == claim.arm);
        let of_arm = |name: &&String| {
            claim.arm == ALL || name.starts_with("relative_error_") == is_case && (is_case || is_family)
        };
        if names.iter().filter(of_arm).any(|name| name.starts_with(&claim.metric)) {
            return Ok(());
        }
        let known: Vec<&String> = names.iter().filter(of_arm).collect();
        Err(format!("unknown metric {:?}: known are {}", claim.metric, listed(&claim.metric, &known)))
    }

    fn run(&self, study: &StudyConfig, monitor: &dyn Monitor) -> Result<StudyResult> {
        let mut parts = Parts::new(study);
        monitor.expect(
            &format!("{}: {} repeats of {} cases", study.name, study.seeds.count, CASES.len()),
            (2 * TRIALS as u64 * CASES.len() as u64).saturating_mul(study.seeds.count),
        );
        let seeds: Vec<u64> = study.seeds.iter().collect();
        let draws = DRAWS[usize::from(study.shortened.is_some())];
        let units = units(&seeds, draws);
        let costs: Vec<u64> = units.iter().map(Unit::evaluations).collect();
        let mut made = work::row(study, monitor, &costs, |index| units[index].make())?;
        let moments = made.split_off(units.len() - FAMILIES.len() * POPULATIONS.len());
        for (case, runs) in CASES.into_iter().zip(made.chunks(made.len() / CASES.len())) {
            parts.add_curve(case, &seeds, &runs.concat());
        }
        parts.add_moments(&moments);
        Ok(parts.finish())
    }
}

/// A unit of work: curves of a few repeats of a case, or the moments of so many draws of a family with K directions.
enum Unit<'a> {
    Curves(LinearReadout, &'a [u64]),
    Moments(Family, usize, usize),
}

/// All units: those of each case in turn, then the moments.
fn units(seeds: &[u64], draws: usize) -> Vec<Unit<'_>> {
    let chunks = |case: Case| seeds.chunks(SEEDS_OF_UNIT).map(move |seeds| Unit::Curves(case.1, seeds));
    let moments = |family: (Family, &str, f64)| POPULATIONS.map(|k| Unit::Moments(family.0, k, draws / k));
    CASES.into_iter().flat_map(chunks).chain(FAMILIES.into_iter().flat_map(moments)).collect()
}

impl Unit<'_> {
    /// Evaluations of its curves; moments need none.
    fn evaluations(&self) -> u64 {
        match self {
            Self::Curves(_, seeds) => 2 * TRIALS as u64 * seeds.len() as u64,
            Self::Moments(..) => 0,
        }
    }

    /// Its curves, or means of ‖ĝ‖² and of ĝ·g.
    fn make(&self) -> Result<Vec<Vec<f64>>> {
        match *self {
            Self::Curves(readout, seeds) => seeds.iter().map(|&seed| readout.curve(seed, TRIALS)).collect(),
            Self::Moments(family, k, draws) => {
                let Moments { squares, slopes } = Moments::measured(family, k, PARAMETERS, draws);
                Ok(vec![squares, slopes])
            }
        }
    }
}

/// What has been found so far.
struct Parts<'a> {
    study: &'a StudyConfig,
    series: Vec<CurveSeries>,
    curve_rows: Vec<Vec<String>>,
    moment_rows: Vec<Vec<String>>,
    estimates: Vec<(String, String, Estimate)>,
    found: Vec<Found>,
    records: Vec<RecordRow>,
}

impl<'a> Parts<'a> {
    fn new(study: &'a StudyConfig) -> Self {
        Self {
            study,
            series: vec![],
            curve_rows: vec![],
            moment_rows: vec![],
            estimates: vec![],
            found: vec![],
            records: vec![],
        }
    }

    fn add_curve(&mut self, (name, readout): Case, seeds: &[u64], runs: &[Vec<f64>]) {
        let column = |n: usize| -> Vec<f64> { runs.iter().map(|run| run[n]).collect() };
        let first = mean(&column(0));
        let x: Vec<f64> = (0..=TRIALS).map(|n| n as f64).collect();
        let y: Vec<f64> = (0..=TRIALS).map(|n| mean(&column(n))).collect();
        self.series.push(plain(&format!("engine: {name}"), x.clone(), y));
        let formula = (0..=TRIALS).map(|n| readout.expected(first, n)).collect();
        self.series.push(plain(&format!("formula: {name}"), x, formula));
        let mut metrics = Vec::new();
        for n in COMPARED {
            let exact = readout.expected(first, n);
            // The formula is linear in E(0), so each repeat is compared with its own: the mean is the same, the spread less.
            let own = |run: &Vec<f64>| (run[n] - readout.expected(run[0], n)) / exact;
            let relative: Vec<f64> = runs.iter().map(own).collect();
            let estimate = bootstrap(&relative, mean, RESAMPLES, Key::from_seed(n as u64));
            self.curve_rows.push(vec![
                name.to_owned(),
                n.to_string(),
                short(mean(&column(n))),
                short(exact),
                format!("{} %", short(100.0 * estimate.value)),
                format!("[{}, {}] %", short(100.0 * estimate.ci95[0]), short(100.0 * estimate.ci95[1])),
            ]);
            let metric = format!("relative_error_after_{n}");
            self.estimates.push((name.to_owned(), metric.clone(), estimate));
            metrics.push((Metric::smaller(metric), single(estimate.value)));
        }
        for (seed, run) in seeds.iter().zip(runs) {
            self.records.extend(COMPARED.iter().map(|&n| RecordRow {
                arm: name.to_owned(),
                seed: *seed,
                x: 2 * n as u64,
                x_unit: "evaluations".to_owned(),
                metric: "error".to_owned(),
                value: run[n],
            }));
        }
        self.found.push((name.to_owned(), metrics));
    }

    /// Moments of the estimate, measured with the engine's directions: means of ‖ĝ‖² and of ĝ·g of each family and K.
    fn add_moments(&mut self, measured: &[Vec<Vec<f64>>]) {
        for ((_, name, fourth), of_family) in FAMILIES.into_iter().zip(measured.chunks(POPULATIONS.len())) {
            let mut metrics = Vec::new();
            for (k, moments) in POPULATIONS.into_iter().zip(of_family) {
                let exact = Moments::expected_square(fourth, k, PARAMETERS);
                let parts = [("squared_norm", &moments[0], exact), ("slope", &moments[1], 1.0)];
                for (what, values, exact) in parts {
                    let relative: Vec<f64> = values.iter().map(|value| value / exact - 1.0).collect();
                    let estimate = bootstrap(&relative, mean, RESAMPLES, Key::from_seed(k as u64));
                    self.moment_rows.push(vec![
                        format!("{name}, K = {k}"),
                        what.replace('_', " "),
                        short(mean(values)),
                        short(exact),
                        format!("{} %", short(100.0 * estimate.value)),
                    ]);
                    let metric = format!("relative_{what}_K{k}");
                    self.estimates.push((name.to_owned(), metric.clone(), estimate));
                    metrics.push((Metric::smaller(metric), single(estimate.value)));
                }
            }
            self.found.push((name.to_owned(), metrics));
        }
    }

    fn finish(self) -> StudyResult {
        let claims: Vec<ClaimOutcome> = self.study.claim.iter().filter_map(|claim| self.test(claim)).collect();
        let figures = vec![
            Figure {
                id: "theory-curves".to_owned(),
                title: "Learning curves and their closed form".to_owned(),
                caption:
                    "Mean error of a linear readout over repeats, and the formula for the measured mean error before \
                          the first trial."
                        .to_owned(),
                content: FigureContent::Curves {
                    x: axis("trials", false),
                    y: axis("mean error E", true),
                    series: self.series,
                    references: vec![],
                },
            },
            table(
                "theory-table",
                "Engine and formula",
                &["case", "trial", "engine", "formula", "difference", "95 % interval"],
                self.curve_rows,
            ),
            table(
                "theory-moments",
                "Moments of the estimator",
                &["directions", "moment", "engine", "formula", "difference"],
                self.moment_rows,
            ),
        ];
        StudyResult {
            study: self.study.clone(),
            summary: summary(self.study, self.found, claims, Vec::new()),
            figures,
            records: self.records,
            tuning: vec![],
            seconds: BTreeMap::new(),
        }
    }

    /// A claim names an arm (a case, or a family) and a metric; "largest" is the metric farthest from zero of all arms.
    fn test(&self, claim: &Claim) -> Option<ClaimOutcome> {
        let is_meant = |(arm, metric, _): &&(String, String, Estimate)| {
            metric.starts_with(&claim.metric) && (claim.arm == ALL || *arm == claim.arm)
        };
        let largest = self.estimates.iter().filter(is_meant).max_by(|a, b| a.2.value.abs().total_cmp(&b.2.value.abs()));
        let (arm, _, estimate) = largest?;
        let far = estimate.ci95.iter().fold(0.0f64, |far, end| far.max(end.abs()));
        let crosses = estimate.ci95[0] <= 0.0 && estimate.ci95[1] >= 0.0;
        let near = if crosses { 0.0 } else { estimate.ci95[0].abs().min(estimate.ci95[1].abs()) };
        let size = Estimate { value: estimate.value.abs(), ci95: [near, far], n: estimate.n };
        let few = (estimate.n < claims::MIN_SEEDS)
            .then(|| format!("too few seeds: {}, and a verdict needs at least {}", estimate.n, claims::MIN_SEEDS));
        let statistic = format!("largest relative difference from the formula ({arm})");
        Some(claims::outcome(claim, claim.text.clone(), size, statistic, few))
    }
}

fn plain(label: &str, x: Vec<f64>, y: Vec<f64>) -> CurveSeries {
    CurveSeries { label: label.to_owned(), x, y, lower: vec![], upper: vec![] }
}
