/** Places the steps of a run on one line by time. */

import type { RunDetail, Step } from '../../shared/api/types';

export interface Interval {
  from: number;
  to: number;
}

/** In percent of the length of the line. */
export interface Bar {
  left: number;
  width: number;
}

/** A time in which the run only waited; it is drawn short. */
export interface Pause extends Bar, Interval {}

export interface Timeline {
  /** The times at its left and right end. */
  whole: Interval;
  barOf: (interval: Interval) => Bar;
  pauses: Pause[];
}

/** A pause up to this share of the line is drawn to scale. */
const PAUSE_SHARE = 0.12;
/** All pauses together take at most this share of it. */
const PAUSES_SHARE = 0.5;

export function isWait(step: Step): boolean {
  return step.type === 'WAIT' || step.status === 'WAITING';
}

export function intervalOf(step: Step, now: number): Interval {
  const from = Date.parse(step.startedAt);
  const to = step.finishedAt === null ? now : Date.parse(step.finishedAt);
  return { from, to: Math.max(from, to) };
}

/** The union of intervals, in order. */
function merged(intervals: Interval[]): Interval[] {
  const found: Interval[] = [];
  for (const { from, to } of intervals.toSorted((one, other) => one.from - other.from)) {
    const last = found.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else found.push({ from, to });
  }
  return found;
}

/** The parts of the intervals outside the others; both sorted and without overlap. */
function without(intervals: Interval[], others: Interval[]): Interval[] {
  return intervals.flatMap(({ from, to }) => {
    const left: Interval[] = [];
    let at = from;
    for (const other of others) {
      if (other.to <= at || other.from >= to) continue;
      if (other.from > at) left.push({ from: at, to: other.from });
      at = Math.max(at, other.to);
    }
    if (at < to) left.push({ from: at, to });
    return left;
  });
}

/** The timeline of a run from its creation to its end, or to `now`. */
export function timelineOf(run: RunDetail, now: number): Timeline {
  const ends = run.steps.map((step) => intervalOf(step, now).to);
  const from = Date.parse(run.createdAt);
  const end = run.finishedAt === null ? now : Date.parse(run.finishedAt);
  const whole = { from, to: Math.max(from + 1, end, ...ends) };
  // Before its start, nothing works on a run.
  const begun = run.startedAt === null ? whole.to : Date.parse(run.startedAt);
  return draw(run.steps, whole, begun > from ? [{ from, to: begun }] : [], now);
}

/** The timeline of some steps, from the start of the first to the end of the last. */
export function timelineOfSteps(steps: Step[], now: number): Timeline {
  const intervals = steps.map((step) => intervalOf(step, now));
  const from = Math.min(...intervals.map((interval) => interval.from));
  const whole = { from, to: Math.max(from + 1, ...intervals.map((interval) => interval.to)) };
  return draw(steps, whole, [], now);
}

/**
 * Draws work to scale and long waits short. Otherwise the seconds around a wait of a day would be
 * invisible.
 */
function draw(steps: Step[], whole: Interval, idle: Interval[], now: number): Timeline {
  const work = steps.filter((step) => !isWait(step)).map((step) => intervalOf(step, now));
  const waits = steps.filter(isWait).map((step) => intervalOf(step, now));
  const pauses = without(merged([...idle, ...waits]), merged(work));
  const total = whole.to - whole.from;
  const long = pauses.filter((pause) => pause.to - pause.from > total * PAUSE_SHARE);
  const share = Math.min(PAUSE_SHARE, PAUSES_SHARE / Math.max(1, long.length));
  const paused = long.reduce((sum, pause) => sum + pause.to - pause.from, 0);
  // Percent per millisecond, for the parts that are drawn to scale.
  const scale = (100 * (1 - share * long.length)) / Math.max(1, total - paused);

  function place(moment: number): number {
    const at = Math.min(Math.max(moment, whole.from), whole.to);
    let skipped = 0;
    let place = 0;
    for (const pause of long) {
      if (at <= pause.from) break;
      const length = pause.to - pause.from;
      const spent = Math.min(at, pause.to) - pause.from;
      skipped += spent;
      place += 100 * share * (spent / length);
    }
    return Math.min(100, place + (at - whole.from - skipped) * scale);
  }

  function barOf(interval: Interval): Bar {
    const left = place(interval.from);
    return { left, width: Math.max(0, place(interval.to) - left) };
  }

  return { whole, barOf, pauses: long.map((pause) => ({ ...pause, ...barOf(pause) })) };
}
