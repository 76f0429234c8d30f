import { screen } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import { openConsole, rememberTokens } from '../../test/render';
import { json, ME, serve } from '../../test/server';

beforeEach(() => {
  rememberTokens();
});

it.each(['/contacts/new', '/contacts/segments/new', '/templates/new'])(
  '%s says before anything is written that its form needs a higher role',
  async (address) => {
    serve({ '/v1/me': () => json({ ...ME, role: 'MEMBER' }) });
    openConsole(address);
    expect(await screen.findByText('You need the Admin role')).toBeVisible();
    expect(screen.queryByRole('textbox')).toBeNull();
  },
);
