/** Saving the draft, without overwriting somebody else's. */

import type { ApiClient } from '../../api/client';
import type { Automation } from '../types';
import { type AutomationDocument, toWire } from './document';

export function saveAutomation(
  api: ApiClient,
  automationId: string | null,
  document: AutomationDocument,
  /** The saved draft's that the document was made from. */
  revision: number | null,
): Promise<Automation> {
  if (automationId === null) return api.send('POST', '/v1/automations', toWire(document));
  const path = `/v1/automations/${encodeURIComponent(automationId)}`;
  return api.send('PUT', revision === null ? path : `${path}?revision=${revision}`, toWire(document));
}
