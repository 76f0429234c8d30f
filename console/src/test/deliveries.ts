/** Deliveries for tests. */

import type { Delivery, DeliveryDetail } from '../shared/api/types';

export function makeDelivery(changes: Partial<DeliveryDetail> = {}): DeliveryDetail {
  return {
    id: 'dlv_1',
    status: 'SENT',
    health: null,
    channel: 'EMAIL',
    address: 'ada@customer.example',
    contactId: 'con_1',
    automationId: 'atm_1',
    automationName: 'Order paid',
    runId: 'run_1',
    nodeId: 'receipt',
    templateId: 'tpl_1',
    templateName: 'Order receipt',
    subject: 'Thank you for order 1009',
    body: 'Hello Ada',
    html: null,
    isTest: false,
    gates: [{ name: 'consent', passed: true, reason: 'transactional consent was given' }],
    tries: 1,
    triesLog: [
      {
        at: '2026-03-01T10:00:02.000Z',
        outcome: 'ACCEPTED',
        code: null,
        message: null,
        providerId: 'm-1',
      },
    ],
    reports: [],
    providerId: 'm-1',
    error: null,
    bounce: null,
    complained: false,
    createdAt: '2026-03-01T10:00:01.000Z',
    settledAt: '2026-03-01T10:00:02.000Z',
    nextTryAt: null,
    unknownSince: null,
    resendOf: null,
    requestedBy: null,
    forced: false,
    resends: [],
    links: {
      run: '/v1/runs/run_1',
      automation: '/v1/automations/atm_1',
      contact: '/v1/contacts/con_1',
      template: '/v1/templates/tpl_1',
      resendOf: null,
      resends: [],
    },
    ...changes,
  };
}

export function makeDeliveryRow(changes: Partial<Delivery> = {}): Delivery {
  return {
    id: 'dlv_1',
    status: 'SENT',
    channel: 'EMAIL',
    address: 'ada@customer.example',
    contactId: 'con_1',
    automationId: 'atm_1',
    automationName: 'Order paid',
    runId: 'run_1',
    nodeId: 'receipt',
    templateId: 'tpl_1',
    subject: 'Thank you for order 1009',
    tries: 1,
    error: null,
    bounce: null,
    complained: false,
    createdAt: '2026-03-01T10:00:01.000Z',
    settledAt: '2026-03-01T10:00:02.000Z',
    nextTryAt: null,
    resendOf: null,
    ...changes,
  };
}
