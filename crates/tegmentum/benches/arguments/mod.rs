//! What the command line of a small bench may say: `--quick`, and `--instructions-set NAME`, which limits the processor.

use tegmentum::error::{Error, Result};
use tegmentum_engine::kernel::{InstructionSet, cap, instruction_set};

/// Limits the processor if that is asked for, prints what it has, and says whether the measurements are to be short.
///
/// # Errors
/// An argument that is not known, or a set that the processor lacks.
pub(crate) fn quick() -> Result<bool> {
    let problem = |text: String| Error::Study { origin: "bench".to_owned(), problem: text };
    let (mut quick, mut words) = (false, std::env::args().skip(1));
    while let Some(word) = words.next() {
        match word.as_str() {
            // Cargo adds this one.
            "--bench" => {}
            "--quick" => quick = true,
            "--instructions-set" => {
                let name = words.next().ok_or_else(|| problem(format!("{word} needs a value")))?;
                cap(InstructionSet::from_name(&name)?);
            }
            _ => return Err(problem(format!("unknown argument {word}: must be --quick or --instructions-set"))),
        }
    }
    println!("instruction set: {}", instruction_set());
    Ok(quick)
}
