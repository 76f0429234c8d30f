import { createContext, use, useSyncExternalStore } from 'react';
import type { ApiClient } from '../api/client';
import type { Session, SessionState } from './session';

export interface Services {
  api: ApiClient;
  session: Session;
}

export const ServicesContext = createContext<Services | null>(null);

export function useServices(): Services {
  const services = use(ServicesContext);
  if (!services) throw new Error('The component is outside <App>.');
  return services;
}

export function useSessionState(): SessionState {
  const { session } = useServices();
  return useSyncExternalStore(session.subscribe, session.state);
}
