/** Automations for tests. */

import type { components } from '../shared/api/schema';

type Automation = components['schemas']['AutomationView'];

/** A draft with a webhook trigger and an end node, never activated. */
export function makeAutomation(changes: Partial<Automation> = {}): Automation {
  return {
    id: 'aut_1',
    name: 'Order paid',
    reentry: 'ALWAYS',
    status: 'DRAFT',
    version: null,
    triggerType: null,
    nextFireAt: null,
    hasUnpublishedChanges: true,
    createdAt: '2026-03-01T10:00:00.000Z',
    updatedAt: '2026-03-01T10:00:00.000Z',
    updatedBy: 'owner@demo.example',
    revision: 1,
    nodes: [
      { id: 'start', type: 'TRIGGER', config: { triggerType: 'WEBHOOK' } },
      { id: 'done', type: 'END', config: {} },
    ],
    edges: [{ source: 'start', target: 'done', label: null }],
    layout: {},
    webhook: null,
    schedule: null,
    machine: null,
    activation: null,
    problems: [],
    warnings: [],
    ...changes,
  };
}

type Webhook = NonNullable<Automation['webhook']>;

/** The webhook of a saved draft whose keys are not set. */
export function makeWebhook(changes: Partial<Webhook> = {}): Webhook {
  return {
    path: '/v1/webhooks/in/tok_1',
    url: 'https://api.example/v1/webhooks/in/tok_1',
    preset: 'RUNLEDGER',
    signed: true,
    secret: null,
    hasSecret: false,
    secretHint: null,
    hasPublicKey: false,
    hasVerifyToken: false,
    keysSetAt: null,
    previousValidUntil: null,
    ...changes,
  };
}
