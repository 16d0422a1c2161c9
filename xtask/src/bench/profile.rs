//! Where the instructions of an update go: noise, products, activation functions, and the rest.
//!
//! callgrind gives each instruction a function and, through the compiler's line tables, the source file that it was inlined from.
//! An instruction belongs to the first of these that matches: its function is of the noise; its file is of the noise, of activation
//! functions, of products; its function is of activation functions, of products. All else is the rest.

use std::collections::HashMap;
use std::process::ExitCode;

use anyhow::Result;

use super::{executable, instructions};

/// Rows whose updates are profiled.
const ROWS: [&str; 3] = ["elman-step-1", "elman-step-32", "mlp-step"];

/// What an instruction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Noise,
    Products,
    Activations,
    Rest,
}

/// Words in names of functions and paths of files that tell a part.
const NOISE: [&str; 5] = ["noise", "normal", "signs", "philox", "random"];
const ACTIVATIONS: [&str; 5] = ["activation", "kernel/math", "kernel::math", "tanh", "softmax"];
const PRODUCTS: [&str; 5] = ["product", "affine", "kernel/simd", "kernel::simd", "fused"];

/// Prints the shares of the rows whose name contains `only`.
pub(crate) fn run(only: &str) -> Result<ExitCode> {
    instructions::require_valgrind()?;
    let rows: Vec<_> = ROWS.into_iter().filter(|row| row.contains(only)).collect();
    instructions::require_rows(&rows, only)?;
    let bench = executable::build()?;
    println!("\n{:<24} {:>8} {:>10} {:>12} {:>8}", "instructions, AVX2", "noise", "products", "activations", "rest");
    for row in rows {
        let text = std::fs::read_to_string(instructions::callgrind(&bench, row)?)?;
        let costs = costs(&text);
        let total = costs.iter().map(|cost| cost.instructions).sum::<u64>() as f64;
        let share = |part| {
            let of = costs.iter().filter(|cost| cost.part() == part).map(|cost| cost.instructions).sum::<u64>();
            format!("{:.1} %", 100.0 * of as f64 / total)
        };
        let [noise, products, activations, rest] =
            [Part::Noise, Part::Products, Part::Activations, Part::Rest].map(share);
        println!("{row:<24} {noise:>8} {products:>10} {activations:>12} {rest:>8}");
        for cost in largest_of_the_rest(costs, total) {
            println!("    {:>5.1} %  {}  {}", 100.0 * cost.instructions as f64 / total, cost.function, cost.file);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What a function spent on lines of one file.
#[derive(Clone, Debug, PartialEq)]
struct Cost {
    function: String,
    file: String,
    instructions: u64,
}

impl Cost {
    fn part(&self) -> Part {
        let has = |text: &str, words: [&str; 5]| words.iter().any(|word| text.contains(word));
        let (function, file) = (self.function.as_str(), self.file.as_str());
        match () {
            () if has(function, NOISE) || has(file, NOISE) => Part::Noise,
            () if has(file, ACTIVATIONS) => Part::Activations,
            () if has(file, PRODUCTS) => Part::Products,
            () if has(function, ACTIVATIONS) => Part::Activations,
            () if has(function, PRODUCTS) => Part::Products,
            () => Part::Rest,
        }
    }
}

/// Entries of the rest above half a per cent, the largest first.
fn largest_of_the_rest(costs: Vec<Cost>, total: f64) -> Vec<Cost> {
    let counts = |cost: &Cost| cost.part() == Part::Rest && cost.instructions as f64 > 0.005 * total;
    let mut rest: Vec<Cost> = costs.into_iter().filter(counts).collect();
    rest.sort_by_key(|cost| std::cmp::Reverse(cost.instructions));
    rest
}

/// The costs in a file of callgrind's: each function's own, by source file.
///
/// A name is written as `(number) text` where it is first met and as `(number)` later. `fn=` sets function, `fl=` its file, `fi=` and
/// `fe=` that of inlined lines. A line of positions and a cost follows; the one after `calls=` is the callee's and not counted.
fn costs(text: &str) -> Vec<Cost> {
    let (mut files, mut functions) = (HashMap::new(), HashMap::new());
    let (mut file, mut function) = (String::new(), String::new());
    let mut sums: HashMap<(String, String), u64> = HashMap::new();
    let mut callee = false;
    for line in text.lines() {
        if let Some((key, value)) = line.split_once('=').filter(|(key, _)| key.chars().all(|c| c.is_ascii_alphabetic()))
        {
            match key {
                "fl" | "fi" | "fe" => file = name(value, &mut files),
                "fn" => function = name(value, &mut functions),
                "cfn" => drop(name(value, &mut functions)),
                "cfi" | "cfl" => drop(name(value, &mut files)),
                "calls" => callee = true,
                _ => {}
            }
        } else if line.starts_with(|c: char| c.is_ascii_digit() || "+-*".contains(c)) {
            let cost = line.split_whitespace().nth(1).and_then(|cost| cost.parse::<u64>().ok()).unwrap_or(0);
            if !std::mem::take(&mut callee) {
                *sums.entry((function.clone(), file.clone())).or_default() += cost;
            }
        }
    }
    sums.into_iter().map(|((function, file), instructions)| Cost { function, file, instructions }).collect()
}

/// `(number) text` or `(number)`, by the names met so far.
fn name(value: &str, known: &mut HashMap<String, String>) -> String {
    let Some((number, text)) = value.split_once(')') else { return value.to_owned() };
    if text.trim().is_empty() {
        return known.get(number).cloned().unwrap_or_default();
    }
    known.insert(number.to_owned(), text.trim().to_owned());
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "version: 1\nevents: Ir\n\nfl=(1) src/training.rs\nfn=(1) update\n10 5\ncfi=(2) src/kernel/noise.rs\n\
                           cfn=(2) add_normals\ncalls=3 20\n11 700\n+1 2\n\nfl=(2)\nfn=(2)\n20 600\nfi=(3) core/num.rs\n+4 100\n\n\
                           fl=(4) src/kernel/affine.rs\nfn=(3) add_product\n5 1000\nfi=(5) src/kernel/math.rs\n7 50\nfe=(4)\n9 1\n";

    #[test]
    fn own_costs_are_summed_by_function_and_file() {
        let mut found = costs(PROFILE);
        found.sort_by_key(|cost| cost.instructions);
        let cost = |function: &str, file: &str, instructions| Cost {
            function: function.into(),
            file: file.into(),
            instructions,
        };
        assert_eq!(
            found,
            [
                cost("update", "src/training.rs", 7),
                cost("add_product", "src/kernel/math.rs", 50),
                cost("add_normals", "core/num.rs", 100),
                cost("add_normals", "src/kernel/noise.rs", 600),
                cost("add_product", "src/kernel/affine.rs", 1001),
            ]
        );
    }

    #[test]
    fn each_cost_has_a_part() {
        let parts: std::collections::BTreeMap<_, _> =
            costs(PROFILE).into_iter().map(|cost| (cost.instructions, cost.part())).collect();
        let expected =
            [(7, Part::Rest), (50, Part::Activations), (100, Part::Noise), (600, Part::Noise), (1001, Part::Products)];
        assert_eq!(parts, expected.into());
        assert_eq!(largest_of_the_rest(costs(PROFILE), 100.0).len(), 1);
    }
}
