//! Robustness: every arm at every rate of its grid, and how wide the range is that works.
//!
//! ```text
//!     a rate works    if at least 90 % of the seeds reach the target and the median of evaluations to it is at most 1.25
//!                     times the arm's own best
//!     a rate solves   if at least 90 % of the seeds reach the target, however late
//!     width           = log₁₀(last / first) of the longest run of neighbouring rates that work (or solve), in decades
//! ```
//! The interval of a width is a bootstrap over seeds: rates are judged anew for each resample. For a learner without a
//! learning rate the grid is that of the rate it begins with.

use super::compare::prepared::PreparedSetting;
use super::compare::{Comparison, check_learning, metrics};
use crate::claims::{self, MIN_SEEDS};
use crate::config::{Arm, Claim, StudyConfig};
use crate::drawing::axis;
use crate::execution::{Design, run_jobs};
use crate::kind::{StudyKind, check_arms_of_claim, check_metric_of_claim};
use crate::metric::{Metric, evaluations_to};
use crate::monitor::Monitor;
use crate::number::{short, with_interval};
use crate::outcome::{ClaimOutcome, CurveSeries, Figure, FigureContent};
use crate::result::{StudyResult, assemble};
use crate::trial::{ArmTrials, Trial};
use crate::tuning::{Candidate, candidates};
use tegmentum::error::Result;
use tegmentum::evidence::statistics::{Estimate, RESAMPLES, median, quantile};
use tegmentum::random::Key;

/// Share of seeds that must reach the target.
const SOLVED: f64 = 0.9;
/// How much slower than the arm's own best rate a rate may be.
const SLOWER: f64 = 1.25;

/// The two widths and how much slower than the best a rate may be.
const WIDTHS: [(&str, f64); 2] = [("width_decades", SLOWER), ("solved_decades", f64::INFINITY)];

/// The kind.
pub(super) struct Robustness;

impl StudyKind for Robustness {
    fn name(&self) -> &'static str {
        "robustness"
    }

    fn summary(&self) -> &'static str {
        "every arm at every rate of its grid: how wide is the range that works?"
    }

    fn check(&self, study: &StudyConfig) -> Result<(), String> {
        check_learning(study)?;
        if study.targets.is_empty() {
            return Err("kind = \"robustness\" needs targets".to_owned());
        }
        Ok(())
    }

    fn metrics(&self, study: &StudyConfig) -> Vec<Metric> {
        let mut metrics = metrics(study);
        metrics.extend(widths());
        metrics
    }

    fn check_claim(&self, study: &StudyConfig, claim: &Claim) -> Result<(), String> {
        check_arms_of_claim(&self.arm_names(study), claim)?;
        check_metric_of_claim(&widths(), claim)?;
        if claim.reference.is_some() {
            return Err("a width has no reference; compare it with a threshold".to_owned());
        }
        match study.arm.iter().find(|arm| arm.name == claim.arm) {
            Some(arm) if !has_grid(arm) => {
                Err(format!("arm {:?} has no tune.learning_rate, so that it has no width", claim.arm))
            }
            _ => Ok(()),
        }
    }

    /// Every rate of a grid is run.
    fn searches_rates(&self, _: &StudyConfig) -> bool {
        false
    }

    fn without_logs(&self) -> Option<&'static str> {
        Some(
            "a seed of an arm has a run at each rate of its grid; log it as an arm with one rate, in a study of kind compare",
        )
    }

    fn run(&self, study: &StudyConfig, monitor: &dyn Monitor) -> Result<StudyResult> {
        run(&self.design(study), monitor)
    }
}

fn widths() -> [Metric; 2] {
    WIDTHS.map(|(name, _)| Metric::larger(name).unit("decades").within(0.0, f64::INFINITY))
}

fn has_grid(arm: &Arm) -> bool {
    arm.tune.as_ref().is_some_and(|grid| !grid.learning_rate.is_empty())
}

/// One arm over its grid.
struct Sweep {
    setting: usize,
    arm: Arm,
    rates: Vec<f64>,
    /// Evaluations to the target, [rate][seed]; infinite if it was not reached.
    evaluations: Vec<Vec<f64>>,
    trials: Vec<Vec<Trial>>,
}

impl Sweep {
    /// The width in decades, with the seeds that `pick` chooses; `slower` is how much slower than the best a rate may be.
    fn width(&self, pick: &[usize], slower: f64) -> f64 {
        let columns: Vec<Vec<f64>> =
            self.evaluations.iter().map(|seeds| pick.iter().map(|&index| seeds[index]).collect()).collect();
        let medians: Vec<f64> = columns.iter().map(|values| median(values)).collect();
        let best = medians.iter().copied().fold(f64::INFINITY, f64::min);
        let works = |index: usize| {
            let reached = columns[index].iter().filter(|value| value.is_finite()).count() as f64;
            reached >= SOLVED * pick.len() as f64 && medians[index] <= slower * best
        };
        let (mut widest, mut first) = (0.0f64, None);
        for index in 0..self.rates.len() {
            if works(index) {
                let start = *first.get_or_insert(index);
                widest = widest.max((self.rates[index] / self.rates[start]).log10());
            } else {
                first = None;
            }
        }
        widest
    }

    /// The width with its 95 % interval; NaN for an arm without a grid.
    fn width_interval(&self, slower: f64) -> Estimate {
        let seeds = self.evaluations.first().map_or(0, Vec::len);
        if !has_grid(&self.arm) {
            return Estimate { value: f64::NAN, ci95: [f64::NAN; 2], n: seeds };
        }
        let all: Vec<usize> = (0..seeds).collect();
        let mut stream = Key::from_seed(0x81D7).stream();
        let mut widths = Vec::with_capacity(RESAMPLES);
        for _ in 0..RESAMPLES {
            let pick: Vec<usize> = (0..seeds).map(|_| stream.below(seeds)).collect();
            widths.push(self.width(&pick, slower));
        }
        let ci95 = [quantile(&widths, 0.025), quantile(&widths, 0.975)];
        Estimate { value: self.width(&all, slower), ci95, n: seeds }
    }
}

/// Runs a robustness study.
fn run(design: &Design<'_>, monitor: &dyn Monitor) -> Result<StudyResult> {
    let study = design.study;
    let target = study.targets.first().copied().unwrap_or_default();
    let comparison = Comparison::new(design)?;
    let (settings, sweeps) = (&comparison.settings, sweep(study, &comparison, target, monitor)?);
    let mut all = Vec::new();
    let mut claims = Vec::new();
    let mut rows = Vec::new();
    for sweep in &sweeps {
        rows.push(table_row(study, &settings[sweep.setting], sweep));
        claims.extend(test(study, &settings[sweep.setting], sweep));
    }
    let figures = figures(study, settings, &sweeps, target, rows);
    for sweep in sweeps {
        let widths = WIDTHS.map(|(name, slower)| (name, sweep.width_interval(slower).value));
        let best = best_rate(&sweep);
        let mut trials = sweep.trials.into_iter().nth(best).unwrap_or_default();
        for trial in &mut trials {
            trial.metrics.extend(widths.map(|(name, width)| (name.to_owned(), width)));
        }
        let name = study.result_name(&settings[sweep.setting].setting.name, &sweep.arm.name);
        all.push(ArmTrials { name, arm: sweep.arm, setting: sweep.setting, trials });
    }
    Ok(assemble(design, &all, claims, figures, Vec::new()))
}

fn best_rate(sweep: &Sweep) -> usize {
    let medians: Vec<f64> = sweep.evaluations.iter().map(|values| median(values)).collect();
    (0..medians.len()).min_by(|&a, &b| medians[a].total_cmp(&medians[b])).unwrap_or(0)
}

fn sweep(study: &StudyConfig, comparison: &Comparison<'_>, target: f64, monitor: &dyn Monitor) -> Result<Vec<Sweep>> {
    let mut plans = Vec::new();
    for setting in 0..comparison.settings.len() {
        for arm in &study.arm {
            plans.push((setting, arm, candidates(arm)?));
        }
    }
    let jobs: Vec<(usize, &Arm)> =
        plans.iter().flat_map(|(setting, _, points)| points.iter().map(|point| (*setting, &point.arm))).collect();
    let seeds = study.seeds.count;
    let work = jobs.iter().map(|(setting, _)| comparison.settings[*setting].budget * seeds).sum();
    monitor.expect(&format!("{}: {} runs over grids of rates", study.name, jobs.len() as u64 * seeds), work);
    let mut trials = run_jobs(study, comparison, &jobs, monitor)?.into_iter();
    let name = evaluations_to(target).name;
    let collect = |(setting, arm, points): (usize, &Arm, Vec<Candidate>)| {
        let own: Vec<Vec<Trial>> =
            points.iter().map(|_| trials.by_ref().take(study.seeds.count as usize).collect()).collect();
        Sweep {
            setting,
            arm: arm.clone(),
            rates: points.iter().map(|point| point.learning_rate.unwrap_or(f64::NAN)).collect(),
            evaluations: own.iter().map(|trials| trials.iter().map(|trial| trial.metrics[&name]).collect()).collect(),
            trials: own,
        }
    };
    Ok(plans.into_iter().map(collect).collect())
}

fn test(study: &StudyConfig, prepared: &PreparedSetting, sweep: &Sweep) -> Vec<ClaimOutcome> {
    let is_meant = |claim: &&Claim| {
        claim.arm == sweep.arm.name && claim.setting.as_ref().is_none_or(|name| *name == prepared.setting.name)
    };
    let outcome = |claim: &Claim| {
        let (name, slower) = *WIDTHS.iter().find(|width| width.0 == claim.metric)?;
        let estimate = sweep.width_interval(slower);
        let n = estimate.n;
        let few = if n < MIN_SEEDS {
            Some(format!("too few seeds: {n}, and a verdict needs at least {MIN_SEEDS}"))
        } else if estimate.ci95[0] == estimate.ci95[1] && SOLVED.powi(n as i32) > claims::BEYOND {
            // All resamples agree, as they do where every seed is solved: of so few that shows no share of 90 %.
            Some(format!("too few seeds: all resamples of {n} gave the same width"))
        } else {
            None
        };
        let problem = few.or_else(|| claims::too_short(study, claim, &prepared.setting.name));
        let statistic = format!("{name} of {}", sweep.arm.name);
        Some(claims::outcome(claim, claim.text.clone(), estimate, statistic, problem))
    };
    study.claim.iter().filter(is_meant).filter_map(outcome).collect()
}

fn table_row(study: &StudyConfig, prepared: &PreparedSetting, sweep: &Sweep) -> Vec<String> {
    let best = best_rate(sweep);
    let solved = sweep.evaluations[best].iter().filter(|value| value.is_finite()).count();
    let mut row = vec![study.result_name(&prepared.setting.name, sweep.arm.label())];
    for (_, slower) in WIDTHS {
        let width = sweep.width_interval(slower);
        row.push(if width.value.is_nan() { "none".to_owned() } else { with_interval(width.value, width.ci95) });
    }
    row.extend([
        short(sweep.rates[best]),
        short(median(&sweep.evaluations[best])),
        format!("{solved} of {}", sweep.evaluations[best].len()),
    ]);
    row
}

fn figures(
    study: &StudyConfig,
    settings: &[PreparedSetting],
    sweeps: &[Sweep],
    target: f64,
    rows: Vec<Vec<String>>,
) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (setting, prepared) in settings.iter().enumerate() {
        let own: Vec<&Sweep> = sweeps.iter().filter(|sweep| sweep.setting == setting).collect();
        let solved = own.iter().map(|sweep| solved_curve(sweep)).collect();
        let speed = own.iter().map(|sweep| speed_curve(sweep)).collect();
        let name = &prepared.setting.name;
        let x = || axis("learning rate (for schedule-free learners the rate to begin with)", true);
        figures.push(Figure {
            id: format!("{}-{name}-solved", study.name),
            title: format!("Share of seeds that reach {target}"),
            caption: format!("{} seeds at each rate.", study.seeds.count),
            content: FigureContent::Curves {
                x: x(),
                y: axis("share solved", false),
                series: solved,
                references: vec![("90 %".to_owned(), SOLVED)],
            },
        });
        figures.push(Figure {
            id: format!("{}-{name}-speed", study.name),
            title: format!("Evaluations until {target}"),
            caption: "Median and quartiles over seeds; drawn where at least half of the seeds got there.".to_owned(),
            content: FigureContent::Curves {
                x: x(),
                y: axis("loss evaluations", true),
                series: speed,
                references: Vec::new(),
            },
        });
    }
    let heads = ["arm", "works (decades)", "solves (decades)", "best rate", "evaluations there", "solved there"];
    figures.push(Figure {
        id: format!("{}-width", study.name),
        title: "How wide is the range that works?".to_owned(),
        caption:
            "A rate works if 90 % of the seeds reach the target in at most 1.25 times the evaluations of the arm's own \
                  best rate."
                .to_owned(),
        content: FigureContent::Table { columns: heads.map(str::to_owned).to_vec(), rows },
    });
    figures
}

fn solved_curve(sweep: &Sweep) -> CurveSeries {
    let share =
        |values: &Vec<f64>| values.iter().filter(|value| value.is_finite()).count() as f64 / values.len() as f64;
    CurveSeries {
        label: sweep.arm.label().to_owned(),
        x: sweep.rates.clone(),
        y: sweep.evaluations.iter().map(share).collect(),
        lower: vec![],
        upper: vec![],
    }
}

fn speed_curve(sweep: &Sweep) -> CurveSeries {
    let mut series =
        CurveSeries { label: sweep.arm.label().to_owned(), x: vec![], y: vec![], lower: vec![], upper: vec![] };
    for (&rate, values) in sweep.rates.iter().zip(&sweep.evaluations) {
        let largest = values.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
        let upper = quantile(values, 0.75);
        if median(values).is_finite() {
            series.x.push(rate);
            series.y.push(median(values));
            series.lower.push(quantile(values, 0.25));
            series.upper.push(if upper.is_finite() { upper } else { largest });
        }
    }
    series
}
