//! Shows how the sizes of `tests/ratio.csv` would change; `--write` accepts them.

use std::fs;

use umoec_tests::ratio::{path, text};

fn main() -> std::io::Result<()> {
    let write = std::env::args().any(|arg| arg == "--write");
    let (old, new) = (fs::read_to_string(path()).unwrap_or_default(), text());
    for (old, new) in old.lines().zip(new.lines()).filter(|(old, new)| old != new) {
        println!("- {old}\n+ {new}");
    }
    if old == new {
        println!("no size has changed");
    } else if write {
        fs::write(path(), new)?;
        println!("written: review the diff of tests/ratio.csv");
    } else {
        println!("not written: `--write` accepts it");
    }
    Ok(())
}
