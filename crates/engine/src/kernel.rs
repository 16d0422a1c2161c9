//! The hot loops: products, activation functions and noise over *lanes*.
//!
//! # Lanes
//! The examples (or windows) of a batch lie side by side: a quantity of the network is an array of `L` numbers, one for
//! each example, and a weight is broadcast over them. Every lane does the same operations in the same order, so the
//! compiler may use any vector width without changing a bit.
//!
//! # Arithmetics
//! A [`Numerics`] says how a network's products and activation functions are computed:
//! - `native` (the default of the library) uses fused multiply–add, one rounding for `a·b + c`. Orders of sums are fixed, so that all
//!   processors with fused multiply–add (AVX2 + FMA, AVX-512, NEON) give the same bits;
//! - `portable` (the default of a study) uses `+ − × ÷ √` alone and gives the same bits on every machine.
//!
//! Two more are opt-in: [`bfloat16`], a recurrent network's training losses with rounded weights and activities, and [`int8`], all losses of a network
//! with weights and activities in bytes.
//!
//! Everything else here (noise, losses, element-wise updates) is written without fused multiply–add: the same bits
//! everywhere, whatever the kernel. No function of the platform's mathematics library is used, no sum is reordered.
//!
//! # Dispatch
//! The macro `simd::dispatch!` compiles a loop for each instruction set and picks by what the processor reports, or by [`limit`].
//! The choice changes the speed alone. This module is the only place of the library with `unsafe`: for that choice, for the
//! instructions behind the vectors of `simd`, and where checks of indices would slow an inner loop.
#![allow(clippy::inline_always, reason = "a loop must be inlined into its wrapper to be compiled for its instructions")]

use std::sync::atomic::{AtomicU8, Ordering};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

pub mod activation;
pub mod affine;
pub mod aligned;
pub mod arithmetic;
pub mod bfloat16;
pub mod int8;
pub mod lanes;
pub mod limits;
pub mod lockstep;
pub mod loss;
pub mod low_rank;
pub mod many_keys;
pub mod math;
pub mod noise;
pub mod normal;
pub mod normalised_step;
pub mod one_direction;
pub mod outer;
pub mod output_error;
pub mod pairs;
pub mod perceptron;
pub mod population;
pub mod products;
pub mod rate;
pub mod readout;
pub mod sequence;
pub mod sequential;
mod simd;

/// How a network's products and activation functions are computed; see the module's head.
///
/// # Example
/// ```
/// use tegmentum_engine::kernel::Numerics;
/// assert_eq!(Numerics::default(), Numerics::Native);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Numerics {
    /// With fused multiply–add where the processor has it.
    #[default]
    Native,
    /// The same bits on every machine.
    Portable,
    /// Training losses of a simple recurrent network with weights and activities in [`bfloat16`]; all else as `native`.
    Bfloat16,
    /// Losses of candidates and models with weights and activities in [bytes](int8); all else as `native`.
    Int8,
}

impl Numerics {
    /// Whether it uses fused multiply–add where the processor has it.
    #[inline(always)]
    pub fn is_fused(self) -> bool {
        self != Self::Portable
    }
}

/// Vector instructions, from narrow to wide.
///
/// # Example
/// ```
/// use tegmentum_engine::kernel::{InstructionSet, instruction_set};
/// assert!(instruction_set() >= InstructionSet::Baseline);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum InstructionSet {
    /// What every processor of its architecture has; on AArch64 that includes NEON with fused multiply–add.
    Baseline = 1,
    /// AVX2 with FMA.
    Avx2 = 2,
    /// AVX-512 F, BW, DQ and VL.
    Avx512 = 3,
}

impl std::fmt::Display for InstructionSet {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Baseline => "baseline",
            Self::Avx2 => "AVX2",
            Self::Avx512 => "AVX-512",
        })
    }
}

/// Whether the baseline of this architecture has fused multiply–add.
#[cfg(not(target_arch = "x86_64"))]
pub const BASELINE_HAS_FUSED: bool = cfg!(target_arch = "aarch64");

impl InstructionSet {
    /// The set called `avx512`, `avx2`, `neon` or `baseline`, if this processor has it.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for another name, [`Error::Incompatible`] if the processor lacks it.
    ///
    /// # Example
    /// ```
    /// use tegmentum_engine::kernel::InstructionSet;
    /// assert_eq!(InstructionSet::from_name("baseline").unwrap(), InstructionSet::Baseline);
    /// assert!(InstructionSet::from_name("avx9").unwrap_err().to_string().contains("avx512, avx2, neon, baseline"));
    /// ```
    pub fn from_name(name: &str) -> Result<Self> {
        let set = match name {
            "avx512" => Self::Avx512,
            "avx2" => Self::Avx2,
            "neon" | "baseline" => Self::Baseline,
            _ => {
                let known = "avx512, avx2, neon, baseline".to_owned();
                return Err(Error::UnknownName { kind: "instruction set", name: name.to_owned(), known });
            }
        };
        let widest = detect();
        if set > widest || name == "neon" && !cfg!(target_arch = "aarch64") {
            let (what, with) = (format!("the instruction set {name}"), "this processor".to_owned());
            let reason = format!("it is {} and has {widest}", std::env::consts::ARCH);
            return Err(Error::Incompatible { what, with, reason });
        }
        Ok(set)
    }
}

/// The widest that [`limit`] may choose.
static CEILING: AtomicU8 = AtomicU8::new(InstructionSet::Avx512 as u8);

/// The instruction set in use as a number; 0 before the first question.
static IN_USE: AtomicU8 = AtomicU8::new(0);

/// The widest instruction set that the loops use on this machine, for the record of a run.
#[inline]
pub fn instruction_set() -> InstructionSet {
    match of_number(IN_USE.load(Ordering::Relaxed)) {
        Some(set) => set,
        None => limit(InstructionSet::Avx512),
    }
}

#[inline]
fn of_number(number: u8) -> Option<InstructionSet> {
    match number {
        1 => Some(InstructionSet::Baseline),
        2 => Some(InstructionSet::Avx2),
        3 => Some(InstructionSet::Avx512),
        _ => None,
    }
}

/// Uses nothing wider than `widest` from now on, in the whole process, and returns what is used. For measurements.
///
/// Between AVX2 and AVX-512 no bit of any result changes. The x86 baseline has no fused multiply–add: under it the
/// kernel `native` computes as `portable` does.
pub fn limit(widest: InstructionSet) -> InstructionSet {
    let ceiling = of_number(CEILING.load(Ordering::Relaxed)).unwrap_or(InstructionSet::Avx512);
    let found = detect().min(widest).min(ceiling);
    IN_USE.store(found as u8, Ordering::Relaxed);
    found
}

/// Uses nothing wider than `widest` in the whole process, whatever [`limit`] asks for later: the processor then counts as one that has
/// no more. For measurements of one instruction set.
pub fn cap(widest: InstructionSet) -> InstructionSet {
    CEILING.store(widest as u8, Ordering::Relaxed);
    limit(widest)
}

/// Whether the processor is used as one that has less.
#[cfg(target_arch = "x86_64")]
pub(crate) fn is_limited() -> bool {
    instruction_set() < detect()
}

fn detect() -> InstructionSet {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        let avx2 = has!("avx2") && has!("fma");
        if avx2 && has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl") {
            return InstructionSet::Avx512;
        }
        if avx2 {
            return InstructionSet::Avx2;
        }
    }
    InstructionSet::Baseline
}
