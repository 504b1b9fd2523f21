//! The shipped plugins are there, all of them, as the documents say.

use std::collections::BTreeSet;
use std::fs;

use umoec_codec::plugin::Kind;
use umoec_tests::root;
use umoec_tests::stack::registry;

/// Kind, id, name and stream version of every plugin.
fn linked() -> BTreeSet<(String, u64, String, u8)> {
    let registry = registry();
    let plugins = registry.iter().map(|(plugin, _)| plugin.descriptor());
    plugins
        .map(|d| (d.kind.to_string(), d.id.0, d.name.to_string(), d.version))
        .collect()
}

/// The rows of the first table behind `heading` whose second cell is a number.
fn table(text: &str, heading: &str) -> Vec<Vec<String>> {
    let (_, rest) = text.split_once(heading).expect(heading);
    let rows = rest.lines().skip_while(|line| !line.starts_with('|'));
    let rows = rows.take_while(|line| line.starts_with('|'));
    let cells = |line: &str| {
        let cells = line.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().replace('`', "")).collect()
    };
    rows.map(cells)
        .filter(|row: &Vec<String>| row[1].parse::<u64>().is_ok())
        .collect()
}

#[test]
fn the_plugins_are_those_of_the_list_of_ids() {
    let text = fs::read_to_string(root().join("spec/plugin-ids.md")).unwrap();
    let rows = table(&text, "## 4. The project's own");
    let listed: BTreeSet<_> = rows
        .iter()
        .map(|row| {
            let version = row[3].parse().unwrap();
            (
                row[0].clone(),
                row[1].parse().unwrap(),
                row[2].clone(),
                version,
            )
        })
        .collect();
    assert_eq!(linked(), listed);
    for row in rows {
        assert!(root().join(&row[4]).is_file(), "{} is missing", row[4]);
    }
}

/// A package that announces a plugin, but that nobody links, is as good as not there.
#[test]
fn every_package_with_a_plugin_is_linked() {
    let registry = registry();
    let origins: BTreeSet<&str> = registry
        .iter()
        .filter_map(|(_, origin)| origin.split(' ').next())
        .collect();
    let mut packages = 0;
    for folder in fs::read_dir(root().join("plugins")).unwrap() {
        let folder = folder.unwrap().path();
        let Ok(code) = fs::read_to_string(folder.join("src/lib.rs")) else {
            continue;
        };
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        // An outsider's plugin is loaded, not linked.
        if !code.contains("umoec_codec::submit!") || name.starts_with("example-") {
            continue;
        }
        packages += 1;
        assert!(
            origins.contains(&*format!("umoec-{name}")),
            "{name} is not linked"
        );
    }
    assert_eq!(packages, origins.len());
}

#[test]
fn the_cards_of_the_specification_agree() {
    let text = fs::read_to_string(root().join("spec/umc.md")).unwrap();
    let mut cards = BTreeSet::new();
    for card in text.split("\n### 7.").skip(1) {
        let Some(name) = card.split('`').nth(1) else {
            continue;
        };
        let Some(line) = card
            .lines()
            .find(|l| l.starts_with("| kind, id, stream version |"))
        else {
            continue;
        };
        let cell = line.split('|').nth(2).unwrap();
        let fields: Vec<&str> = cell.split(',').map(str::trim).collect();
        cards.insert((
            fields[0].to_owned(),
            fields[1].parse().unwrap(),
            name.to_owned(),
            fields[2].parse().unwrap(),
        ));
    }
    assert_eq!(linked(), cards);
}

#[test]
fn names_and_ids_find_the_same_plugin() {
    let registry = registry();
    for (kind, id, name, version) in linked() {
        let kind = [Kind::Adapter, Kind::Predictor, Kind::Coder]
            .into_iter()
            .find(|k| k.to_string() == kind)
            .unwrap();
        let by_name = registry.by_name(kind, &name).unwrap().descriptor().clone();
        let by_id = registry.by_id(kind, by_name.id, version).unwrap();
        assert_eq!(by_id.descriptor(), &by_name);
        assert_eq!(by_name.id.0, id);
        assert!(registry.by_id(kind, by_name.id, 0).is_err());
        assert!(registry.by_id(kind, by_name.id, version + 1).is_err());
        assert!(!by_name.summary.is_empty());
    }
}
