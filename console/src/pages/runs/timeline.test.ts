import { describe, expect, it } from 'vitest';
import { makeRunDetail, makeStep } from '../../test/server';
import { intervalOf, timelineOf, timelineOfSteps } from './timeline';

const START = Date.parse('2026-03-01T10:00:00.000Z');
const at = (milliseconds: number) => new Date(START + milliseconds).toISOString();

function step(nodeId: string, from: number, to: number | null, type = 'SET') {
  return makeStep({
    nodeId,
    type,
    startedAt: at(from),
    finishedAt: to === null ? null : at(to),
    durationMs: to === null ? null : to - from,
  });
}

function barsOf(steps: ReturnType<typeof step>[], end: number) {
  const run = makeRunDetail({ createdAt: at(0), startedAt: at(0), finishedAt: at(end), steps });
  const timeline = timelineOf(run, START + end);
  return steps.map((one) => timeline.barOf(intervalOf(one, START + end)));
}

describe('the timeline of a run', () => {
  it('draws work to scale', () => {
    expect(barsOf([step('a', 0, 250), step('b', 250, 1000)], 1000)).toEqual([
      { left: 0, width: 25 },
      { left: 25, width: 75 },
    ]);
  });

  it('draws parallel steps at the same place', () => {
    const [one, two] = barsOf([step('a', 0, 1000), step('b', 200, 600)], 1000);
    expect(one).toEqual({ left: 0, width: 100 });
    expect(two).toEqual({ left: 20, width: 40 });
  });

  it('shortens a long wait, so that the work around it is visible', () => {
    const day = 86_400_000;
    const steps = [step('a', 0, 500), step('w', 500, day, 'WAIT'), step('b', day, day + 500)];
    const [before, wait, after] = barsOf(steps, day + 500);
    expect(before?.width).toBeCloseTo(44);
    expect(wait?.width).toBeCloseTo(12);
    expect(after).toMatchObject({ left: expect.closeTo(56) as number, width: expect.closeTo(44) as number });
  });

  it('keeps a wait to scale while another step works', () => {
    const [work, wait] = barsOf([step('a', 0, 1000), step('w', 0, 900, 'WAIT')], 1000);
    expect(work?.width).toBeCloseTo(100);
    expect(wait?.width).toBeCloseTo(90);
  });

  it('treats the time before the start as a pause', () => {
    const run = makeRunDetail({
      createdAt: at(0),
      startedAt: at(9000),
      finishedAt: at(10_000),
      steps: [step('a', 9000, 10_000)],
    });
    const { pauses, barOf } = timelineOf(run, START + 10_000);
    expect(pauses).toHaveLength(1);
    expect(barOf({ from: START + 9000, to: START + 10_000 }).width).toBeCloseTo(88);
  });

  it('stays on the line even if clocks differ', () => {
    const steps = [step('early', -500, 100), step('open', 900, null)];
    for (const { left, width } of barsOf(steps, 1000)) {
      expect(left).toBeGreaterThanOrEqual(0);
      expect(left + width).toBeLessThanOrEqual(100.001);
    }
  });

  it('shares the line between many waits', () => {
    const steps = Array.from({ length: 6 }, (_, n) => step(`w${n}`, n * 1000, n * 1000 + 999, 'WAIT'));
    const work = Array.from({ length: 6 }, (_, n) => step(`a${n}`, n * 1000 + 999, n * 1000 + 1000));
    const bars = barsOf([...steps, ...work], 6000);
    const waits = bars.slice(0, 6).reduce((sum, { width }) => sum + width, 0);
    expect(waits).toBeLessThanOrEqual(50.001);
  });
});

describe('the timeline of some steps', () => {
  it('starts with the first and ends with the last of them', () => {
    const steps = [step('b', 9200, 9600), step('a', 9000, 9400)];
    const { whole, barOf } = timelineOfSteps(steps, START + 60_000);
    expect(whole).toEqual({ from: START + 9000, to: START + 9600 });
    expect(barOf({ from: START + 9000, to: START + 9300 })).toEqual({ left: 0, width: 50 });
  });

  it('continues while one of them works', () => {
    const { whole } = timelineOfSteps([step('a', 0, 100), step('b', 50, null)], START + 400);
    expect(whole.to).toBe(START + 400);
  });
});
