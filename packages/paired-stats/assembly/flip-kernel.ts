/**
 * The inner loops of the sign-flip null in WebAssembly SIMD: what src/flips/score-tile.ts does, two float64 at a time
 * and in the same order of additions, so that both give the same bits. Addresses are bytes in the memory that the host
 * lays out and shares between threads; a row is the 16 float64 of one tile (8 registers).
 */

/** Bytes of one row: 16 units of float64. */
const ROW: i32 = 128;

/**
 * Scores all tiles under a portion of labellings.
 *
 * Labellings come in runs that share their table rows of all groups but the first. Within a run the first group takes
 * its rows 0 … lowRows − 1 in turn, or the one row that `rows` names, if `lowRows` is 0.
 *
 * @param data - `[tiles, pairs, 16]` float64, the scaled differences.
 * @param groupPairs - `[groups]` uint32, how many pairs each group has.
 * @param table - room for the rows of all groups.
 * @param rows - `[runs, groups]` uint32.
 * @param bounds - `[thresholds]` float64, ascending: the least of all limits of a threshold, or less.
 * @param limits - `[tiles, thresholds, 16]` float64, ascending with the threshold: units are counted that score higher.
 * @param counts - `[labellings, thresholds]` uint32, added to.
 * @param maxima - `[labellings]` float64, raised.
 */
export function scoreTiles(
  data: usize,
  tiles: i32,
  pairs: i32,
  groupPairs: usize,
  groups: i32,
  table: usize,
  rows: usize,
  runs: i32,
  lowRows: i32,
  bounds: usize,
  limits: usize,
  thresholds: i32,
  counts: usize,
  maxima: usize,
): void {
  for (let tile = 0; tile < tiles; tile += 1) {
    tabulate(data, groupPairs, groups, table);
    scoreTile(table, rows, groups, runs, lowRows, bounds, limits, thresholds, counts, maxima);
    data += pairs * ROW;
    limits += thresholds * ROW;
  }
}

/** Tabulates the signed sums of one tile, group after group. */
function tabulate(tile: usize, groupPairs: usize, groups: i32, table: usize): void {
  for (let group = 0; group < groups; group += 1) {
    const pairs = load<u32>(groupPairs + (group << 2));
    memory.fill(table, 0, ROW);
    let half = ROW; // bytes tabulated so far; as many follow with the next pair flipped
    for (let pair: u32 = 0; pair < pairs; pair += 1) {
      for (let at = 0; at < half; at += 16) {
        const sum = v128.load(table + at);
        const value = v128.load(tile + (at & (ROW - 1)));
        v128.store(table + half + at, f64x2.sub(sum, value));
        v128.store(table + at, f64x2.add(sum, value));
      }
      half <<= 1;
      tile += ROW;
    }
    table += half;
  }
}

/** Scores one tile from its table. */
function scoreTile(
  table: usize,
  rows: usize,
  groups: i32,
  runs: i32,
  lowRows: i32,
  bounds: usize,
  limits: usize,
  thresholds: i32,
  counts: usize,
  maxima: usize,
): void {
  const leastBound = thresholds > 0 ? load<f64>(bounds) : Infinity;
  for (let run = 0; run < runs; run += 1) {
    // the sums of all groups but the first, from the last group down
    let a = f64x2.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let e = a;
    let f = a;
    let g = a;
    let h = a;
    for (let group = groups - 1; group > 0; group -= 1) {
      const row = table + load<u32>(rows + (group << 2)) * ROW;
      a = f64x2.add(a, v128.load(row));
      b = f64x2.add(b, v128.load(row, 16));
      c = f64x2.add(c, v128.load(row, 32));
      d = f64x2.add(d, v128.load(row, 48));
      e = f64x2.add(e, v128.load(row, 64));
      f = f64x2.add(f, v128.load(row, 80));
      g = f64x2.add(g, v128.load(row, 96));
      h = f64x2.add(h, v128.load(row, 112));
    }
    let low = lowRows > 0 ? table : table + load<u32>(rows) * ROW;
    const end = low + ROW * max(lowRows, 1);
    rows += groups << 2;
    while (low < end) {
      const highest = f64x2.pmax(
        f64x2.pmax(
          f64x2.pmax(score(a, v128.load(low)), score(b, v128.load(low, 16))),
          f64x2.pmax(score(c, v128.load(low, 32)), score(d, v128.load(low, 48))),
        ),
        f64x2.pmax(
          f64x2.pmax(score(e, v128.load(low, 64)), score(f, v128.load(low, 80))),
          f64x2.pmax(score(g, v128.load(low, 96)), score(h, v128.load(low, 112))),
        ),
      );
      const top = max(f64x2.extract_lane(highest, 0), f64x2.extract_lane(highest, 1));
      if (top > load<f64>(maxima)) store<f64>(maxima, top);
      for (let threshold = 0, bound = leastBound; top > bound; bound = load<f64>(bounds + (threshold << 3))) {
        const limit = limits + threshold * ROW;
        // a lane above its limit is −1
        let above = f64x2.gt(score(a, v128.load(low)), v128.load(limit));
        above = i64x2.add(above, f64x2.gt(score(b, v128.load(low, 16)), v128.load(limit, 16)));
        above = i64x2.add(above, f64x2.gt(score(c, v128.load(low, 32)), v128.load(limit, 32)));
        above = i64x2.add(above, f64x2.gt(score(d, v128.load(low, 48)), v128.load(limit, 48)));
        above = i64x2.add(above, f64x2.gt(score(e, v128.load(low, 64)), v128.load(limit, 64)));
        above = i64x2.add(above, f64x2.gt(score(f, v128.load(low, 80)), v128.load(limit, 80)));
        above = i64x2.add(above, f64x2.gt(score(g, v128.load(low, 96)), v128.load(limit, 96)));
        above = i64x2.add(above, f64x2.gt(score(h, v128.load(low, 112)), v128.load(limit, 112)));
        const count = counts + (threshold << 2);
        const lanes = i32x4.extract_lane(above, 0) + i32x4.extract_lane(above, 2); // the low words
        store<u32>(count, load<u32>(count) - lanes);
        threshold += 1;
        if (threshold === thresholds) break;
      }
      low += ROW;
      maxima += 8;
      counts += thresholds << 2;
    }
  }
}

/** The scores of two units: |sum of the high groups + sum of the first group|. */
function score(high: v128, low: v128): v128 {
  return f64x2.abs(f64x2.add(high, low));
}
