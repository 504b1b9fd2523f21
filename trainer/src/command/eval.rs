//! `umoec-train eval`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;
use umoec_exact::StepModel;

use super::reduction::Reduction;
use super::{load_model, say, threads};
use crate::checkpoint::{Trained, write_whole};
use crate::compressors::COMPRESSORS;
use crate::config::PriorConfig;
use crate::error::TrainError;
use crate::export::{export, limits};
use crate::measure::{Column, Cut, Item, Measured, Subject, by_modality, file, sum};
use crate::view::grouped;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Model (ONNX), or its name; shows what the exact graph makes of the files
    #[arg(long, value_name = "PATH|NAME", conflicts_with = "checkpoint")]
    #[arg(required_unless_present = "checkpoint")]
    model: Option<PathBuf>,
    /// Checkpoint; shows its exact graph, the training's arithmetic, that without rounding, and the
    /// exact graphs that end at its exits
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    #[command(flatten)]
    reduction: Reduction,
    /// How hasty a model that may end at its exits (`export --hasty`) is told to be, 0 to 255
    #[arg(long, value_name = "N", default_value_t = 0)]
    haste: u8,
    /// Folder to look for models by name in, before others
    #[arg(long, value_name = "FOLDER")]
    models: Option<PathBuf>,
    /// Show these columns alone: exact, training, float, beside, exits, xz, zstd, brotli
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    #[arg(value_parser = ["exact", "training", "float", "beside", "exits", "xz", "zstd", "brotli"])]
    only: Vec<String>,
    /// Bytes of each file to read
    #[arg(long, value_name = "BYTES", default_value_t = 400_000)]
    first: usize,
    /// Bytes of each stream that a file is cut into; each starts from the initial state
    #[arg(long, value_name = "BYTES", default_value_t = 25_000)]
    cut: usize,
    /// Streams of each file to run, from the first
    #[arg(long, value_name = "N", default_value_t = usize::MAX, hide_default_value = true)]
    streams: usize,
    /// Leave out streams that are not longer than this
    #[arg(long, value_name = "BYTES", default_value_t = 0)]
    above: usize,
    /// Write the results to this file, too (JSON)
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Threads; 0: one for each core
    #[arg(short = 'T', long, value_name = "N", default_value_t = 0)]
    threads: usize,
    /// Files, and folders of which all files are read. A file's modality is the folder below the
    /// one named here, or the one it lies in itself. An archive (.tar) is one stream a member, uncut
    #[arg(required = true, value_name = "PATH")]
    files: Vec<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<(), TrainError> {
    let subject = subject(args)?;
    let items = items(&args.files, prior(&subject))?;
    let (columns, missing) = columns(args, &subject, &items)?;
    let cut = Cut {
        first: args.first,
        piece: args.cut.max(1),
        streams: args.streams,
        above: args.above,
    };
    let header: String = columns.iter().map(|c| format!("{:>9}", c.name())).collect();
    say(&format!("{header}  {:>12}  bits per byte of", "bytes"));
    let mut files = Vec::new();
    for item in &items {
        match file(item, &columns, &subject, cut, threads(args.threads))? {
            Some(measured) => {
                say(&row(&measured));
                files.push(measured);
            }
            None => say(&format!("{}: no stream to measure", item.path.display())),
        }
    }
    if files.is_empty() {
        return Err(TrainError::Data(
            "the files hold no stream to measure".into(),
        ));
    }
    let modalities = by_modality(&files);
    let total = sum("all", files.iter());
    say("");
    for measured in modalities.iter().filter(|_| modalities.len() > 1) {
        say(&row(measured));
    }
    say(&row(&total));
    let compressed = columns.iter().zip(&total.spent);
    let compressed =
        compressed.map(|(c, s)| format!("{} {}", c.name(), grouped((s.bits / 8.0) as u64)));
    say(&format!(
        "bytes: {}",
        compressed.collect::<Vec<_>>().join(", ")
    ));
    for name in &missing {
        say(&format!("{name} is not installed, so it is missing here"));
    }
    if let Some(path) = &args.json {
        let model = &subject.model;
        let all = |list: &[Measured]| list.iter().map(|m| m.json(&columns)).collect::<Vec<_>>();
        let results = json!({
            "model": {
                "name": model.name(),
                "version": model.metadata().version,
                "blake3": blake3::Hash::from(model.hash()).to_hex().to_string(),
            },
            "cut": { "first": args.first, "piece": args.cut, "above": args.above },
            "columns": columns.iter().map(|c| c.name()).collect::<Vec<_>>(),
            "missing": missing,
            "files": all(&files),
            "modalities": all(&modalities),
            "total": total.json(&columns),
        });
        write_whole(path, format!("{results:#}\n").as_bytes())?;
    }
    Ok(())
}

fn subject(args: &Args) -> Result<Subject, TrainError> {
    if let Some(path) = &args.checkpoint {
        let trained = args.reduction.load(path)?;
        let graph = |trained: &Trained| -> Result<Arc<StepModel>, TrainError> {
            Ok(Arc::new(StepModel::load(&export(trained)?, &limits())?))
        };
        let blocks = trained.config.model.exits.iter();
        let exits = blocks.map(|&block| Ok((block, graph(&trained.at_exit(block)?)?)));
        return Ok(Subject {
            model: graph(&trained)?,
            exits: exits.collect::<Result<_, TrainError>>()?,
            trained: Some(trained),
            haste: args.haste,
        });
    }
    if args.reduction != Reduction::default() {
        return Err(TrainError::Usage(
            "--exit, --hasty and --without-memories are of a checkpoint: name one with --checkpoint".into(),
        ));
    }
    let name = args.model.as_deref().unwrap_or(Path::new(""));
    let (_, model) = load_model(name, args.models.as_deref())?;
    Ok(Subject {
        model,
        trained: None,
        exits: Vec::new(),
        haste: args.haste,
    })
}

/// What to show, and which of the programs asked for are not there.
///
/// What the network was trained beside is a column where it has opinions of all files, or is asked for.
fn columns(
    args: &Args,
    subject: &Subject,
    items: &[Item],
) -> Result<(Vec<Column>, Vec<&'static str>), TrainError> {
    let asked = |name: &str| args.only.is_empty() || args.only.iter().any(|only| only == name);
    let networks = [Column::Exact, Column::Training, Column::Float];
    let has = |c: &Column| subject.trained.is_some() || *c == Column::Exact;
    let mut columns: Vec<Column> = networks.into_iter().filter(|c| has(c)).collect();
    columns.retain(|c| asked(&c.name()));
    if let Some(prior) = prior(subject) {
        let known = |item: &Item| prior.file_of(&item.path).is_file();
        let named = args.only.iter().any(|only| only == "beside");
        if named || (args.only.is_empty() && items.iter().all(known)) {
            columns.push(Column::Beside);
        }
    }
    if asked("exits") {
        columns.extend(subject.exits.iter().map(|(block, _)| Column::Exit(*block)));
    }
    let others = COMPRESSORS.into_iter().filter(|c| asked(c.name));
    let (here, missing): (Vec<_>, Vec<_>) = others.partition(|c| c.is_here());
    columns.extend(here.into_iter().map(Column::Other));
    if columns.is_empty() {
        return Err(TrainError::Usage(
            "nothing of --only can be measured: training, float, beside and exits need --checkpoint".into(),
        ));
    }
    Ok((columns, missing.iter().map(|c| c.name).collect()))
}

/// What the network was trained beside, if anything.
fn prior(subject: &Subject) -> Option<&PriorConfig> {
    subject.trained.as_ref()?.config.prior.as_ref()
}

/// The files below `paths`, in the order of their names; in folders not those with opinions of others.
fn items(paths: &[PathBuf], prior: Option<&PriorConfig>) -> Result<Vec<Item>, TrainError> {
    let mut items = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = items.len();
            // A name such as `.` says nothing of the folder.
            let folder = path.canonicalize().map_err(TrainError::file(path))?;
            let folder = folder.file_name().unwrap_or_default().to_string_lossy();
            walk(path, (&*folder, true), &mut items)?;
            let of_others = |path: &Path| prior.is_some_and(|prior| prior.is_opinions(path));
            let found = items.split_off(before).into_iter();
            items.extend(found.filter(|item| !of_others(&item.path)));
            items[before..].sort_by(|a: &Item, b| a.path.cmp(&b.path));
        } else {
            let folder = path.parent().and_then(Path::file_name);
            let folder = folder.map(|name| name.to_string_lossy().into_owned());
            items.push(Item {
                path: path.clone(),
                modality: folder.unwrap_or_else(|| "other".to_owned()),
            });
        }
    }
    Ok(items)
}

/// Files in `folder` are of that modality; below the first folder, the next decides.
fn walk(
    folder: &Path,
    (modality, first): (&str, bool),
    items: &mut Vec<Item>,
) -> Result<(), TrainError> {
    let failed = TrainError::file(folder);
    for entry in std::fs::read_dir(folder).map_err(&failed)? {
        let entry = entry.map_err(&failed)?;
        let (kind, name) = (entry.file_type().map_err(&failed)?, entry.file_name());
        let name = name.to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        if kind.is_dir() {
            let modality: &str = if first { &name } else { modality };
            walk(&entry.path(), (modality, false), items)?;
        } else if kind.is_file() {
            items.push(Item {
                path: entry.path(),
                modality: modality.to_owned(),
            });
        }
    }
    Ok(())
}

fn row(measured: &Measured) -> String {
    let means = measured.spent.iter().map(|spent| spent.mean());
    let means: String = means
        .map(|mean| format!("{:>9.4}", mean.unwrap_or(f64::NAN)))
        .collect();
    format!(
        "{means}  {:>12}  {}",
        grouped(measured.bytes()),
        measured.name
    )
}
