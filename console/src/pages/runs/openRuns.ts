/** What of the list of runs stands open in place: runs, and steps in them. */

import { defineAddress } from '../../shared/address/addressState';
import type { Parameter } from '../../shared/address/parameters';

export interface OpenRun {
  id: string;
  /** The nodes' ids, in the order they were opened. */
  steps: readonly string[];
}

/** Neither a run's id nor a node's can hold it. */
const SEPARATOR = '.';

/** `open=run_1.score.mail`: a run that is closed takes its steps along. */
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

/** The list of runs, besides its filters. */
export const RUN_LIST = defineAddress({ open: openRuns() });

/** The open steps of a run; null while it is closed. */
export function openStepsOf(runs: readonly OpenRun[], id: string): readonly string[] | null {
  return runs.find((run) => run.id === id)?.steps ?? null;
}

/** Opens a run that is closed and closes one that is open. */
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
