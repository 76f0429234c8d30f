import { screen } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeAutomation } from '../../test/automations';
import { openConsole, rememberTokens } from '../../test/render';
import { json, ME, serve } from '../../test/server';

const AUTOMATION = makeAutomation({ status: 'ACTIVE', version: 1, triggerType: 'WEBHOOK' });

describe('the runs of an automation in the list', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it.each([
    [0, true, '0 runs in 7 days'],
    [1, true, '1 run in 7 days'],
    [1_204, false, '1,204+ runs in 7 days'],
  ])('are counted: %s', async (total, isComplete, name) => {
    const counts = { PENDING: 0, RUNNING: 0, COMPLETED: total, FAILED: 0, CANCELED: 0 };
    const activity = { automationId: 'aut_1', counts, total, isComplete, lastRun: null };
    serve({
      '/v1/me': () => json(ME),
      '/v1/automations': () => json({ items: [AUTOMATION], nextCursor: null }),
      '/v1/automations/activity': () => json({ items: [activity], nextCursor: null }),
    });
    openConsole('/automations');
    expect(await screen.findByRole('link', { name })).toBeVisible();
  });
});
