/** The wire types that the console reads, by their product names. schema.ts is generated. */

import type { components } from './schema';

type Schemas = components['schemas'];

export type AutomationActivity = Schemas['AutomationActivityView'];
export type AutomationSummary = Schemas['AutomationSummaryView'];
export type Contact = Schemas['ContactView'];
export type ConsentChange = Schemas['ConsentChangeView'];
export type ConsentChannel = Schemas['ConsentChannel'];
export type ConsentPurpose = Schemas['ConsentPurpose'];
export type Consents = Schemas['Consents'];
export type ContactDocument = Schemas['ContactDocument'];
export type ContactReplacement = Schemas['ContactReplacement'];
export type ContactReference = Schemas['RunContactView'];
/** How a request names a contact. */
export type NamedContact = Pick<
  Schemas['RunDocument'],
  'contactId' | 'email' | 'phone' | 'externalId'
>;
export type Delivery = Schemas['DeliveryRowView'];
export type DeliveryDetail = Schemas['DeliveryDetailView'];
export type DeliveryStatus = Schemas['DeliveryStatus'];
/** How many rows of a list have each status; `isComplete` is false if there are more. */
export type Counts = Omit<Schemas['CountsView'], 'freshness'>;
export type CancelOutcome = Schemas['BulkCancelView'];
export type SkipOutcome = Schemas['BulkSkipView'];
export type Export = Schemas['ExportView'];
export type ExportedList = Schemas['ListName'];
export type ContactImport = Schemas['ImportView'];
export type ImportColumn = Schemas['ImportColumnView'];
export type ImportFormat = Schemas['ImportFormat'];
export type ImportStart = Schemas['ImportStartDocument'];
export type ImportMapping = Schemas['ImportMappingView'];
export type RowOutcome = Schemas['RowOutcome'];
export type ExportFormat = Schemas['ExportFormat'];
export type ErrorDetail = Schemas['ErrorView'];
export type Erasure = Schemas['ErasureView'];
export type FilterDocument = Schemas['FilterDocument'];
export type FailureGroup = Schemas['FailureGroupView'];
export type Overview = Schemas['OverviewView'];
export type Gate = Schemas['GateView'];
export type CapturedEvent = Schemas['CapturedEventView'];
export type CapturedEvents = Schemas['CapturedEventsView'];
/** An event as it was received. */
export type KeptEvent = Schemas['KeptEventView'];
export type Me = Schemas['MeView'];
export type Member = Schemas['MemberView'];
export type Invitation = Schemas['InvitationView'];
export type InvitationDocument = Schemas['InvitationDocument'];
export type OwnInvitation = Schemas['OwnInvitationView'];
export type SentInvitation = Schemas['SentInvitationView'];
export type Workspace = Schemas['WorkspaceView'];
export type Preview = Schemas['PreviewView'];
export type ProviderReport = Schemas['ReportView'];
export type Refusal = Schemas['RefusalView'];
export type RefusalDetail = Schemas['RefusalDetailView'];
export type RefusalReason = Schemas['RefusalReason'];
export type Replayed = Schemas['ReplayView'];
export type Comparison = Schemas['ComparisonView'];
export type EffectChoice = Schemas['EffectChoice'];
export type Recovery = Schemas['RecoveryView'];
export type RecoveryDocument = Schemas['RecoveryDocument'];
export type RecoveryItem = Schemas['RecoveryItemView'];
export type RecoveryStatus = Schemas['RecoveryStatus'];
export type RerunDocument = Schemas['RerunDocument'];
export type RerunNode = Schemas['RerunNodeView'];
export type RerunPreview = Schemas['RerunPreviewView'];
export type Resent = Schemas['ResentView'];
export type TestSent = Schemas['TestSendView'];
export type Role = Schemas['MemberView']['role'];
export type Run = Schemas['RunView'];
export type RunDetail = Schemas['RunDetailView'];
export type RunHealth = Schemas['RunHealth'];
export type RunStatus = Schemas['RunStatus'];
export type SecretName = Schemas['SecretNameView'];
export type SavedView = Schemas['SavedViewView'];
export type SavedViewDocument = Schemas['SavedViewDocument'];
export type SavedViewReplacement = Schemas['SavedViewReplacement'];
export type ViewFilter = Schemas['ViewFilter'];
export type ViewList = Schemas['ViewList'];
export type Segment = Schemas['SegmentView'];
export type SegmentDocument = Schemas['SegmentDocument'];
export type SegmentReplacement = Schemas['SegmentReplacement'];
export type SegmentPreview = Schemas['SegmentPreviewView'];
export type SegmentRule = Schemas['SegmentRule'];
export type Settings = Schemas['SettingsView'];
export type SettingsDocument = Schemas['SettingsDocument'];
export type SourcePreset = Schemas['SourcePresetView'];
export type Stats = Schemas['StatsView'];
export type Step = Schemas['StepView'];
export type StepStatus = Schemas['StepStatus'];
export type Suppression = Schemas['SuppressionView'];
export type BounceKind = Schemas['BounceKind'];
export type SuppressionReason = Schemas['SuppressionReason'];
export type Template = Schemas['TemplateView'];
export type TemplateDocument = Schemas['TemplateDocument'];
export type TemplateReplacement = Schemas['TemplateReplacement'];
export type TriggerType = Schemas['TriggerType'];
export type TimelineItem = Schemas['TimelineItemView'];
export type Try = Schemas['TryView'];

/** From the lowest to the highest role; each includes the ones before. */
export const ROLES = ['VIEWER', 'MEMBER', 'ADMIN', 'OWNER'] as const satisfies Role[];

export interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}

/** In the order in which a run passes through them. */
export const RUN_STATUSES = [
  'PENDING',
  'RUNNING',
  'COMPLETED',
  'FAILED',
  'CANCELED',
] as const satisfies RunStatus[];

export const RUN_HEALTHS = [
  'QUEUED',
  'HELD',
  'SCHEDULED',
  'RUNNING',
  'WAITING',
  'RETRYING',
  'OVERDUE',
] as const satisfies RunHealth[];

export const TRIGGER_TYPES = [
  'WEBHOOK',
  'DATE',
  'MANUAL',
  'UPSTREAM',
] as const satisfies TriggerType[];

/** In the order in which a message passes through them; final ones last. */
export const DELIVERY_STATUSES = [
  'QUEUED',
  'PROCESSING',
  'RETRYING',
  'SENT',
  'DELIVERED',
  'FAILED',
  'DEAD_LETTERED',
  'SUPPRESSED',
] as const satisfies DeliveryStatus[];

export const REFUSAL_REASONS = [
  'DUPLICATE',
  'NO_CONTACT',
  'BAD_SIGNATURE',
  'INACTIVE',
  'INVALID_PAYLOAD',
  'REENTRY_BLOCKED',
  'RATE_LIMITED',
  'CHAIN_TOO_DEEP',
  'KEY_REUSED',
] as const satisfies RefusalReason[];

export const SUPPRESSION_REASONS = ['BOUNCE', 'COMPLAINT', 'MANUAL'] as const satisfies SuppressionReason[];

/** The most lasting first. */
export const BOUNCE_KINDS = [
  'PERMANENT',
  'BLOCKED',
  'MESSAGE_REFUSED',
  'MAILBOX_FULL',
  'TEMPORARY',
  'UNDETERMINED',
] as const satisfies BounceKind[];

export const CHANNELS = ['EMAIL', 'SMS', 'WHATSAPP'] as const;
export type Channel = (typeof CHANNELS)[number];
