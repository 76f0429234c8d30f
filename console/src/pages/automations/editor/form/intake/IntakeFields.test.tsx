import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import type { components } from '../../../../../shared/api/schema';
import { makeAutomation, makeWebhook } from '../../../../../test/automations';
import { makeCapturedEvent } from '../../../../../test/events';
import nodeTypes from '../../../../../test/nodeTypes.json';
import { openConsole, rememberTokens } from '../../../../../test/render';
import { type Call, json, ME, type Routes, serve } from '../../../../../test/server';
import presets from '../../../../../test/sourcePresets.json';
import type { Automation } from '../../../types';

type Webhook = components['schemas']['WebhookView'];
type Config = Record<string, unknown>;

const OWN = '/v1/automations/aut_1';
const page = (items: unknown[]) => () => json({ items, nextCursor: null });

function draft(config: Config, webhook: Partial<Webhook> = {}): Automation {
  return makeAutomation({
    webhook: makeWebhook(webhook),
    nodes: [
      { id: 'start', type: 'TRIGGER', config: { triggerType: 'WEBHOOK', ...config } },
      { id: 'done', type: 'END', config: {} },
    ],
  });
}

function open(automation: Automation, routes: Routes = {}) {
  const events = [
    makeCapturedEvent({ body: { items: [{ sku: 'S-1', mail: 'grace@customer.example' }] } }),
  ];
  const calls = serve({
    '/v1/me': () => json(ME),
    [OWN]: () => json(automation),
    [`${OWN}/validate`]: () => json({ problems: [], warnings: [] }),
    [`${OWN}/captured-events`]: () => json({ items: events, capture: null }),
    '/v1/node-types': page(nodeTypes),
    '/v1/source-presets': page(presets),
    '/v1/refusals': page([]),
    '/v1/runs': page([]),
    ...routes,
  });
  return { calls, ...openConsole('/automations/aut_1/edit?node=start') };
}

/** The trigger's config as it was last checked. */
async function checkedConfig(calls: Call[], isExpected: (config: Config) => boolean): Promise<Config> {
  function latest(): Config {
    const call = calls.findLast(({ url }) => url.pathname === `${OWN}/validate`);
    const { nodes } = JSON.parse(call?.body ?? '{"nodes": []}') as { nodes: { config: Config }[] };
    return nodes[0]?.config ?? {};
  }
  await waitFor(() => { expect(isExpected(latest())).toBe(true); });
  return latest();
}

async function senders() {
  return within(await screen.findByRole('group', { name: 'Who sends this?' }));
}

describe('the form of a webhook trigger', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('begins with the sender, and shows its address and its own steps', async () => {
    const { user, calls } = open(draft({}));
    const group = await senders();
    expect(await group.findAllByRole('radio')).toHaveLength(presets.length);
    expect(group.getByRole('radio', { name: 'Your own system' })).toBeChecked();
    await user.click(group.getByRole('radio', { name: 'Stripe' }));
    const config = await checkedConfig(calls, ({ source }) => source !== undefined);
    expect(config).toEqual({ triggerType: 'WEBHOOK', source: { preset: 'STRIPE' } });
    expect(group.getByRole('region', { name: 'Webhook URL' })).toHaveTextContent(
      'https://api.example/v1/webhooks/in/tok_1',
    );
    expect(group.getByText(/Signing secret: /i)).toHaveTextContent('not set');
    expect(group.getByText('Save the draft with this sender, then set its keys.')).toBeVisible();
    const stripe = presets.find(({ preset }) => preset === 'STRIPE');
    for (const step of stripe?.steps ?? ['none']) expect(group.getByText(step)).toBeInTheDocument();
  });

  it('fills in what usually fits, without changing what is there', async () => {
    const { user, calls } = open(draft({ source: { preset: 'TWILIO' }, headers: ['X-Mine'] }));
    const group = await senders();
    await user.click(await group.findByRole('button', { name: "Use the sender's usual fields" }));
    const config = await checkedConfig(calls, ({ contactLookup }) => contactLookup !== undefined);
    expect(config).toMatchObject({
      contactLookup: { by: 'phone', path: 'From' },
      headers: ['X-Mine'],
    });
    expect(group.queryByRole('button', { name: "Use the sender's usual fields" })).toBeNull();
  });

  it('sets the sender’s own secret, which no answer shows', async () => {
    const set = draft({ source: { preset: 'GITHUB' } }, { preset: 'GITHUB', hasSecret: true, secretHint: '9f3a' });
    const { user, calls } = open(draft({ source: { preset: 'GITHUB' } }, { preset: 'GITHUB' }), {
      [`${OWN}/rotate-secret`]: () => json(set),
      '/v1/automations': page([]),
      [`${OWN}/versions`]: page([]),
    });
    await user.click(await screen.findByRole('button', { name: 'Set the secret' }));
    const dialog = within(await screen.findByRole('dialog', { name: /GitHub/ }));
    await user.click(dialog.getByRole('radio', { name: 'Enter the secret that the sender uses' }));
    await user.type(dialog.getByLabelText('Secret', { selector: 'input[type=password]' }), 'their own secret');
    await user.click(dialog.getByRole('button', { name: 'Set' }));
    expect(await dialog.findByText('The keys are set')).toBeVisible();
    const sent = calls.find(({ url }) => url.pathname === `${OWN}/rotate-secret`);
    expect(JSON.parse(sent?.body ?? '')).toEqual({ secret: 'their own secret', overlapMinutes: 1440 });
    await user.click(dialog.getByRole('button', { name: 'Done' }));
    expect(await screen.findByText(/ends with 9f3a/)).toBeVisible();
    expect(screen.getByRole('button', { name: 'Replace the secret' })).toBeVisible();
    expect(document.body).not.toHaveTextContent('their own secret');
  });

  it('makes a secret, shows it once, and asks how long the current one is accepted', async () => {
    const signed = { source: { preset: 'RUNLEDGER' }, signed: true };
    const made = draft(signed, { hasSecret: true, secret: 'a secret of this test' });
    const { user, calls } = open(draft(signed, { hasSecret: true }), {
      [`${OWN}/rotate-secret`]: () => json(made),
      '/v1/automations': page([]),
      [`${OWN}/versions`]: page([]),
    });
    await user.click(await screen.findByRole('button', { name: 'Replace the secret' }));
    const dialog = within(await screen.findByRole('dialog'));
    await user.selectOptions(dialog.getByRole('combobox', { name: /current keys/ }), '60');
    await user.click(dialog.getByRole('button', { name: 'Replace' }));
    expect(await dialog.findByText('a secret of this test')).toBeVisible();
    const sent = calls.find(({ url }) => url.pathname === `${OWN}/rotate-secret`);
    expect(JSON.parse(sent?.body ?? '')).toEqual({ overlapMinutes: 60 });
  });

  it('asks for the rule of a custom sender, with rarer settings apart', async () => {
    const { user, calls } = open(draft({}));
    const group = await senders();
    await user.click(await group.findByRole('radio', { name: 'Custom' }));
    const [header] = await group.findAllByRole('textbox', { name: 'Header' });
    expect(header).toHaveValue('X-Acme-Signature');
    await user.selectOptions(group.getByRole('combobox', { name: 'Algorithm' }), 'SHA-512');
    const config = await checkedConfig(calls, ({ source }) => JSON.stringify(source).includes('SHA512'));
    expect(config.source).toMatchObject({ verify: { scheme: 'HMAC', algorithm: 'SHA512' } });
    expect(group.getByText('Rarer settings')).toBeVisible();
    await user.selectOptions(group.getByRole('combobox', { name: /^Scheme/ }), 'TOKEN');
    await checkedConfig(calls, ({ source }) => JSON.stringify(source).includes('TOKEN'));
    expect(group.queryByRole('combobox', { name: 'Algorithm' })).toBeNull();
  });

  it('asks for the name of an external id only', async () => {
    const lookup = { by: 'externalId', name: 'stripe', path: 'customer' };
    const { user, calls } = open(draft({ contactLookup: lookup }));
    const group = within(await screen.findByRole('group', { name: 'Contact lookup, details' }));
    expect(group.getByRole('textbox', { name: 'Name' })).toHaveValue('stripe');
    await user.selectOptions(group.getByRole('combobox', { name: /^By/ }), 'email');
    const config = await checkedConfig(calls, ({ contactLookup }) => JSON.stringify(contactLookup).includes('email'));
    expect(config.contactLookup).toEqual({ by: 'email', path: 'customer' });
    expect(group.queryByRole('textbox', { name: 'Name' })).toBeNull();
  });

  it('maps values of the event to the fields of a contact', async () => {
    const lookup = { by: 'email', path: 'mail' };
    const { user, calls } = open(draft({ contactLookup: lookup, createIfMissing: true }));
    await user.selectOptions(await screen.findByRole('combobox', { name: 'Field of the contact' }), 'Metadata…');
    await user.type(screen.getByRole('textbox', { name: /Name of the metadata/ }), 'plan.name');
    await user.click(screen.getByRole('button', { name: 'Add field' }));
    await user.type(await screen.findByRole('textbox', { name: 'Metadata plan.name' }), 'plan');
    const config = await checkedConfig(calls, ({ contactFields }) => JSON.stringify(contactFields ?? '').includes('"plan"'));
    expect(config.contactFields).toEqual({ 'metadata.plan.name': 'plan' });
  });

  it('fills in the path of a field that is clicked in a real event', async () => {
    const lookup = { by: 'email', path: '' };
    const { user, calls } = open(draft({ contactLookup: lookup, split: 'items' }));
    await user.click(await screen.findByRole('button', { name: 'Pick path from a real event' }));
    const dialog = within(await screen.findByRole('dialog', { name: 'Pick: path' }));
    expect(await dialog.findByText(/paths begin at an element of the list items/)).toBeVisible();
    await user.click(dialog.getByRole('button', { name: /mail:/ }));
    await waitFor(() => { expect(screen.queryByRole('dialog')).toBeNull(); });
    const config = await checkedConfig(calls, ({ contactLookup }) => JSON.stringify(contactLookup).includes('mail"}'));
    expect(config.contactLookup).toEqual({ by: 'email', path: 'mail' });
  });

  it('takes the list to split, and headers, from a real event', async () => {
    const { user, calls } = open(draft({ headers: [''] }));
    await user.click(await screen.findByRole('button', { name: 'Pick split from a real event' }));
    const dialog = within(await screen.findByRole('dialog', { name: 'Pick: split' }));
    await user.click(await dialog.findByRole('button', { name: 'Use items' }));
    await checkedConfig(calls, ({ split }) => split === 'items');
    await user.click(screen.getByRole('button', { name: 'Pick header 1 from a real event' }));
    const headers = within(await screen.findByRole('dialog', { name: 'Pick: header 1' }));
    await user.click(await headers.findByRole('button', { name: /x-shop-event/ }));
    const config = await checkedConfig(calls, ({ headers: kept }) => JSON.stringify(kept).includes('x-shop'));
    expect(config.headers).toEqual(['x-shop-event']);
  });

  it('offers only rules about the event as filter', async () => {
    const filter = { kind: 'COMPARE', left: '{{event.type}}', operator: 'EQUALS', right: 'paid' };
    open(draft({ filter }));
    const group = within(await screen.findByRole('group', { name: 'Filter, details' }));
    const kinds = within(group.getByRole('combobox', { name: /^Kind/ })).getAllByRole('option');
    expect(kinds.map((each) => each.textContent)).toEqual(['Compare', 'All', 'Any']);
  });

  it('answers a refused event with a number, or not at all', async () => {
    const { user, calls } = open(draft({}));
    await user.selectOptions(await screen.findByRole('combobox', { name: 'Answer refused' }), '202');
    expect(await checkedConfig(calls, ({ answerRefused }) => answerRefused !== undefined)).toMatchObject({
      answerRefused: 202,
    });
    await user.selectOptions(screen.getByRole('combobox', { name: 'Answer refused' }), 'None');
    // As it was saved: without the field.
    expect(screen.getByText('Saved, not active')).toBeVisible();
  });

  it('is the same for a date in an event', async () => {
    const source = { kind: 'WEBHOOK_PAYLOAD', path: 'due' };
    const { user, calls } = open(draft({ triggerType: 'DATE', source }));
    const group = await senders();
    await user.click(await group.findByRole('radio', { name: 'GitHub' }));
    const config = await checkedConfig(calls, (checked) => JSON.stringify(checked).includes('GITHUB'));
    expect(config).toMatchObject({
      triggerType: 'DATE',
      source: { kind: 'WEBHOOK_PAYLOAD', path: 'due', source: { preset: 'GITHUB' } },
    });
  });
});
