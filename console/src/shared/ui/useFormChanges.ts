import { useState } from 'react';

/** Whether a form's document differs from the one it began with, or from the last that was saved. */
export function useFormChanges(document: unknown): { isDirty: boolean; markSaved: () => void } {
  const written = JSON.stringify(document);
  const [saved, setSaved] = useState(written);
  return {
    isDirty: written !== saved,
    markSaved: () => {
      setSaved(written);
    },
  };
}
