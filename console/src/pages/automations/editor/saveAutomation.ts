/** Saves the draft without overwriting another user's changes. */

import type { ApiClient } from '../../../shared/api/client';
import type { Automation } from '../types';
import { type AutomationDocument, toWire } from './document';

export function saveAutomation(
  api: ApiClient,
  automationId: string | null,
  document: AutomationDocument,
  /** The revision of the saved draft that the document is based on. */
  revision: number | null,
): Promise<Automation> {
  const body = toWire(document);
  if (automationId === null) return api.post('/v1/automations', { body });
  return api.put('/v1/automations/{automation_id}', {
    path: { automation_id: automationId },
    query: { revision },
    body,
  });
}
