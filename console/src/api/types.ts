/** The wire shapes the console reads, by the words of the product. schema.ts is generated. */

import type { components } from './schema';

type Schemas = components['schemas'];

export type AutomationSummary = Schemas['AutomationSummaryView'];
export type ContactReference = Schemas['RunContactView'];
export type ErrorDetail = Schemas['ErrorView'];
export type Me = Schemas['MeView'];
export type Role = Schemas['MeView']['role'];
export type Run = Schemas['RunView'];
export type RunDetail = Schemas['RunDetailView'];
export type RunStatus = Schemas['RunStatus'];
export type Step = Schemas['StepView'];
export type StepStatus = Schemas['StepStatus'];

/** From least to most allowed; each may do what those before it may. */
export const ROLES = ['VIEWER', 'MEMBER', 'ADMIN', 'OWNER'] as const satisfies Role[];

/** Of a list's rows, how many have each status; `isComplete` is false where counting ended early. */
export interface Counts {
  counts: Record<string, number>;
  total: number;
  isComplete: boolean;
}

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
