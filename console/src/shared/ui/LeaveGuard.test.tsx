import { screen, waitFor } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { openConsole, rememberTokens } from '../../test/render';
import { json, ME, serve } from '../../test/server';

const NOBODY = { items: [], nextCursor: null };

/** The form of a new contact, reached from the list. */
async function openForm() {
  serve({ '/v1/me': () => json(ME), '/v1/contacts': () => json(NOBODY) });
  const { user } = openConsole('/contacts');
  await user.click((await screen.findAllByRole('link', { name: 'New contact' }))[0] as Element);
  await screen.findByLabelText('First name');
  return user;
}

async function startContact() {
  const user = await openForm();
  await user.type(screen.getByLabelText('First name'), 'Ada');
  return user;
}

function dialog() {
  return screen.findByRole('dialog', { name: 'Leave without saving?' });
}

describe('unsaved work', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('is asked about before a link leaves the page', async () => {
    const user = await startContact();
    await user.click(screen.getByRole('link', { name: 'Cancel' }));
    expect(await dialog()).toHaveTextContent('Your changes will be lost.');
    await user.click(screen.getByRole('button', { name: 'Stay' }));
    expect(screen.getByLabelText('First name')).toHaveValue('Ada');
    await user.click(screen.getByRole('link', { name: 'Cancel' }));
    await user.click(await screen.findByRole('button', { name: 'Leave' }));
    await screen.findByRole('heading', { name: 'Contacts' });
  });

  it('is asked about before Back leaves the page', async () => {
    const user = await startContact();
    window.history.back();
    await dialog();
    await waitFor(() => {
      expect(window.location.pathname).toBe('/contacts/new');
    });
    await user.click(screen.getByRole('button', { name: 'Stay' }));
    expect(screen.getByLabelText('First name')).toHaveValue('Ada');
    window.history.back();
    await dialog();
    await user.click(screen.getByRole('button', { name: 'Leave' }));
    await screen.findByRole('heading', { name: 'Contacts' });
    expect(window.location.pathname).toBe('/contacts');
  });

  it('is asked about before the user signs out', async () => {
    const user = await startContact();
    await user.click(screen.getByRole('button', { name: 'Sign out' }));
    await dialog();
    await user.click(screen.getByRole('button', { name: 'Stay' }));
    expect(screen.getByLabelText('First name')).toHaveValue('Ada');
    await user.click(screen.getByRole('button', { name: 'Sign out' }));
    await user.click(await screen.findByRole('button', { name: 'Leave' }));
    await screen.findByLabelText('E-mail address');
  });

  it('is the only reason to ask', async () => {
    const user = await openForm();
    await user.click(await screen.findByRole('link', { name: 'Cancel' }));
    await screen.findByRole('heading', { name: 'Contacts' });
  });
});
