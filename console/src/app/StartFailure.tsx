import { t } from '@lingui/core/macro';
import { MantineProvider } from '@mantine/core';
import { ErrorNotice } from '../shared/ui/ErrorNotice';
import { theme } from './theme';

/** Shown if the console could not load its configuration, so that nobody can sign in. */
export function StartFailure({ error }: { error: Error }) {
  return (
    <MantineProvider theme={theme} withCssVariables={false} withGlobalClasses={false}>
      <main style={{ padding: '1rem', maxWidth: '40rem', marginInline: 'auto' }}>
        <h1>{t`The console could not start`}</h1>
        <ErrorNotice
          error={error}
          onRetry={() => {
            window.location.reload();
          }}
        />
      </main>
    </MantineProvider>
  );
}
