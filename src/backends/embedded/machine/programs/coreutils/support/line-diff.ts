/** A run of lines that differ: positions count from 0, `end` is exclusive. */
export interface Change {
  leftStart: number;
  leftEnd: number;
  rightStart: number;
  rightEnd: number;
}

/** The smallest set of changes between two lists of lines (Myers), with changes moved down as diff does. */
export function changesBetween(left: readonly string[], right: readonly string[]): Change[] {
  const removed = Array.from({ length: left.length }, () => false);
  const added = Array.from({ length: right.length }, () => false);
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start += 1;
  let tail = 0;
  while (
    tail < left.length - start &&
    tail < right.length - start &&
    left[left.length - 1 - tail] === right[right.length - 1 - tail]
  )
    tail += 1;
  mark(
    left.slice(start, left.length - tail),
    right.slice(start, right.length - tail),
    (x) => (removed[start + x] = true),
    (y) => (added[start + y] = true),
  );
  shift(removed, added, left);
  shift(added, removed, right);
  return collect(removed, added);
}

function mark(a: readonly string[], b: readonly string[], remove: (x: number) => void, add: (y: number) => void): void {
  const total = a.length + b.length;
  const trace: Map<number, number>[] = [];
  const reach = new Map<number, number>([[1, 0]]);
  const at = (diagonal: number): number => reach.get(diagonal) ?? -1;
  outer: for (let depth = 0; depth <= total; depth += 1) {
    trace.push(new Map(reach));
    for (let diagonal = -depth; diagonal <= depth; diagonal += 2) {
      const down = diagonal === -depth || (diagonal !== depth && at(diagonal - 1) < at(diagonal + 1));
      let x = down ? at(diagonal + 1) : at(diagonal - 1) + 1;
      let y = x - diagonal;
      while (x < a.length && y < b.length && a[x] === b[y]) {
        x += 1;
        y += 1;
      }
      reach.set(diagonal, x);
      if (x >= a.length && y >= b.length) break outer;
    }
  }
  let x = a.length;
  let y = b.length;
  for (let depth = trace.length - 1; depth > 0; depth -= 1) {
    const before = trace[depth] ?? new Map<number, number>();
    const diagonal = x - y;
    const reached = (one: number): number => before.get(one) ?? -1;
    const down = diagonal === -depth || (diagonal !== depth && reached(diagonal - 1) < reached(diagonal + 1));
    const previous = down ? diagonal + 1 : diagonal - 1;
    const fromX = reached(previous);
    const fromY = fromX - previous;
    if (down) add(fromY);
    else remove(fromX);
    x = fromX;
    y = fromY;
  }
}

/** Moves each run of changed lines as far down as equal lines allow, joining runs it meets. */
function shift(changed: boolean[], other: readonly boolean[], lines: readonly string[]): void {
  let index = 0;
  let otherIndex = 0;
  while (index < changed.length) {
    while (index < changed.length && !changed[index]) {
      while (other[otherIndex]) otherIndex += 1;
      otherIndex += 1;
      index += 1;
    }
    if (index >= changed.length) return;
    let start = index;
    let end = index;
    while (end < changed.length && changed[end]) end += 1;
    // Only while the other side has nothing changed at the place, so that pairs stay together.
    while (end < changed.length && lines[start] === lines[end] && !other[otherIndex]) {
      changed[start] = false;
      changed[end] = true;
      start += 1;
      end += 1;
      otherIndex += 1;
      while (end < changed.length && changed[end]) end += 1;
    }
    index = end;
  }
}

function collect(removed: readonly boolean[], added: readonly boolean[]): Change[] {
  const changes: Change[] = [];
  let x = 0;
  let y = 0;
  while (x < removed.length || y < added.length) {
    if (!removed[x] && !added[y]) {
      x += 1;
      y += 1;
      continue;
    }
    const change = { leftStart: x, leftEnd: x, rightStart: y, rightEnd: y };
    while (removed[x]) x += 1;
    while (added[y]) y += 1;
    changes.push({ ...change, leftEnd: x, rightEnd: y });
  }
  return changes;
}
