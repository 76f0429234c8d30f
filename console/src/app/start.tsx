import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createClient } from '../shared/api/client';
import { meQuery } from '../shared/api/queries';
import { loadConfig } from '../shared/auth/config';
import { createSession } from '../shared/auth/session';
import { App, createQueryClient } from './App';
import type { PageModule } from './routes';
import { StartFailure } from './StartFailure';

/** Draws the console. `page` is the page that was opened, which is still loading. */
export function showConsole(element: HTMLElement, page: Promise<PageModule> | undefined): void {
  const root = createRoot(element);
  const config = loadConfig();
  const session = createSession(config);
  const api = createClient(session);
  const queries = createQueryClient();
  config.catch((error: unknown) => {
    root.render(<StartFailure error={error instanceof Error ? error : new Error(String(error))} />);
  });
  if (session.state() === 'signed-in') {
    // The answers come while the page is loading and drawn. What fails is shown where it is missed.
    const calls = page?.then(({ firstCalls }) => firstCalls?.(api, queries, window.location.search));
    void Promise.allSettled([queries.query(meQuery(api)), calls]);
  }
  root.render(
    <StrictMode>
      <App services={{ session, api }} queries={queries} />
    </StrictMode>,
  );
}
