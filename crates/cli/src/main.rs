//! The command line of Tegmentum.
fn main() {}
