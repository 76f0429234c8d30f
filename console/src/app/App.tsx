import { MantineProvider } from '@mantine/core';
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useEffect } from 'react';
import { isTransient, retryAfterMs } from '../shared/api/problem';
import { CurrentQueryClient } from '../shared/api/queryClient';
import { ServicesContext, type Services, useServices, useSessionState } from '../shared/auth/services';
import '../shared/ui/interceptHistory';
import { lazyComponent } from '../shared/ui/lazyComponent';
import { PageBoundary } from './PageBoundary';
import { theme } from './theme';

// Loaded apart, as a visit needs only one of them.
const { Component: Pages } = lazyComponent(() => import('./Pages'));
const { Component: SignIn } = lazyComponent(() => import('./SignIn'));

const MAX_RETRIES = 2;
const FIRST_DELAY_MS = 1_000;
/** The longest silent wait before a retry. For longer ones the notice says when to try again. */
const MAX_DELAY_MS = 4_000;

export function createQueryClient(): QueryClient {
  return new CurrentQueryClient({
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
  return (
    <PageBoundary pageKey={state}>
      {state === 'signed-in' ? <Pages /> : <SignIn />}
    </PageBoundary>
  );
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
          <SignedIn queries={queries} />
        </QueryClientProvider>
      </ServicesContext>
    </MantineProvider>
  );
}
