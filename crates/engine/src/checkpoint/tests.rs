use std::time::SystemTime;

use proptest::prelude::*;

use super::*;

fn problem<T: std::fmt::Debug>(result: Result<T>) -> String {
    result.unwrap_err().to_string()
}

const NOW: Duration = Duration::ZERO;

#[test]
fn what_was_finished_and_what_was_under_way_is_there_again() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("checkpoint");
    let checkpoint = Checkpoint::create(&folder, b"job", EVERY).unwrap();
    checkpoint.keep("a", vec![1, 2]).unwrap();
    checkpoint.keep("b", vec![3]).unwrap();
    checkpoint.flush().unwrap();
    checkpoint.save("c", &[7; 9]).unwrap();
    checkpoint.save("c", &[8; 9]).unwrap();
    // Not written yet, and lost with the process.
    checkpoint.keep("d", vec![4]).unwrap();
    drop(checkpoint);

    let (checkpoint, job) = Checkpoint::open(&folder, NOW).unwrap();
    assert_eq!(job, b"job");
    assert_eq!(["a", "b", "d"].map(|unit| checkpoint.take(unit)), [Some(vec![1, 2]), Some(vec![3]), None]);
    assert_eq!(checkpoint.take("a"), None, "each is given once");
    assert_eq!(checkpoint.state("c").unwrap(), Some(vec![8; 9]));
    assert_eq!(checkpoint.state("a").unwrap(), None);
    // With an interval of zero everything is written at once; a unit that is finished has no state any more.
    checkpoint.keep("c", vec![5]).unwrap();
    assert_eq!(checkpoint.state("c").unwrap(), None);
    drop(checkpoint);
    let (checkpoint, _) = Checkpoint::open(&folder, EVERY).unwrap();
    assert_eq!(["a", "b", "c"].map(|unit| checkpoint.take(unit).is_some()), [true; 3]);
    checkpoint.finish().unwrap();
    assert!(!folder.exists());
    assert!(problem(Checkpoint::open(&folder, EVERY)).contains("no unfinished work"));
}

#[test]
fn a_folder_belongs_to_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let first = Checkpoint::create(folder.path(), b"job", EVERY).unwrap();
    let refused = problem(Checkpoint::open(folder.path(), EVERY));
    assert!(refused.contains(&format!("process {} is working here", std::process::id())), "{refused}");
    assert!(problem(Checkpoint::create(folder.path(), b"other", EVERY)).contains("is working here"));
    assert_eq!(Checkpoint::job(folder.path()).unwrap(), b"job", "the second did not touch it");
    drop(first);
    Checkpoint::open(folder.path(), EVERY).unwrap();
}

#[test]
fn a_new_beginning_removes_what_was_kept() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = Checkpoint::create(folder.path(), b"old", NOW).unwrap();
    checkpoint.keep("a", vec![1]).unwrap();
    checkpoint.save("b", &[2]).unwrap();
    drop(checkpoint);
    let checkpoint = Checkpoint::create(folder.path(), b"new", NOW).unwrap();
    assert_eq!((checkpoint.take("a"), checkpoint.state("b").unwrap()), (None, None));
}

#[test]
fn damaged_and_newer_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = Checkpoint::create(folder.path(), b"job", NOW).unwrap();
    checkpoint.keep("a", vec![1; 100]).unwrap();
    drop(checkpoint);
    let path = folder.path().join("finished-000000");
    let whole = std::fs::read(&path).unwrap();
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = whole.clone();
        change(&mut bytes);
        std::fs::write(&path, bytes).unwrap();
        problem(Checkpoint::open(folder.path(), EVERY))
    };
    let cut = with(&|bytes| bytes.truncate(60));
    assert!(cut.contains("finished-000000") && cut.contains("damaged: 32 of"), "{cut}");
    assert!(with(&|bytes| bytes[50] ^= 1).contains("checksum is wrong"));
    assert!(with(&|bytes| bytes[8] = 9).contains("newer version of the program (format 9)"));
    assert!(with(&|bytes| bytes[0] = b'x').contains("no checkpoint"));
    assert!(with(&|bytes| bytes.clear()).contains("no checkpoint"));
    // As the message says: without the file the work goes on.
    std::fs::remove_file(&path).unwrap();
    assert_eq!(Checkpoint::open(folder.path(), EVERY).unwrap().0.take("a"), None);
}

#[test]
fn a_vanished_folder_is_an_error_and_stops_the_work() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("checkpoint");
    let checkpoint = Checkpoint::create(&folder, b"job", NOW).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(!checkpoint.has_failed() && checkpoint.check().is_ok());
    assert!(problem(checkpoint.keep("a", vec![1])).contains("finished-000000"));
    assert!(checkpoint.has_failed());
    assert!(problem(checkpoint.check()).contains("finished-000000"), "the first failure is told");
    assert!(problem(checkpoint.save("a", &[1])).contains("state-"));
}

#[test]
fn the_clock_of_the_day_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = Checkpoint::create(folder.path(), b"job", NOW).unwrap();
    checkpoint.keep("a", vec![1]).unwrap();
    checkpoint.keep("a", vec![2]).unwrap();
    drop(checkpoint);
    // The clock jumped back between the two: the later file is the one with the larger number.
    let day = Duration::from_secs(86_400);
    let times = [("finished-000000", SystemTime::now() + 400 * day), ("finished-000001", SystemTime::UNIX_EPOCH)];
    for (name, time) in times {
        std::fs::File::options().write(true).open(folder.path().join(name)).unwrap().set_modified(time).unwrap();
    }
    let (checkpoint, _) = Checkpoint::open(folder.path(), EVERY).unwrap();
    assert_eq!(checkpoint.take("a"), Some(vec![2]));
}

#[test]
fn left_overs_of_a_killed_process_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    drop(Checkpoint::create(folder.path(), b"job", NOW).unwrap());
    let part = folder.path().join("finished-000007.4711.part");
    std::fs::write(&part, b"half").unwrap();
    Checkpoint::open(folder.path(), NOW).unwrap();
    assert!(!part.exists());
}

proptest! {
    /// Whatever stands in a file: an error or the content, no panic, and no allocation beyond the file's own size.
    #[test]
    fn no_bytes_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..200), sealed in any::<bool>()) {
        let folder = tempfile::tempdir().unwrap();
        drop(Checkpoint::create(folder.path(), b"job", EVERY).unwrap());
        let path = folder.path().join("finished-000000");
        if sealed {
            sealed::write(&path, &bytes).unwrap();
        } else {
            bytes.splice(..0, *b"TEGMSEAL");
            std::fs::write(&path, &bytes).unwrap();
        }
        if let Err(error) = Checkpoint::open(folder.path(), EVERY) {
            prop_assert!(error.to_string().contains("finished-000000"), "{}", error);
        }
    }
}
