//! What the library promises, from outside: one program, because each takes as long to build as all of them. What counts
//! allocations, and what limits the instructions of its process, is a program of its own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod archive;
mod black_box;
mod continual;
mod domains;
mod feedback_alignment;
mod go_no_go;
mod gradient;
mod many_to_one;
mod network_conformance;
mod node_perturbation;
mod optimizer_conformance;
mod optimizer_theory;
mod optimizers;
mod own_network;
mod own_nucleus;
mod reference;
mod replay;
mod units;
