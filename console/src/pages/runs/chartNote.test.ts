import { expect, it } from 'vitest';
import { RUN_FILTERS } from '../../shared/subjects/runs';
import { chartNote } from './chartNote';

it.each([
  ['', null],
  ['range=24h&automationId=atm_1', null],
  ['status=FAILED', 'The chart shows all runs in the period; only the list below is filtered by status.'],
  [
    'automationId=atm_1&status=FAILED&contact=a@example.com&errorGroup=err_1',
    'The chart shows all runs of the automation in the period; only the list below is filtered by status, contact and error.',
  ],
  [
    'rerunOf=run_1&recoveryId=rcv_1',
    'The chart shows all runs in the period; only the list below is filtered by original and recovery.',
  ],
])('the chart says which filters it ignores for %s', (search, note) => {
  expect(chartNote(RUN_FILTERS.read(search))).toBe(note);
});
