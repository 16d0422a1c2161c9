//! Names and descriptions of everything that a study can name.

use serde::Serialize;

/// An entry of a registry, for `tegmentum list`.
///
/// # Example
/// ```
/// use tegmentum_engine::registry::Description;
///
/// let entry = Description { name: "xor", summary: "exclusive or of two bits", reference: "Minsky & Papert 1969" };
/// assert_eq!(entry.name, "xor");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Description {
    /// The name used in studies.
    pub name: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// Where it comes from.
    pub reference: &'static str,
}
