/**
 * Every page and its path, one line each. A page's code loads when it is first opened. The first
 * script contains this list, so it imports nothing else.
 */

import type { QueryClient } from '@tanstack/react-query';
import type { ComponentType } from 'react';
import type { ApiClient } from '../shared/api/client';

export interface PageModule {
  default: ComponentType;
  /** Begins the page's first calls, which it makes itself if this is missing. */
  firstCalls?: (api: ApiClient, queries: QueryClient, search: string) => void;
}

export interface PageRoute {
  path: string;
  load: () => Promise<PageModule>;
}

const loadEditor = () => import('../pages/automations/editor/EditorPage');

export const ROUTES: PageRoute[] = [
  { path: '', load: () => import('../pages/overview/OverviewPage') },
  { path: 'account', load: () => import('../pages/account/AccountPage') },
  { path: 'automations', load: () => import('../pages/automations/AutomationsPage') },
  { path: 'automations/new', load: loadEditor },
  { path: 'automations/:automationId/edit', load: loadEditor },
  { path: 'automations/:automationId', load: () => import('../pages/automations/AutomationPage') },
  { path: 'automations/:automationId/timings', load: () => import('../pages/automations/TimingsPage') },
  { path: 'runs', load: () => import('../pages/runs/RunsPage') },
  { path: 'runs/:runId', load: () => import('../pages/runs/RunPage') },
  { path: 'runs/:runId/compare/:otherId', load: () => import('../pages/runs/ComparePage') },
  { path: 'failures', load: () => import('../pages/failures/FailuresPage') },
  { path: 'failures/:groupId', load: () => import('../pages/failures/FailurePage') },
  { path: 'recoveries', load: () => import('../pages/recoveries/RecoveriesPage') },
  { path: 'recoveries/:recoveryId', load: () => import('../pages/recoveries/RecoveryPage') },
  { path: 'delivery-ops', load: () => import('../pages/deliveries/DeliveriesPage') },
  { path: 'delivery-ops/:deliveryId', load: () => import('../pages/deliveries/DeliveryPage') },
  { path: 'refusals', load: () => import('../pages/refusals/RefusalsPage') },
  { path: 'refusals/:refusalId', load: () => import('../pages/refusals/RefusalPage') },
  { path: 'suppressions', load: () => import('../pages/suppressions/SuppressionsPage') },
  { path: 'exports', load: () => import('../pages/exports/ExportsPage') },
  { path: 'contacts', load: () => import('../pages/contacts/ContactsPage') },
  { path: 'contacts/segments', load: () => import('../pages/segments/SegmentsPage') },
  { path: 'contacts/segments/new', load: () => import('../pages/segments/NewSegmentPage') },
  { path: 'contacts/segments/:segmentId', load: () => import('../pages/segments/SegmentPage') },
  { path: 'contacts/import', load: () => import('../pages/imports/ImportPage') },
  { path: 'contacts/new', load: () => import('../pages/contacts/NewContactPage') },
  { path: 'contacts/:contactId', load: () => import('../pages/contacts/ContactPage') },
  { path: 'contacts/:contactId/edit', load: () => import('../pages/contacts/EditContactPage') },
  { path: 'templates', load: () => import('../pages/templates/TemplatesPage') },
  { path: 'templates/new', load: () => import('../pages/templates/NewTemplatePage') },
  { path: 'templates/:templateId', load: () => import('../pages/templates/TemplatePage') },
  { path: 'settings', load: () => import('../pages/settings/SettingsPage') },
];

function matches(path: string, pathname: string): boolean {
  const wanted = path.split('/');
  const parts = pathname.replace(/^\/|\/$/g, '').split('/');
  return (
    wanted.length === parts.length &&
    wanted.every((part, index) => part === parts[index] || (part.startsWith(':') && parts[index] !== ''))
  );
}

/** The page at this path of an address. */
export function routeAt(pathname: string): PageRoute | undefined {
  return ROUTES.find(({ path }) => matches(path, pathname));
}
