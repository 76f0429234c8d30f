import { fireEvent, screen, waitFor } from '@testing-library/react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Preview, Role, Template } from '../../shared/api/types';
import { openConsole, rememberTokens } from '../../test/render';
import { type Call, json, ME, type Routes, serve } from '../../test/server';

const RECEIPT: Template = {
  id: 'tpl_1',
  revision: 3,
  name: 'Receipt',
  channel: 'EMAIL',
  subject: 'Order {{trigger.orderId}}',
  body: 'Hello {{contact.firstName}}',
  html: null,
  createdAt: '2026-03-01T10:00:00.000Z',
  updatedAt: '2026-03-01T10:00:00.000Z',
};

function rendered(changes: Partial<Preview> = {}): Preview {
  return {
    channel: 'EMAIL',
    address: 'ada@customer.example',
    subject: 'Order 9',
    body: 'Hello Ada',
    html: '<p>Hello Ada</p>',
    problems: [],
    warnings: [],
    gates: [],
    ...changes,
  };
}

function stack(routes: Routes = {}, role: Role = 'ADMIN'): Call[] {
  return serve({
    '/v1/me': () => json({ ...ME, role }),
    '/v1/templates': () => json(RECEIPT, 201),
    '/v1/templates/tpl_1': () => json(RECEIPT),
    '/v1/templates/preview': () => json(rendered()),
    ...routes,
  });
}

function bodies(calls: Call[], path: string): Record<string, unknown>[] {
  return calls
    .filter(({ url, method }) => url.pathname === path && method !== 'GET')
    .map(({ body }) => JSON.parse(body) as Record<string, unknown>);
}

describe('a template', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('is previewed for the selected contact, which the URL keeps', async () => {
    const calls = stack();
    const { user } = openConsole('/templates/tpl_1');
    const contact = await screen.findByRole('searchbox', { name: 'Contact' });
    await user.type(contact, 'ada@customer.example{Enter}');
    expect(window.location.search).toBe('?contact=ada%40customer.example');
    expect(await screen.findByTitle('HTML preview')).toHaveAttribute('sandbox', 'allow-scripts');
    await user.click(screen.getByRole('tab', { name: 'Plain text' }));
    expect(await screen.findByRole('region', { name: 'Body preview' })).toHaveTextContent(
      'Hello Ada',
    );
    await waitFor(() => {
      expect(bodies(calls, '/v1/templates/preview').at(-1)).toMatchObject({
        email: 'ada@customer.example',
        template: { subject: RECEIPT.subject, body: RECEIPT.body },
      });
    });
  });

  it('is shown as HTML in light and dark, and at the width of a phone', async () => {
    stack({ '/v1/templates/preview': () => json(rendered({ html: '<p>Hi</p>' })) });
    const { user } = openConsole('/templates/tpl_1');
    const frame = await screen.findByTitle<HTMLIFrameElement>('HTML preview');
    const posted = vi.fn();
    vi.spyOn(frame, 'contentWindow', 'get').mockReturnValue({ postMessage: posted } as never);
    fireEvent.load(frame);
    expect(posted).toHaveBeenLastCalledWith({ html: '<p>Hi</p>', scheme: 'light' }, '*');
    await user.click(screen.getByRole('radio', { name: 'Dark' }));
    expect(posted).toHaveBeenLastCalledWith({ html: '<p>Hi</p>', scheme: 'dark' }, '*');
    await user.click(screen.getByRole('radio', { name: 'Phone' }));
    expect(frame).toHaveAttribute('data-width', 'phone');
  });

  it('shows what mail clients may show badly', async () => {
    const warnings = [{ field: 'html', message: 'an image has no text (line 3)', variable: null }];
    stack({ '/v1/templates/preview': () => json(rendered({ warnings })) });
    openConsole('/templates/tpl_1');
    expect(await screen.findByText('An image has no text (line 3)')).toBeVisible();
  });

  it('is sent to oneself with the values of the preview, once it is saved', async () => {
    const sent = { deliveryId: 'dlv_1', status: 'QUEUED', address: 'me@x.example', reason: null };
    const calls = stack({ '/v1/templates/tpl_1/test': () => json(sent, 202) });
    const { user } = openConsole('/templates/tpl_1?contact=ada@customer.example');
    const send = await screen.findByRole('button', { name: 'Send a test to yourself' });
    await user.click(send);
    expect(await screen.findByText(/The test goes to me@x.example/)).toBeVisible();
    expect(screen.getByRole('link', { name: 'See the delivery' })).toHaveAttribute(
      'href',
      '/delivery-ops/dlv_1',
    );
    expect(bodies(calls, '/v1/templates/tpl_1/test')).toEqual([
      {
        email: 'ada@customer.example',
        payload: {},
        steps: {},
        vars: {},
        idempotencyKey: expect.any(String) as string,
      },
    ]);
    await user.type(screen.getByRole('textbox', { name: 'Plain text' }), ' more');
    expect(send).toBeDisabled();
    expect(screen.getByText(/Save the template first/)).toBeVisible();
  });

  it('repeats a test with its key until it is answered, and sends another one after that', async () => {
    const sent = { deliveryId: 'dlv_1', status: 'QUEUED', address: 'me@x.example', reason: null };
    const answers = [json({ title: 'Too many', detail: 'try again in a minute' }, 429), json(sent, 202), json(sent, 202)];
    const calls = stack({ '/v1/templates/tpl_1/test': () => answers.shift() ?? json(sent, 202) });
    const { user } = openConsole('/templates/tpl_1');
    const send = await screen.findByRole('button', { name: 'Send a test to yourself' });
    await user.click(send);
    expect(await screen.findByText(/try again in a minute/i)).toBeVisible();
    await user.click(send);
    expect(await screen.findByText(/The test goes to me@x.example/)).toBeVisible();
    await user.click(send);
    await waitFor(() => {
      expect(bodies(calls, '/v1/templates/tpl_1/test')).toHaveLength(3);
    });
    const keys = bodies(calls, '/v1/templates/tpl_1/test').map(
      (body) => (body as { idempotencyKey: string }).idempotencyKey,
    );
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[0]);
  });

  it('shows at its field which value is missing', async () => {
    const problems = [{ field: 'subject', message: '`trigger.orderId` has no value' }];
    stack({ '/v1/templates/preview': () => json(rendered({ subject: null, problems })) });
    openConsole('/templates/tpl_1');
    const subject = await screen.findByRole('textbox', { name: 'Subject' });
    await waitFor(() => {
      expect(subject).toHaveAccessibleDescription(/`trigger.orderId` has no value/);
    });
    // The template is valid; only this preview lacks a value.
    expect(subject).toBeValid();
  });

  it('that cannot be saved shows the problem at its field', async () => {
    const problem = { title: 'Invalid input', detail: 'there is no variable `x`', field: 'body' };
    stack({
      '/v1/templates/preview': () => json(problem, 422),
      '/v1/templates': () => json(problem, 422),
    });
    const { user } = openConsole('/templates/new');
    await user.type(await screen.findByRole('textbox', { name: 'Name' }), 'Offer');
    const body = screen.getByRole('textbox', { name: 'Plain text' });
    await user.type(body, 'Hi {{}{{}x}}');
    await user.click(screen.getByRole('button', { name: 'Create template' }));
    await waitFor(() => {
      expect(body).toHaveFocus();
    });
    expect(body).toHaveAccessibleDescription(/There is no variable `x`/);
    expect(body).toBeInvalid();
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('is created for a channel without a subject', async () => {
    const calls = stack();
    const { user } = openConsole('/templates/new');
    await user.type(await screen.findByRole('textbox', { name: 'Name' }), 'Text');
    await user.type(screen.getByRole('textbox', { name: 'Subject' }), 'lost');
    await user.selectOptions(screen.getByRole('combobox', { name: 'Channel' }), 'SMS');
    expect(screen.queryByRole('textbox', { name: 'Subject' })).toBeNull();
    await user.type(screen.getByRole('textbox', { name: 'Body' }), 'Hi');
    await user.click(screen.getByRole('button', { name: 'Create template' }));
    await waitFor(() => {
      expect(window.location.pathname).toBe('/templates/tpl_1');
    });
    expect(bodies(calls, '/v1/templates')).toEqual([
      { name: 'Text', channel: 'SMS', subject: null, body: 'Hi', html: null },
    ]);
  });

  it('is read-only for a viewer, without a preview', async () => {
    const calls = stack({}, 'VIEWER');
    openConsole('/templates/tpl_1');
    const body = await screen.findByRole('region', { name: 'Template body' });
    expect(body).toHaveTextContent('Hello {{contact.firstName}}');
    await screen.findByText('Viewer');
    expect(screen.queryByRole('button', { name: 'Save' })).toBeNull();
    expect(bodies(calls, '/v1/templates/preview')).toEqual([]);
  });
});
