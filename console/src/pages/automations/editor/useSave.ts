import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useServices } from '../../../shared/auth/services';
import { rememberAutomation } from '../queries';
import type { Automation } from '../types';
import { type AutomationDocument, toDocument } from './document';
import { saveAutomation } from './saveAutomation';
import { dropUnsavedWork } from './unsavedWork';
import { useConflict } from './useConflict';

/** The draft as it is saved; null for the revision of one that never was. */
export interface Saved {
  document: AutomationDocument;
  revision: number | null;
}

interface Options {
  /** Null for a new automation. */
  automationId: string | null;
  edited: AutomationDocument;
  firstSaved: Saved;
  /** Where unsaved work is kept in the tab. */
  storageKey: string;
  /** `activates`: whether it was saved to be activated. */
  onSaved: (answer: Automation, activates: boolean) => void;
}

/** Saves the draft, unless somebody else saved theirs since it was read. */
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
    /** Of the last try; the conflict tells its own. */
    error: conflict.theirs ? null : error,
    conflict,
    save(activates: boolean) {
      mutate({ revision: saved.revision, activates });
    },
    /** Over the other draft of the conflict. */
    overwrite(theirs: Automation) {
      mutate({ revision: theirs.revision, activates: false });
    },
    /** Takes the other draft as what is saved. */
    accept(theirs: Automation) {
      setSaved({ document: toDocument(theirs), revision: theirs.revision });
      conflict.close();
      reset();
    },
  };
}
