import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useEffect } from 'react';
import { BrowserRouter } from 'react-router';
import { isTransient } from '../api/problem';
import { SignIn } from '../auth/SignIn';
import { ServicesContext, type Services, useServices, useSessionState } from './context';
import { Pages } from './Pages';
import { theme } from './theme';

const MAX_RETRIES = 2;

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // An offline browser is told so by its failing request, not kept waiting in silence.
        networkMode: 'always',
        retry: (failures, error) => failures < MAX_RETRIES && isTransient(error),
      },
    },
  });
}

/** Signing in happens in place: the URL stays, so an ended session returns to where it was. */
function Gate({ queries }: { queries: QueryClient }) {
  const { session } = useServices();
  const state = useSessionState();
  useEffect(
    () =>
      session.subscribe(() => {
        // What one person has seen is not for the next one in the same tab.
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
            <Gate queries={queries} />
          </BrowserRouter>
        </QueryClientProvider>
      </ServicesContext>
    </MantineProvider>
  );
}
