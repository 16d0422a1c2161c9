//! Rounds of all rows, each with the limits of the machine measured beside it, and the table that comes of it.

use serde::Serialize;
use tegmentum::error::Result;
use tegmentum_engine::kernel::limits::{CHAIN_ROWS, Triad, multiply_add};
use tegmentum_engine::kernel::{InstructionSet, limit};

use crate::clock::{Spread, rate};
use crate::rows::Row;
use crate::work::Work;

/// A round of two threads counts where the machine gives them this much more than one in a loop of products.
const TWO_PROCESSORS: f64 = 1.9;

/// What was found of one row.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    name: String,
    title: String,
    unit: &'static str,
    /// Units per second.
    rate: Spread,
    /// Operations per second, 1e9.
    gigaflops: Option<f64>,
    /// Share of the limit of products from registers, round by round.
    share_of_products: Option<f64>,
    /// Bytes per second, 1e9.
    gigabytes: Option<f64>,
    /// Share of the rate of the triad.
    share_of_triad: Option<f64>,
    /// Rate over that of the other work, round by round, and what that is.
    ratio: Option<Spread>,
    against: Option<&'static str>,
    /// Rounds that counted.
    rounds: usize,
}

/// Measures the rows whose name contains `only`, and prints each as it is found.
pub(crate) fn measure(rows: &[Row], only: &str, quick: bool) -> Result<Vec<Measured>> {
    let (rounds, seconds) = if quick { (3, 0.05) } else { (7, 0.3) };
    let chosen: Vec<&Row> = rows.iter().filter(|row| row.name.contains(only)).collect();
    if chosen.is_empty() {
        return Ok(Vec::new());
    }
    println!("instruction set: {}", limit(InstructionSet::Avx512));
    let mut limits = Limits::measure()?;
    println!("products from registers, one thread: {:.1} GFLOP/s", rate(&mut limits.products, 0.3)?.per_second / 1e9);
    println!("triad, one thread: {:.1} GB/s\n", rate(&mut limits.triad, 0.3)?.per_second / 1e9);
    println!(
        "{:<64} {:>11} {:>21} {:>8} {:>6} {:>6} {:>6}  ratio [least..most]",
        "row", "a second", "[least..most]", "GFLOP/s", "share", "GB/s", "share"
    );
    let mut measured = Vec::new();
    for row in chosen {
        let found = rounds_of(row, rounds, seconds, &mut limits)?;
        println!("{}", line(&found));
        measured.push(found);
    }
    println!();
    Ok(measured)
}

/// The limits of the machine, as work.
struct Limits {
    /// Products from registers, in the number of chains that is the fastest here.
    products: Work,
    /// The same on two threads.
    both: Work,
    triad: Work,
}

impl Limits {
    fn measure() -> Result<Self> {
        let mut best = (0.0, 0);
        for rows in CHAIN_ROWS {
            let mut work = products(rows)?;
            rate(&mut work, 0.05)?;
            let found = rate(&mut work, 0.1)?.per_second;
            if found > best.0 {
                best = (found, rows);
            }
        }
        let rows = best.1;
        let both = Work::new(2.0 * CALLS as f64 * multiply_add(rows) as f64, move || {
            rayon::join(|| repeat(rows), || repeat(rows));
            Ok(())
        })?;
        let mut vectors = Triad::default();
        let triad = Work::new(vectors.pass() as f64, move || {
            vectors.pass();
            Ok(())
        })?;
        Ok(Self { products: products(rows)?, both: both.on_threads(2)?, triad })
    }

    /// Products per second of one thread with instructions as narrow as those of `work`.
    fn products_for(&mut self, work: &Work) -> Result<f64> {
        self.products.widest = work.widest;
        Ok(rate(&mut self.products, 0.1)?.per_second)
    }

    /// How much faster two threads multiply than one, now.
    fn two_over_one(&mut self) -> Result<f64> {
        self.products.widest = self.both.widest;
        Ok(rate(&mut self.both, 0.05)?.per_second / rate(&mut self.products, 0.05)?.per_second)
    }
}

/// Calls of the loop of products that make a piece of work.
const CALLS: usize = 16;

fn repeat(rows: usize) {
    (0..CALLS).for_each(|_| {
        multiply_add(rows);
    });
}

fn products(rows: usize) -> Result<Work> {
    Work::new(CALLS as f64 * multiply_add(rows) as f64, move || {
        repeat(rows);
        Ok(())
    })
}

/// The rates of a row, what it is measured against and the limits, in turn.
fn rounds_of(row: &Row, rounds: usize, seconds: f64, limits: &mut Limits) -> Result<Measured> {
    let mut work = (row.build)()?;
    let mut other = row.against.as_ref().map(|(_, build)| build()).transpose()?;
    work.call()?;
    let (mut rates, mut ratios, mut shares, mut triads) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut attempts = 0;
    while rates.len() < rounds && attempts < 4 * rounds {
        attempts += 1;
        if work.threads > 1 && limits.two_over_one()? < TWO_PROCESSORS {
            continue;
        }
        let limit_of_products = limits.products_for(&work)? * work.threads as f64;
        let found = rate(&mut work, seconds)?.per_second;
        rates.push(found);
        shares.push(found * work.operations / work.units / limit_of_products);
        if let Some(other) = &mut other {
            ratios.push(found / rate(other, seconds)?.per_second);
        }
        if work.bytes > 0.0 {
            triads.push(found * work.bytes / work.units / rate(&mut limits.triad, 0.05)?.per_second);
        }
    }
    Ok(summary(row, &work, rates, [shares, triads, ratios]))
}

/// Medians; the lists are shares of the products, shares of the triad and ratios.
fn summary(row: &Row, work: &Work, rates: Vec<f64>, [shares, triads, ratios]: [Vec<f64>; 3]) -> Measured {
    let rounds = rates.len();
    let rate = Spread::of(rates);
    let of = |amount: f64| (amount > 0.0).then(|| rate.median * amount / work.units / 1e9);
    let median = |values: Vec<f64>| Spread::of(values).median;
    Measured {
        name: row.name.clone(),
        title: row.title.clone(),
        unit: row.unit,
        gigaflops: of(work.operations),
        share_of_products: (work.operations > 0.0).then(|| median(shares)),
        gigabytes: of(work.bytes),
        share_of_triad: (work.bytes > 0.0).then(|| median(triads)),
        ratio: (!ratios.is_empty()).then(|| Spread::of(ratios)),
        against: row.against.as_ref().map(|(what, _)| *what),
        rate,
        rounds,
    }
}

fn line(found: &Measured) -> String {
    let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.1}"));
    let share = |value: Option<f64>| value.map_or(String::new(), |value| format!("{:.0} %", 100.0 * value));
    let ratio = found.ratio.zip(found.against).map_or(String::new(), |(ratio, against)| {
        format!("{:.2} [{:.2}..{:.2}] of {against}", ratio.median, ratio.least, ratio.most)
    });
    if found.rounds == 0 {
        return format!("{:<64} no round with two free processors", found.title);
    }
    format!(
        "{:<64} {:>11} {:>21} {:>8} {:>6} {:>6} {:>6}  {ratio}",
        format!("{} ({})", found.title, found.unit),
        format!("{:.3e}", found.rate.median),
        format!("[{:.2e}..{:.2e}]", found.rate.least, found.rate.most),
        number(found.gigaflops),
        share(found.share_of_products),
        number(found.gigabytes),
        share(found.share_of_triad),
    )
}
