//! The nuclei, one file each.

pub mod basal_forebrain;
pub mod dorsal_raphe;
pub mod locus_coeruleus;
pub mod ventral_tegmental_area;
