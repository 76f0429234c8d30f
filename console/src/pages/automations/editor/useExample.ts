import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useServices } from '../../../shared/auth/services';
import { capturedEventsQuery, eventQuery, triggerBody } from '../events';
import { madeUp } from '../madeUp';
import { partOf } from '../pickedPart';
import { intakeOf } from '../sources';
import type { Automation } from '../types';
import type { AutomationDocument } from './document';

/**
 * Makes the trigger's example from the event of this key. `onExample` gets the trigger's id and its
 * new config.
 */
export function useExample(
  key: string | null,
  automation: Automation | null,
  edited: AutomationDocument,
  onExample: (nodeId: string, config: Record<string, unknown>) => void,
): void {
  const { api } = useServices();
  const isAsked = key !== null && automation !== null;
  const { data: captured } = useQuery({
    ...capturedEventsQuery(api, automation?.id ?? ''),
    enabled: isAsked && key.startsWith('captured:'),
  });
  const { data } = useQuery({
    ...eventQuery(api, key ?? '', captured),
    enabled: isAsked && (captured !== undefined || !key.startsWith('captured:')),
  });
  // Applied once: the address still names the event until the next page is rendered.
  const applied = useRef<string | null>(null);
  useEffect(() => {
    if (applied.current === key) return;
    const trigger = edited.nodes.find(({ type }) => type === 'TRIGGER');
    if (!isAsked || !data || !trigger) return;
    applied.current = key;
    const part = partOf(data.document, 'RUN', intakeOf(trigger.config) ?? {});
    onExample(trigger.id, { ...trigger.config, sampleEvent: madeUp(triggerBody(part.value)) });
  });
}
