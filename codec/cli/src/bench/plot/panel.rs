//! One panel: axes, points, the frontier.

use std::fmt::Write as _;

use super::{Point, escape, labels};

const TOP: f64 = 104.0;
const WIDTH: f64 = 430.0;
const HEIGHT: f64 = 350.0;
const BOTTOM: f64 = TOP + HEIGHT;

/// Where values lie in the panel.
struct Scale {
    left: f64,
    /// Logarithms to base 10 of the speeds at the edges.
    speeds: (f64, f64),
    ratios: (f64, f64),
    /// Distance of two lines of equal ratio.
    step: f64,
}

impl Scale {
    fn new(left: f64, points: &[Point]) -> Self {
        let (low, high) = range(points.iter().map(|p| p.speed.log10()));
        // At least a decade, and room at the edges for circles and labels.
        let pad = (0.5 - (high - low) / 2.0).max((high - low) * 0.08);
        let (least, most) = range(points.iter().map(|p| p.ratio));
        let step = nice_step((most - least).max(most * 0.05) / 5.0);
        Self {
            left,
            speeds: (low - pad, high + pad),
            ratios: ((least - 0.6 * step).max(0.0), most + 0.8 * step),
            step,
        }
    }

    fn x(&self, log_speed: f64) -> f64 {
        let (low, high) = self.speeds;
        self.left + WIDTH * (log_speed - low) / (high - low)
    }

    fn y(&self, ratio: f64) -> f64 {
        let (low, high) = self.ratios;
        BOTTOM - HEIGHT * (ratio - low) / (high - low)
    }

    fn place(&self, point: &Point) -> (f64, f64) {
        (self.x(point.speed.log10()), self.y(point.ratio))
    }
}

/// Draws the panel with its left axis at `left`.
pub(super) fn draw(title: &str, left: f64, points: &[Point]) -> String {
    let mut out = String::new();
    let right = left + WIDTH;
    // A String never fails to be written to, here and below.
    let _ = writeln!(
        out,
        "<text x=\"{left:.0}\" y=\"{:.0}\" class=\"panel\">{title}</text>\n\
         <text x=\"{:.0}\" y=\"{:.0}\" class=\"tick\" text-anchor=\"end\">ratio</text>",
        TOP - 14.0,
        left - 8.0,
        TOP - 14.0
    );
    if points.is_empty() {
        let _ = writeln!(
            out,
            "<text x=\"{left:.0}\" y=\"{TOP:.0}\" class=\"note\">nothing to compare</text>"
        );
        return out;
    }
    let scale = Scale::new(left, points);
    grid(&mut out, &scale);
    let _ = writeln!(
        out,
        "<path d=\"M{left:.1} {TOP:.1}V{BOTTOM:.1}H{right:.1}\" class=\"axis\" fill=\"none\"/>\n\
         <text x=\"{right:.1}\" y=\"{:.1}\" class=\"tick\" text-anchor=\"end\">MB/s</text>",
        BOTTOM + 34.0
    );
    lines(&mut out, &scale, points);
    let places: Vec<_> = points.iter().map(|p| scale.place(p)).collect();
    let names: Vec<&str> = points.iter().map(|p| p.name.as_str()).collect();
    let bounds = (left + 2.0, TOP + 2.0, right + 24.0, BOTTOM - 2.0);
    for (i, label) in labels::arrange(&places, &names, bounds).iter().enumerate() {
        let (x, y) = places[i];
        let (circle, text, radius) = if points[i].own {
            ("mine", "label own", 6.0)
        } else {
            ("peer", "label", 5.0)
        };
        if label.far {
            let _ = writeln!(
                out,
                "<line x1=\"{x:.1}\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" class=\"lead\"/>",
                label.x,
                label.baseline - 4.0
            );
        }
        let name = escape(names[i]);
        let _ = writeln!(
            out,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" class=\"{circle}\"><title>{name}: ratio {:.3}, \
             {:.2} MB/s</title></circle>\n<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{}\" \
             class=\"{text}\">{name}</text>",
            points[i].ratio, points[i].speed, label.x, label.baseline, label.anchor
        );
    }
    out
}

fn grid(out: &mut String, scale: &Scale) {
    let (low, high) = scale.speeds;
    for decade in low.floor() as i32..=high.ceil() as i32 {
        for digit in 1..=9 {
            let log = f64::from(decade) + f64::from(digit).log10();
            if log < low || log > high {
                continue;
            }
            let x = scale.x(log);
            let class = if digit == 1 { "major" } else { "minor" };
            let _ = writeln!(
                out,
                "<path d=\"M{x:.1} {TOP:.1}V{BOTTOM:.1}\" class=\"{class}\"/>"
            );
            // A narrow range would show too few numbers with the powers of ten alone.
            if digit == 1 || (high - low < 2.0 && [2, 5].contains(&digit)) {
                let _ = writeln!(
                    out,
                    "<text x=\"{x:.1}\" y=\"{:.1}\" class=\"tick\" text-anchor=\"middle\">{}</text>",
                    BOTTOM + 17.0,
                    short(10f64.powf(log))
                );
            }
        }
    }
    let (least, most) = scale.ratios;
    let (first, last) = ((least / scale.step).ceil(), (most / scale.step).floor());
    let places = (-scale.step.log10().floor()).max(0.0) as usize;
    for i in first as u32..=last as u32 {
        let ratio = f64::from(i) * scale.step;
        let y = scale.y(ratio);
        let _ = writeln!(
            out,
            "<path d=\"M{:.1} {y:.1}h{WIDTH:.1}\" class=\"major\"/><text x=\"{:.1}\" y=\"{:.1}\" \
             class=\"tick\" text-anchor=\"end\">{ratio:.places$}</text>",
            scale.left,
            scale.left - 8.0,
            y + 4.0
        );
    }
}

/// Our profiles joined, and the frontier: what nothing beats in ratio and speed at once.
fn lines(out: &mut String, scale: &Scale, points: &[Point]) {
    let mut by_speed: Vec<&Point> = points.iter().collect();
    by_speed.sort_by(|a, b| b.speed.total_cmp(&a.speed));
    let mut front = Vec::new();
    let mut best = 0.0;
    for point in &by_speed {
        if point.ratio > best {
            best = point.ratio;
            front.push(scale.place(point));
        }
    }
    polyline(out, "front", &front);
    let own: Vec<_> = by_speed
        .iter()
        .filter(|p| p.own)
        .map(|p| scale.place(p))
        .collect();
    polyline(out, "line", &own);
}

fn polyline(out: &mut String, class: &str, places: &[(f64, f64)]) {
    if places.len() > 1 {
        let points: Vec<_> = places
            .iter()
            .map(|(x, y)| format!("{x:.1},{y:.1}"))
            .collect();
        let _ = writeln!(
            out,
            "<polyline points=\"{}\" class=\"{class}\"/>",
            points.join(" ")
        );
    }
}

fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    })
}

/// The next of 1, 2 and 5 times a power of ten.
fn nice_step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|f| f * power >= least)
        .unwrap_or(10.0);
    factor * power
}

fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_nice() {
        for (least, step) in [(0.3, 0.5), (0.11, 0.2), (1.0, 1.0), (7.0, 10.0)] {
            assert!((nice_step(least) - step).abs() < 1e-9, "{least}");
        }
    }

    #[test]
    fn every_point_lies_within_the_panel() {
        let point = |speed, ratio| Point {
            name: "p".into(),
            speed,
            ratio,
            own: false,
        };
        for points in [
            vec![point(1.0, 3.0)],
            vec![point(0.01, 1.0), point(900.0, 12.0)],
            vec![point(5.0, 1.0), point(5.0, 1.0)],
        ] {
            let scale = Scale::new(10.0, &points);
            for p in &points {
                let (x, y) = scale.place(p);
                assert!((10.0..=10.0 + WIDTH).contains(&x), "{x}");
                assert!((TOP..=BOTTOM).contains(&y), "{y}");
            }
        }
    }
}
