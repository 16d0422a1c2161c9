//! Fewer points for the same picture.

/// Points of a curve that a drawing keeps at most.
const CURVE_POINTS: usize = 360;
/// Points that one of many thin curves keeps at most.
const THIN_CURVE_POINTS: usize = 100;
/// Points of a path in the plane that a drawing keeps at most.
const PATH_POINTS: usize = 900;

/// Keeps a curve's peaks: of each bin of neighbours the least and the greatest, in their order.
///
/// `points` are positions on the page, from left to right.
pub(crate) fn curve(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    curve_of(points, CURVE_POINTS)
}

/// The same for one of many thin curves, with fewer points.
pub(crate) fn thin_curve(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    curve_of(points, THIN_CURVE_POINTS)
}

fn curve_of(points: &[(f64, f64)], most: usize) -> Vec<(f64, f64)> {
    if points.len() <= most {
        return points.to_vec();
    }
    let size = points.len().div_ceil(most / 2);
    points.chunks(size).flat_map(extremes).collect()
}

/// The least and the greatest point of a bin, in their order.
fn extremes(bin: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let indices = 0..bin.len();
    let least = indices.clone().min_by(|&a, &b| bin[a].1.total_cmp(&bin[b].1)).unwrap_or(0);
    let greatest = indices.max_by(|&a, &b| bin[a].1.total_cmp(&bin[b].1)).unwrap_or(0);
    let mut kept = vec![least.min(greatest), least.max(greatest)];
    kept.dedup();
    kept.into_iter().map(|index| bin[index]).collect()
}

/// Keeps a path's shape: Douglas and Peucker (1973), to a fifth of a pixel, coarser until few enough points are left.
///
/// D. H. Douglas, T. K. Peucker, Cartographica 10(2), 112–122, 1973, doi:10.3138/FM57-6770-U75U-7727.
pub(crate) fn path(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut tolerance = 0.2;
    let mut kept = douglas_peucker(points, tolerance);
    while kept.len() > PATH_POINTS && tolerance < 1e3 {
        tolerance *= 1.5;
        kept = douglas_peucker(&kept, tolerance);
    }
    kept
}

/// The points without those that lie within `tolerance` of the line between their kept neighbours.
fn douglas_peucker(points: &[(f64, f64)], tolerance: f64) -> Vec<(f64, f64)> {
    if points.len() < 3 {
        return points.to_vec();
    }
    let mut keep = vec![false; points.len()];
    keep[0] = true;
    keep[points.len() - 1] = true;
    let mut open = vec![(0, points.len() - 1)];
    while let Some((first, last)) = open.pop() {
        let inner = (first + 1..last).map(|index| (index, distance(points[index], points[first], points[last])));
        if let Some((middle, far)) = inner.max_by(|a, b| a.1.total_cmp(&b.1))
            && far > tolerance
        {
            keep[middle] = true;
            open.extend([(first, middle), (middle, last)]);
        }
    }
    points.iter().zip(keep).filter_map(|(&point, keep)| keep.then_some(point)).collect()
}

/// Distance of `p` from the segment between `a` and `b`.
fn distance(p: (f64, f64), a: (f64, f64), b: (f64, f64)) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let square = dx * dx + dy * dy;
    let along = if square > 0.0 { ((p.0 - a.0) * dx + (p.1 - a.1) * dy) / square } else { 0.0 }.clamp(0.0, 1.0);
    (p.0 - a.0 - along * dx).hypot(p.1 - a.1 - along * dy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_survives() {
        let mut points: Vec<_> = (0..10_000).map(|index| (f64::from(index), 0.0)).collect();
        points[5_001].1 = 7.0;
        let kept = curve(&points);
        assert!(kept.len() <= CURVE_POINTS && kept.contains(&(5_001.0, 7.0)));
        assert!(kept.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn a_straight_path_is_two_points() {
        let points: Vec<_> = (0..100).map(|index| (f64::from(index), 2.0 * f64::from(index))).collect();
        assert_eq!(path(&points), [points[0], points[99]]);
    }

    #[test]
    fn a_wild_path_is_cut_to_size() {
        let points: Vec<_> =
            (0..20_000u32).map(|i| (f64::from(i * 7919 % 500), f64::from(i * 104_729 % 300))).collect();
        assert!(path(&points).len() <= PATH_POINTS);
    }
}
