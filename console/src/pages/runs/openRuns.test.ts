import { expect, it } from 'vitest';
import { openStepsOf, RUN_LIST, toggledRun, withSteps } from './openRuns';

it('the address of the list names the expanded runs and steps', () => {
  const open = [
    { id: 'run_1', steps: ['score', 'mail'] },
    { id: 'run_2', steps: [] },
  ];
  const address = RUN_LIST.address('/runs', { open });
  expect(address).toBe('/runs?open=run_1.score.mail&open=run_2');
  expect(RUN_LIST.read(address.slice('/runs'.length)).open).toEqual(open);
  expect(RUN_LIST.read('?open=&open=.&open=run_1..a.').open).toEqual([{ id: 'run_1', steps: ['a'] }]);
});

it('a collapsed run has no open steps, and gets none', () => {
  const { open } = RUN_LIST.read('?open=run_1.score');
  const closed = toggledRun(open, 'run_1');
  expect([openStepsOf(open, 'run_1'), openStepsOf(closed, 'run_1')]).toEqual([['score'], null]);
  expect(withSteps(closed, 'run_1', () => ['mail'])).toEqual([]);
  expect(openStepsOf(toggledRun(closed, 'run_1'), 'run_1')).toEqual([]);
});
