import { screen, waitFor } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Segment, SegmentRule } from '../../shared/api/types';
import { openConsole, rememberTokens } from '../../test/render';
import { json, ME, serve } from '../../test/server';
import { fromWire, ruleText, toWire } from './rules';

const RULES: SegmentRule[] = [
  { kind: 'HAS_TAG', tag: 'vip' },
  { kind: 'LACKS_TAG', tag: 'beta' },
  { kind: 'HAS_EXTERNAL_ID', name: 'stripe' },
  { kind: 'LACKS_EXTERNAL_ID', name: 'shop' },
  { kind: 'CONSENT', consent: 'MARKETING', given: false },
  { kind: 'CONSENT', consent: 'TRANSACTIONAL', given: true, channel: 'SMS' },
  { kind: 'METADATA', key: 'age', operator: 'GREATER_THAN', value: 30 },
  { kind: 'METADATA', key: 'plan', operator: 'EQUALS', value: 'pro' },
  { kind: 'METADATA', key: 'paying', operator: 'EQUALS', value: true },
  { kind: 'METADATA', key: 'plan', operator: 'IS_EMPTY', value: null },
];
const SEGMENT: Segment = {
  id: 'seg_1',
  revision: 3,
  name: 'Fans',
  match: 'ALL',
  rules: [{ kind: 'HAS_TAG', tag: 'vip' }],
  createdAt: '2026-03-01T10:00:00.000Z',
  updatedAt: '2026-03-01T10:00:00.000Z',
};

describe('the rules of a segment', () => {
  it.each(RULES)('are unchanged after the form: %j', (rule) => {
    expect(toWire(fromWire(rule, 'key'))).toEqual(rule);
  });

  it('are described in words', () => {
    expect(RULES.map(ruleText)).toEqual([
      'has the tag vip',
      'does not have the tag beta',
      'has the external id stripe',
      'does not have the external id shop',
      'did not give marketing consent',
      'gave transactional consent for SMS',
      'age greater than 30',
      'plan equals pro',
      'paying equals true',
      'plan is empty',
    ]);
  });
});

describe('a segment', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('is created from rules, and a problem is shown at its rule', async () => {
    const refused = {
      title: 'Invalid input',
      detail: '…',
      problems: [{ field: 'rules.1.METADATA.key', message: 'String should match pattern' }],
    };
    const calls = serve({
      '/v1/me': () => json(ME),
      '/v1/segments': () => json(refused, 422),
    });
    const { user } = openConsole('/contacts/segments/new');
    await user.type(await screen.findByRole('textbox', { name: 'Name' }), 'Fans');
    await user.type(screen.getByRole('textbox', { name: 'Tag of rule 1' }), 'vip');
    await user.click(screen.getByRole('button', { name: 'Add a rule' }));
    const kind = screen.getByRole('combobox', { name: 'Type of rule 2' });
    await user.selectOptions(kind, 'METADATA');
    await user.type(screen.getByRole('textbox', { name: 'Value of rule 2' }), 'pro');
    await user.click(screen.getByRole('button', { name: 'Create segment' }));
    expect(await screen.findByRole('alert')).toHaveTextContent('String should match pattern');
    const sent = calls.find(({ method }) => method === 'POST');
    expect(JSON.parse(sent?.body ?? '')).toEqual({
      name: 'Fans',
      match: 'ALL',
      rules: [
        { kind: 'HAS_TAG', tag: 'vip' },
        { kind: 'METADATA', key: '', operator: 'EQUALS', value: 'pro' },
      ],
    });
  });

  it('shows a viewer the matching contacts and the rules', async () => {
    serve({
      '/v1/me': () => json({ ...ME, role: 'VIEWER' }),
      '/v1/segments/seg_1': () => json(SEGMENT),
      '/v1/segments/seg_1/preview': () => json({ contacts: [], count: 1200, isWhole: false }),
    });
    openConsole('/contacts/segments/seg_1');
    expect(await screen.findByText('has the tag vip')).toBeVisible();
    await waitFor(() => {
      expect(screen.getByRole('region', { name: 'Matching contacts' })).toHaveTextContent(
        'At least 1,200 contacts',
      );
    });
    expect(screen.queryByRole('button', { name: 'Save' })).toBeNull();
  });
});
