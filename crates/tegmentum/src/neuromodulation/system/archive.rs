//! The running state of a system: nuclei, levels, what drugs keep, and the effects of the last moment.

use super::{NeuromodulatorySystem, Pathway, Site, doses};
use crate::archive::{Archive, Archived};
use crate::error::Result;
use crate::neuromodulation::pharmacology::Dose;
use crate::random::Key;

crate::archived!(
    Pathway { kinetics, drive, release, waited, answers }
    sized { drugs }
    optional { nucleus }
    fixed { transmitter, volley }
);
crate::archived!(Site { seen, effect } sized { drugs } fixed { receptor, source, reach, volley });

impl Archived for NeuromodulatorySystem {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let Self { pathways, receptors, statistics, levels, modulation, couplings: _, drugs, key } = self;
        archive.mark("NeuromodulatorySystem")?;
        pathways.archive(archive)?;
        for pathway in pathways {
            let transmitter = pathway.transmitter;
            let of_place = |key| doses(drugs, transmitter, None, key);
            archive_volley(archive, &mut pathway.volley, *key, of_place)?;
        }
        archive.values("receptors", receptors)?;
        for Site { receptor, volley, .. } in receptors {
            let of_place = |key| doses(drugs, receptor.transmitter, Some(&receptor.name), key);
            archive_volley(archive, volley, *key, of_place)?;
        }
        archive.optional("statistics of outcomes", statistics.as_mut().map(|part| part as _))?;
        levels.archive(archive)?;
        modulation.archive(archive)
    }
}

/// What drugs keep for each place of a volley: as many places as there were.
fn archive_volley(
    archive: &mut Archive<'_>,
    volley: &mut Vec<Vec<Dose>>,
    key: Key,
    of_place: impl Fn(Key) -> Vec<Dose>,
) -> Result<()> {
    let places = archive.length(volley.len())?;
    volley.truncate(places);
    for place in 0..places {
        if place == volley.len() {
            volley.push(of_place(NeuromodulatorySystem::key_of_place(key, place)));
        }
        archive.values("drugs of a place", &mut volley[place])?;
    }
    Ok(())
}
