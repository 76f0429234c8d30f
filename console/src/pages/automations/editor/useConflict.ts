import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError } from '../../../shared/api/problem';
import { useServices } from '../../../shared/auth/services';
import { automationQuery } from '../queries';
import type { Automation } from '../types';

interface Conflict {
  /** The draft that another user saved; null without a conflict. */
  theirs: Automation | null;
  /** Called after saving over `revision` was refused: reads the draft that was saved since. */
  look: (refusal: Error, revision: number | null) => Promise<void>;
  close: () => void;
}

/** Finds the other user's draft that prevents saving. */
export function useConflict(automationId: string | null): Conflict {
  const { api } = useServices();
  const queries = useQueryClient();
  const [theirs, setTheirs] = useState<Automation | null>(null);
  return {
    theirs,
    async look(refusal, revision) {
      if (!(refusal instanceof ApiError) || refusal.status !== 409 || automationId === null) return;
      const found = await queries.query({ ...automationQuery(api, automationId), staleTime: 0 });
      if (found.revision !== revision) setTheirs(found);
    },
    close() {
      setTheirs(null);
    },
  };
}
