import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useAllows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import { capturedEventsQuery, eventRows, lastRefusalsQuery, lastRunsQuery } from './events';

/** The last events of an automation, and the capture that is under way. */
export function useEventRows(automationId: string) {
  const { api } = useServices();
  const mayRead = useAllows('VIEWER');
  const captured = useQuery({ ...capturedEventsQuery(api, automationId), enabled: mayRead });
  const refusals = useQuery({ ...lastRefusalsQuery(api, automationId), enabled: mayRead });
  const runs = useQuery({ ...lastRunsQuery(api, automationId), enabled: mayRead });
  const rows = useMemo(
    () => eventRows(captured.data?.items ?? [], refusals.data ?? [], runs.data ?? []),
    [captured.data, refusals.data, runs.data],
  );
  return {
    rows,
    captured: captured.data,
    isLoading: captured.isPending || refusals.isPending || runs.isPending,
    error: captured.error ?? refusals.error ?? runs.error,
  };
}
