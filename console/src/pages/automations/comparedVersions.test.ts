import { expect, it } from 'vitest';
import { AUTOMATION_PAGE, versionAddress } from '../../shared/subjects/automations';
import { comparedVersions, DRAFT } from './comparedVersions';
import { machineText } from './types';

const VERSIONS = [{ version: 3 }, { version: 2 }, { version: 1 }];

it.each([
  ['', true, { from: '3', to: DRAFT }],
  ['', false, { from: '2', to: '3' }],
  ['from=1&to=draft', false, { from: '1', to: DRAFT }],
  ['to=2', true, { from: '1', to: '2' }],
  ['to=1', true, { from: '1', to: '1' }],
  ['to=9', true, { from: '9', to: '9' }],
])('%s with unpublished changes: %s', (search, hasUnpublishedChanges, compared) => {
  expect(comparedVersions(AUTOMATION_PAGE.read(search), { hasUnpublishedChanges }, VERSIONS)).toEqual(compared);
});

it('nothing is compared without a version', () => {
  const compared = comparedVersions(AUTOMATION_PAGE.none, { hasUnpublishedChanges: true }, []);
  expect(compared).toEqual({ from: DRAFT, to: DRAFT });
});

it('a version has an address', () => {
  const { search } = new URL(versionAddress('aut_1', 2), 'https://console.example');
  expect(comparedVersions(AUTOMATION_PAGE.read(search), { hasUnpublishedChanges: true }, VERSIONS).to).toBe('2');
});

it('the kind of state machine is shown once', () => {
  const reason = 'Standard, because pause may wait 3600 s in all.';
  expect(machineText({ type: 'STANDARD', reason })).toBe(reason);
  expect(machineText({ type: 'EXPRESS', reason: 'it is short' })).toBe('Express: it is short');
});
