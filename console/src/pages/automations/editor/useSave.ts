import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useServices } from '../../../shared/auth/services';
import { rememberAutomation } from '../queries';
import type { Automation } from '../types';
import { type AutomationDocument, toDocument } from './document';
import { saveAutomation } from './saveAutomation';
import { dropUnsavedWork } from './unsavedWork';
import { useConflict } from './useConflict';

/** The saved draft; its revision is null if it was never saved. */
export interface Saved {
  document: AutomationDocument;
  revision: number | null;
}

interface Options {
  /** Null for a new automation. */
  automationId: string | null;
  edited: AutomationDocument;
  firstSaved: Saved;
  /** The storage key of unsaved work in the tab. */
  storageKey: string;
  /** `activates`: whether to activate it after saving. */
  onSaved: (answer: Automation, activates: boolean) => void;
}

/** Saves the draft, unless another user saved it since it was read. */
export function useSave({ automationId, edited, firstSaved, storageKey, onSaved }: Options) {
  const { api } = useServices();
  const queries = useQueryClient();
  const [saved, setSaved] = useState(firstSaved);
  const conflict = useConflict(automationId);
  const { mutate, error, isPending, reset } = useMutation({
    networkMode: 'always',
    mutationFn: ({ revision }: { revision: number | null; activates: boolean }) =>
      saveAutomation(api, automationId, edited, revision),
    onSuccess: (answer, { activates }) => {
      conflict.close();
      setSaved({ document: toDocument(answer), revision: answer.revision });
      dropUnsavedWork(storageKey);
      rememberAutomation(queries, answer);
      onSaved(answer, activates);
    },
    onError: (refusal) => conflict.look(refusal, saved.revision),
  });
  return {
    saved,
    isSaving: isPending,
    /** The last error, except a conflict. */
    error: conflict.theirs ? null : error,
    conflict,
    save(activates: boolean) {
      mutate({ revision: saved.revision, activates });
    },
    /** Saves over the other draft of the conflict. */
    overwrite(theirs: Automation) {
      mutate({ revision: theirs.revision, activates: false });
    },
    /** Continues with the other draft. */
    accept(theirs: Automation) {
      setSaved({ document: toDocument(theirs), revision: theirs.revision });
      conflict.close();
      reset();
    },
  };
}
