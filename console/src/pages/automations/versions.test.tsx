import { screen, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeAutomation } from '../../test/automations';
import nodeTypes from '../../test/nodeTypes.json';
import { openConsole, rememberTokens } from '../../test/render';
import { json, ME, serve } from '../../test/server';
import type { Version } from './types';

const OWN = '/v1/automations/aut_1';
const MACHINE = { type: 'EXPRESS' as const, reason: 'Express: short', dollarsPerMillionRuns: 12 };

function version(number: number, templateId: string, minutes: number) {
  return {
    version: number,
    name: 'Order paid',
    activatedAt: `2026-03-0${number}T10:00:00.000Z`,
    activatedBy: 'owner@demo.example',
    machine: MACHINE,
    graph: {
      nodes: [
        { id: 'start', type: 'TRIGGER', config: { triggerType: 'MANUAL' } },
        { id: 'pause', type: 'WAIT', config: { delayMinutes: minutes } },
        {
          id: 'thanks',
          type: 'SEND_MESSAGE',
          config: { consent: 'MARKETING', channels: [{ channel: 'EMAIL', templateId }] },
        },
      ],
      edges: number === 1 ? [] : [{ source: 'pause', target: 'thanks' }],
    },
  } as unknown as Version;
}

const VERSIONS = [version(3, 'tpl_2', 10), version(2, 'tpl_1', 10), version(1, 'tpl_1', 5)];

function open(address: string) {
  serve({
    '/v1/me': () => json(ME),
    [OWN]: () =>
      json(makeAutomation({ status: 'ACTIVE', version: 3, hasUnpublishedChanges: false })),
    [`${OWN}/versions`]: () => json({ items: VERSIONS, nextCursor: null }),
    ...Object.fromEntries(
      VERSIONS.map((each) => [`${OWN}/versions/${each.version}`, () => json(each)]),
    ),
    '/v1/node-types': () => json({ items: nodeTypes, nextCursor: null }),
    '/v1/templates': () =>
      json({
        items: [
          { id: 'tpl_1', name: 'Thanks', channel: 'EMAIL' },
          { id: 'tpl_2', name: 'Warm thanks', channel: 'EMAIL' },
        ],
        nextCursor: null,
      }),
    '/v1/runs': () => json({ items: [], nextCursor: null }),
    '/v1/runs/counts': () => json({ detail: 'No' }, 404),
    '/v1/failure-groups': () => json({ detail: 'No' }, 404),
  });
  return openConsole(address);
}

describe('the versions of an automation', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('are compared in the words of the form', async () => {
    open('/automations/aut_1?tab=versions');
    expect(await screen.findByText(/Send message “thanks”/)).toBeVisible();
    const change = await screen.findByText(/Channel 1, template:/);
    expect(change).toHaveTextContent('Channel 1, template: Thanks → Warm thanks');
  });

  it('can be any two, which are in the address', async () => {
    const { user } = open('/automations/aut_1?tab=versions');
    await user.selectOptions(await screen.findByRole('combobox', { name: 'From' }), '1');
    expect(await screen.findByText(/Delay minutes:/)).toHaveTextContent('Delay minutes: 5 → 10');
    expect(screen.getByText(/^Edge Wait “pause” → Send message “thanks” added$/)).toBeVisible();
    expect(window.location.search).toBe('?tab=versions&from=1&to=3');
    await user.click(screen.getByRole('button', { name: 'Swap' }));
    expect(window.location.search).toBe('?tab=versions&from=3&to=1');
    expect(await screen.findByText(/Delay minutes:/)).toHaveTextContent('Delay minutes: 10 → 5');
  });

  it('lead from the list to what each one changed', async () => {
    const { user } = open('/automations/aut_1?tab=versions');
    const list = within(await screen.findByRole('region', { name: 'Versions, newest first' }));
    await user.click(list.getByRole('link', { name: 'See what version 2 changed' }));
    expect(window.location.search).toBe('?tab=versions&to=2');
    expect(screen.getByRole('combobox', { name: 'From' })).toHaveValue('1');
    expect(await screen.findByText(/Delay minutes:/)).toHaveTextContent('Delay minutes: 5 → 10');
  });
});
