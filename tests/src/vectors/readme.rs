//! `tests/vectors/README.md`: a sentence for each vector.

use std::fmt::Write;

use super::{Expected, Vector};

const HEAD: &str = "\
# Vectors

Files that pin the format `.umc` version 1 (`spec/umc.md`), for this project's tests and for anybody
who writes a decoder of his own.

* `good/`: must decode, to the content whose length and BLAKE3 stand in `manifest.tsv`.
* `bad/`: must be refused, with the fault that the table names: malformed, truncated, damaged or too large
  (section 1.1 of the specification). *Too large* holds for a decoder that allows 2 GiB of memory.
* `unsupported/`: must be refused as unsupported by a decoder that has the plugins of section 7 of the
  specification and no others.

All contents are made from seeds by `tests/src/content.rs`; no data from elsewhere is in them.

**One command re-issues everything**, this text and the manifest included:

```sh
cargo run -p umoec-tests --bin vectors -- --write
```

Without `--write` it only says what would change. Until the first release, vectors change with the format
and with the models of predictor `cm`. **From the first release on they are append-only**: a
release writes its number into the column `since` of the manifest (`--freeze VERSION`), and from then
on the command leaves these files alone, and the tests fail where a vector of any tagged release has
changed, was renamed or is gone. What an encoder later writes better is a new vector.

This file is made from `tests/src/vectors`; edit it there.
";

/// The whole text.
#[must_use]
pub fn text(vectors: &[Vector]) -> String {
    let mut text = HEAD.to_owned();
    for (folder, head) in [
        ("good", "\n## good\n\n| file | what it is |\n|---|---|\n"),
        (
            "bad",
            "\n## bad\n\n| file | fault | what is wrong |\n|---|---|---|\n",
        ),
        (
            "unsupported",
            "\n## unsupported\n\n| file | what it needs |\n|---|---|\n",
        ),
    ] {
        text.push_str(head);
        for vector in vectors.iter().filter(|vector| vector.folder() == folder) {
            let fault = match vector.expected {
                Expected::Fault(fault) if folder == "bad" => format!(" {} |", fault.word()),
                _ => String::new(),
            };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "| `{}` |{fault} {} |", vector.name, vector.sentence);
        }
    }
    text
}
