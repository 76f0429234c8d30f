/** The runs that are expanded in the list, and their open steps. */

import { defineAddress } from '../../shared/address/addressState';
import { choiceOr, type Parameter } from '../../shared/address/parameters';

export interface OpenRun {
  id: string;
  /** Node ids, in the order they were opened. */
  steps: readonly string[];
}

/** Run ids and node ids never contain it. */
const SEPARATOR = '.';

/** `open=run_1.score.mail`: collapsing a run also closes its steps. */
function openRuns(): Parameter<readonly OpenRun[], readonly OpenRun[]> {
  return {
    fallback: [],
    read: (texts) =>
      texts.flatMap((written) => {
        const [id = '', ...steps] = written.split(SEPARATOR).filter((part) => part !== '');
        return id === '' ? [] : [{ id, steps }];
      }),
    write: (runs) => runs.map(({ id, steps }) => [id, ...steps].join(SEPARATOR)),
    ask: (runs) => runs,
  };
}

export const ORDERS = ['newest', 'oldest'] as const;
/** Which runs come first. */
export type Order = (typeof ORDERS)[number];

/** The address state of the list of runs, in addition to its filters. */
export const RUN_LIST = defineAddress({ open: openRuns(), order: choiceOr(ORDERS, 'newest') });

/** The open steps of a run; null if it is collapsed. */
export function openStepsOf(runs: readonly OpenRun[], id: string): readonly string[] | null {
  return runs.find((run) => run.id === id)?.steps ?? null;
}

/** Expands a collapsed run, or collapses an expanded one. */
export function toggledRun(runs: readonly OpenRun[], id: string): readonly OpenRun[] {
  const others = runs.filter((run) => run.id !== id);
  return others.length < runs.length ? others : [...runs, { id, steps: [] }];
}

export function withSteps(
  runs: readonly OpenRun[],
  id: string,
  next: (steps: readonly string[]) => readonly string[],
): readonly OpenRun[] {
  return runs.map((run) => (run.id === id ? { id, steps: next(run.steps) } : run));
}
