import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { automationsQuery } from '../../shared/api/queries';
import { useServices } from '../../shared/auth/services';
import type { Picks } from './editor/schema';
import { segmentChoicesQuery, templateChoicesQuery } from './queries';

/** The names of templates, segments and automations by their ids; only those that are asked for. */
export function usePickNames(picks: ReadonlySet<Picks>): ReadonlyMap<string, string> {
  const { api } = useServices();
  const templates = useQuery({ ...templateChoicesQuery(api), enabled: picks.has('TEMPLATE') }).data;
  const segments = useQuery({ ...segmentChoicesQuery(api), enabled: picks.has('SEGMENT') }).data;
  const automations = useQuery({ ...automationsQuery(api), enabled: picks.has('AUTOMATION') }).data;
  return useMemo(
    () =>
      new Map(
        [templates, segments, automations].flatMap((found) =>
          (found ?? []).map(({ id, name }): [string, string] => [id, name]),
        ),
      ),
    [templates, segments, automations],
  );
}
