//! Labels beside their points, so that none covers another.

/// Where a label stands.
pub(super) struct Label {
    /// Where the text starts, ends or has its middle, as `anchor` says.
    pub(super) x: f64,
    pub(super) baseline: f64,
    /// As SVG's `text-anchor`: letters are wider or narrower than estimated, and the side that
    /// faces the point must not move.
    pub(super) anchor: &'static str,
    /// Far enough from its point that a line must join them.
    pub(super) far: bool,
}

/// Left, top, right, bottom.
type Area = (f64, f64, f64, f64);

const LINE: f64 = 13.0;
/// Width of a letter on average, generously.
const LETTER: f64 = 6.8;
const RADIUS: f64 = 7.0;

/// Places a label for each point within `bounds`: the nearest place that is free, or the one that
/// covers least.
pub(super) fn arrange(places: &[(f64, f64)], names: &[&str], bounds: Area) -> Vec<Label> {
    let mut taken: Vec<Area> = places
        .iter()
        .map(|&(x, y)| (x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS))
        .collect();
    let mut labels = Vec::new();
    for (&(x, y), name) in places.iter().zip(names) {
        let width = LETTER * name.chars().count() as f64;
        let best = candidates(x, y, width)
            .into_iter()
            .map(|(middle, center)| {
                let half = width / 2.0;
                let area = (
                    middle - half,
                    center - LINE / 2.0,
                    middle + half,
                    center + LINE / 2.0,
                );
                let covered: f64 = taken.iter().map(|t| overlap(*t, area)).sum();
                (covered + 4.0 * outside(area, bounds), middle, center, area)
            })
            .min_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, middle, center, area)) = best {
            taken.push(area);
            let (anchor, at) = if area.0 > x {
                ("start", area.0)
            } else if area.2 < x {
                ("end", area.2)
            } else {
                ("middle", middle)
            };
            labels.push(Label {
                x: at,
                baseline: center + 4.0,
                anchor,
                far: (center - y).abs() > 20.0,
            });
        }
    }
    labels
}

/// Middles of the places to try, the best first.
fn candidates(x: f64, y: f64, width: f64) -> Vec<(f64, f64)> {
    let side = width / 2.0 + RADIUS + 3.0;
    let mut all = vec![(x + side, y), (x, y - 15.0), (x - side, y), (x, y + 15.0)];
    for (dx, dy) in [
        (0.5, 17.0),
        (0.9, 22.0),
        (0.0, 30.0),
        (0.9, 36.0),
        (0.0, 46.0),
        (0.9, 52.0),
    ] {
        for (sx, sy) in [(1.0, -1.0), (-1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)] {
            all.push((x + sx * dx * side, y + sy * dy));
        }
    }
    all
}

fn overlap(a: Area, b: Area) -> f64 {
    let width = a.2.min(b.2) - a.0.max(b.0);
    let height = a.3.min(b.3) - a.1.max(b.1);
    width.max(0.0) * height.max(0.0)
}

fn outside(area: Area, bounds: Area) -> f64 {
    let whole = (area.2 - area.0) * (area.3 - area.1);
    whole - overlap(area, bounds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_close_points_do_not_cover_each_other() {
        let places = [(100.0, 100.0), (104.0, 103.0), (99.0, 108.0)];
        let names = ["first one", "second", "third"];
        let labels = arrange(&places, &names, (0.0, 0.0, 400.0, 300.0));
        let areas: Vec<Area> = labels
            .iter()
            .zip(names)
            .map(|(label, name)| {
                let width = LETTER * name.len() as f64;
                let left = label.x
                    - match label.anchor {
                        "start" => 0.0,
                        "end" => width,
                        _ => width / 2.0,
                    };
                let bottom = label.baseline + 2.5;
                (left, bottom - LINE, left + width, bottom)
            })
            .collect();
        assert_eq!(areas.len(), 3);
        for (i, a) in areas.iter().enumerate() {
            assert!(outside(*a, (0.0, 0.0, 400.0, 300.0)) < 1e-9);
            for b in &areas[..i] {
                assert!(overlap(*a, *b) < 1e-9, "{a:?} {b:?}");
            }
        }
    }
}
