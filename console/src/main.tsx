import '@mantine/core/styles.layer.css';
import './app/theme.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createClient } from './shared/api/client';
import { App, createQueryClient } from './app/App';
import { loadConfig } from './shared/auth/config';
import { createSession } from './shared/auth/session';
import { StartFailure } from './app/StartFailure';

async function start(): Promise<void> {
  const element = document.getElementById('root');
  if (!element) throw new Error('index.html lacks its root element.');
  const root = createRoot(element);
  try {
    const session = createSession(await loadConfig());
    const services = { session, api: createClient(session) };
    root.render(
      <StrictMode>
        <App services={services} queries={createQueryClient()} />
      </StrictMode>,
    );
  } catch (error) {
    root.render(<StartFailure error={error instanceof Error ? error : new Error(String(error))} />);
  }
}

void start();
