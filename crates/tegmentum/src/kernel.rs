//! The hot loops: products, activation functions and noise over *lanes*.
//!
//! # Lanes
//! The examples (or windows) of a batch lie side by side: a quantity of the network is an array of `L` numbers, one for
//! each example, and a weight is broadcast over them. Every lane does the same operations in the same order, so the
//! compiler may use any vector width without changing a bit.
//!
//! # Same bits everywhere
//! Only `+ − × ÷ √`, comparisons and bit operations are used; no fused multiply–add, no function of the platform's
//! mathematics library, no sum that is reordered. The wider instruction sets below change the speed alone.
//!
//! # Dispatch
//! `dispatched!` compiles a loop three times, for the baseline, AVX2 and AVX-512, and picks by what the processor
//! reports. This module is the only place of the library with `unsafe`, and that choice is its only use.
#![allow(clippy::inline_always, reason = "a loop must be inlined into its wrapper to be compiled for its instructions")]

pub mod activation;
pub mod affine;
pub mod lanes;
pub mod math;
pub mod noise;
pub(crate) mod rate;

/// Defines a function whose body is compiled for several instruction sets and chosen at run time.
macro_rules! dispatched {
    ($(#[$meta:meta])* $visibility:vis fn $name:ident $(<const $lanes:ident: usize>)?
     ($($argument:ident: $type:ty),* $(,)?) $body:block) => {
        $(#[$meta])*
        #[allow(unsafe_code)]
        $visibility fn $name $(<const $lanes: usize>)? ($($argument: $type),*) {
            #[inline(always)]
            fn body $(<const $lanes: usize>)? ($($argument: $type),*) $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f")]
                fn avx512 $(<const $lanes: usize>)? ($($argument: $type),*) {
                    body $(::<$lanes>)? ($($argument),*);
                }
                #[target_feature(enable = "avx2")]
                fn avx2 $(<const $lanes: usize>)? ($($argument: $type),*) {
                    body $(::<$lanes>)? ($($argument),*);
                }
                if std::arch::is_x86_feature_detected!("avx512f") {
                    // SAFETY: the processor has just reported AVX-512F, all that the callee asks for.
                    return unsafe { avx512 $(::<$lanes>)? ($($argument),*) };
                }
                if std::arch::is_x86_feature_detected!("avx2") {
                    // SAFETY: the processor has just reported AVX2, all that the callee asks for.
                    return unsafe { avx2 $(::<$lanes>)? ($($argument),*) };
                }
            }
            body $(::<$lanes>)? ($($argument),*);
        }
    };
}
pub(crate) use dispatched;

/// The widest instruction set that the loops use on this machine, for the record of a run.
///
/// # Example
/// ```
/// assert!(["AVX-512", "AVX2", "baseline"].contains(&tegmentum::kernel::instruction_set()));
/// ```
pub fn instruction_set() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            return "AVX-512";
        }
        if std::arch::is_x86_feature_detected!("avx2") {
            return "AVX2";
        }
    }
    "baseline"
}
