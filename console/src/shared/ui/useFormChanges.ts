import { useState } from 'react';

/** Whether a form's document differs from the last saved one, or from its initial one. */
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
