import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useEffect } from 'react';
import { BrowserRouter } from 'react-router';
import { isTransient, retryAfterMs } from '../shared/api/problem';
import { ServicesContext, type Services, useServices, useSessionState } from '../shared/auth/services';
import '../shared/ui/interceptHistory';
import { Pages } from './Pages';
import { SignIn } from './SignIn';
import { theme } from './theme';

const MAX_RETRIES = 2;
const FIRST_DELAY_MS = 1_000;
/** The longest silent wait before a retry. For longer ones the notice says when to try again. */
const MAX_DELAY_MS = 4_000;

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // Offline, a request fails with an error instead of waiting silently.
        networkMode: 'always',
        retry: (failures, error) =>
          failures < MAX_RETRIES && isTransient(error) && retryAfterMs(error) <= MAX_DELAY_MS,
        retryDelay: (failures, error) =>
          Math.max(FIRST_DELAY_MS * 2 ** failures, retryAfterMs(error)),
      },
    },
  });
}

/** The sign-in form keeps the URL, so that after an ended session the user returns to the page. */
function SignedIn({ queries }: { queries: QueryClient }) {
  const { session } = useServices();
  const state = useSessionState();
  useEffect(
    () =>
      session.subscribe(() => {
        // The next person who signs in on this tab must not see the last one's data.
        if (session.state() !== 'signed-in') queries.clear();
      }),
    [session, queries],
  );
  return state === 'signed-in' ? <Pages /> : <SignIn />;
}

export function App({ services, queries }: { services: Services; queries: QueryClient }) {
  return (
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <ServicesContext value={services}>
        <QueryClientProvider client={queries}>
          <BrowserRouter>
            <SignedIn queries={queries} />
          </BrowserRouter>
        </QueryClientProvider>
      </ServicesContext>
    </MantineProvider>
  );
}
