import { render, type RenderResult } from '@testing-library/react';
import userEvent, { type UserEvent } from '@testing-library/user-event';
import { App, createQueryClient } from '../app/App';
import { createClient } from '../shared/api/client';
import type { Config } from '../shared/auth/config';
import { createSession, type Session } from '../shared/auth/session';

export const CONFIG: Config = {
  region: 'eu-central-1',
  userPoolClientId: 'client',
  cognitoEndpoint: '/cognito',
};

export function rememberTokens(expiresInMs = 3_600_000): void {
  sessionStorage.setItem(
    'runledger.tokens',
    JSON.stringify({
      accessToken: 'access',
      refreshToken: 'refresh',
      expiresAt: Date.now() + expiresInMs,
    }),
  );
}

/** Renders the whole console at an address, on the server that `serve` installed. */
export function openConsole(
  address: string,
): { user: UserEvent; session: Session; view: RenderResult } {
  window.history.replaceState(null, '', address);
  const session = createSession(CONFIG);
  const queries = createQueryClient();
  queries.setDefaultOptions({ queries: { networkMode: 'always', retry: false } });
  const view = render(<App services={{ session, api: createClient(session) }} queries={queries} />);
  return { user: userEvent.setup(), session, view };
}
