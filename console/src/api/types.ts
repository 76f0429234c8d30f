/** The wire shapes the console reads, by the words of the product. schema.ts is generated. */

import type { components } from './schema';

type Schemas = components['schemas'];

export type AutomationSummary = Schemas['AutomationSummaryView'];
export type ContactReference = Schemas['RunContactView'];
export type ErrorDetail = Schemas['ErrorView'];
export type Me = Schemas['MeView'];
export type Run = Schemas['RunView'];
export type RunDetail = Schemas['RunDetailView'];
export type RunStatus = Schemas['RunStatus'];
export type Step = Schemas['StepView'];
export type StepStatus = Schemas['StepStatus'];

export interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}

/** In the order a run goes through them. */
export const RUN_STATUSES = [
  'PENDING',
  'RUNNING',
  'COMPLETED',
  'FAILED',
  'CANCELED',
] as const satisfies RunStatus[];
