//! The example's own tests, which its author would run.

use umoec_tests::root;
use umoec_tests::third_party::{cargo, run, target};

#[test]
fn the_outsiders_tests_pass() {
    let folder = root().join("plugins/example-thirdparty");
    run(cargo(&folder, &target()).args(["test", "--locked", "--workspace", "-q"]));
}

#[test]
fn the_outsider_knows_the_core_and_nothing_else_of_this_repository() {
    let lock = std::fs::read_to_string(root().join("plugins/example-thirdparty/Cargo.lock"));
    let lock = lock.unwrap();
    let names = lock
        .lines()
        .filter_map(|line| line.strip_prefix("name = \"umoec"));
    assert_eq!(names.collect::<Vec<_>>(), ["-codec\""]);
}
