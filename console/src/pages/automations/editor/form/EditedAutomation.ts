import { createContext, use } from 'react';
import type { Automation } from '../../types';

/** The automation that the form edits, as it was last saved; null if it never was. */
export const EditedAutomation = createContext<Automation | null>(null);

export function useEditedAutomation(): Automation | null {
  return use(EditedAutomation);
}
