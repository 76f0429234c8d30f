import { screen } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import { openConsole, rememberTokens } from '../../test/render';
import { json, ME, serve } from '../../test/server';

beforeEach(() => {
  rememberTokens();
});

it.each(['/contacts/new', '/contacts/segments/new', '/templates/new'])(
  '%s tells who may not use its form before anything is written',
  async (address) => {
    serve({ '/v1/me': () => json({ ...ME, role: 'MEMBER' }) });
    openConsole(address);
    expect(await screen.findByText('This is for the role Admin')).toBeVisible();
    expect(screen.queryByRole('textbox')).toBeNull();
  },
);
