/** The wire shapes the console reads. Times are ISO 8601 UTC, durations milliseconds. */

export const RUN_STATUSES = ['PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELED'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export type StepStatus = 'RUNNING' | 'WAITING' | 'COMPLETED' | 'FAILED' | 'CANCELED' | 'SKIPPED';
export type TriggerType = 'MANUAL' | 'WEBHOOK' | 'DATE' | 'UPSTREAM';
export type Role = 'VIEWER' | 'MEMBER' | 'ADMIN' | 'OWNER';
export type JsonObject = Record<string, unknown>;

export interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}

export interface ErrorDetail {
  nodeId: string | null;
  kind: string;
  message: string;
  cause: string | null;
}

export interface ContactReference {
  id: string;
  email: string | null;
  phone: string | null;
}

export interface Run {
  id: string;
  status: RunStatus;
  /** More about an open run, such as `waiting until …`. */
  health: string | null;
  automationId: string;
  automationName: string;
  version: number;
  trigger: { type: TriggerType } & JsonObject;
  contact: ContactReference | null;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  durationMs: number | null;
  error: ErrorDetail | null;
  canceled: { by: string; reason: string; at: string } | null;
}

export interface Step {
  nodeId: string;
  type: string;
  status: StepStatus;
  order: number;
  startedAt: string;
  finishedAt: string | null;
  durationMs: number | null;
  outcome: string | null;
  reason?: string | null;
  waitUntil?: string | null;
  output: JsonObject;
  evidence: JsonObject | null;
  request: JsonObject | null;
  response: JsonObject | null;
  error: ErrorDetail | null;
  deliveryIds: string[];
}

export interface RunDetail extends Run {
  payload: unknown;
  steps: Step[];
}

export interface AutomationSummary {
  id: string;
  name: string;
}

export interface Me {
  email: string;
  workspaces: { id: string; name: string; role: Role }[];
  workspaceId: string;
  role: Role;
}
