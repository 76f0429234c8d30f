/** The wire types of automations, by their product names. */

import { t } from '@lingui/core/macro';
import type { components } from '../../shared/api/schema';
import { formatDollars, formatWord } from '../../shared/ui/format';

type Schemas = components['schemas'];

export type Automation = Schemas['AutomationView'];
export type Activation = Schemas['ActivationView'];
export type AutomationStatus = Schemas['AutomationStatus'];
export type Fire = Schemas['FireView'];
export type Opened = Schemas['OpenedView'];
export type PreviewDocument = Schemas['PreviewDocument'];
export type Problem = Schemas['Problem'];
export type Reentry = Schemas['Reentry'];
export type Release = Schemas['ReleaseView'];
export type RotationDocument = Schemas['RotationDocument'];
export type RunDocument = Schemas['RunDocument'];
export type SampleAnswer = Schemas['SampleAnswerView'];
export type Version = Schemas['VersionView'];
export type VersionSummary = Schemas['VersionSummaryView'];
export type Webhook = Schemas['WebhookView'];

/** In the order in which an automation passes through them. */
export const AUTOMATION_STATUSES = [
  'DRAFT',
  'ACTIVE',
  'PAUSED',
  'ARCHIVED',
] as const satisfies AutomationStatus[];

export const REENTRIES = ['ALWAYS', 'ONCE', 'ONE_AT_A_TIME'] as const satisfies Reentry[];

export const REENTRY_LABELS: Record<Reentry, string> = {
  ALWAYS: t`Always: every event opens a run`,
  ONCE: t`Once: one run per contact`,
  ONE_AT_A_TIME: t`One at a time: one open run per contact`,
};

type Machine = Pick<NonNullable<Automation['machine']>, 'type' | 'reason' | 'dollarsPerMillionRuns'>;

/** The kind of state machine and why it was chosen. The reason usually starts with the kind. */
export function machineText({ type, reason }: Pick<Machine, 'type' | 'reason'>): string {
  const kind = formatWord(type);
  return reason.startsWith(kind) ? reason : `${kind}: ${reason}`;
}

/** The list price of AWS for a million runs; messages themselves are billed apart. */
export function priceText({ dollarsPerMillionRuns }: Machine): string {
  return t`About ${formatDollars(dollarsPerMillionRuns)} per million runs, not counting e-mails, SMS and storage.`;
}
