/** Every page and its path, one line each. A page's code loads when it is first opened. */

import { type ComponentType, lazy } from 'react';

export interface PageRoute {
  path: string;
  page: ComponentType;
}

const EditorPage = lazy(() => import('../pages/automations/editor/EditorPage'));

export const ROUTES: PageRoute[] = [
  { path: 'account', page: lazy(() => import('../pages/account/AccountPage')) },
  { path: 'automations', page: lazy(() => import('../pages/automations/AutomationsPage')) },
  { path: 'automations/new', page: EditorPage },
  { path: 'automations/:automationId/edit', page: EditorPage },
  { path: 'automations/:automationId', page: lazy(() => import('../pages/automations/AutomationPage')) },
  { path: 'runs', page: lazy(() => import('../pages/runs/RunsPage')) },
  { path: 'runs/:runId', page: lazy(() => import('../pages/runs/RunPage')) },
  { path: 'runs/:runId/compare/:otherId', page: lazy(() => import('../pages/runs/ComparePage')) },
  { path: 'recoveries', page: lazy(() => import('../pages/recoveries/RecoveriesPage')) },
  { path: 'recoveries/:recoveryId', page: lazy(() => import('../pages/recoveries/RecoveryPage')) },
  { path: 'delivery-ops', page: lazy(() => import('../pages/deliveries/DeliveriesPage')) },
  { path: 'delivery-ops/:deliveryId', page: lazy(() => import('../pages/deliveries/DeliveryPage')) },
  { path: 'refusals', page: lazy(() => import('../pages/refusals/RefusalsPage')) },
  { path: 'refusals/:refusalId', page: lazy(() => import('../pages/refusals/RefusalPage')) },
  { path: 'contacts', page: lazy(() => import('../pages/contacts/ContactsPage')) },
  { path: 'contacts/segments', page: lazy(() => import('../pages/segments/SegmentsPage')) },
  { path: 'contacts/segments/new', page: lazy(() => import('../pages/segments/NewSegmentPage')) },
  { path: 'contacts/segments/:segmentId', page: lazy(() => import('../pages/segments/SegmentPage')) },
  { path: 'contacts/new', page: lazy(() => import('../pages/contacts/NewContactPage')) },
  { path: 'contacts/:contactId', page: lazy(() => import('../pages/contacts/ContactPage')) },
  { path: 'contacts/:contactId/edit', page: lazy(() => import('../pages/contacts/EditContactPage')) },
  { path: 'templates', page: lazy(() => import('../pages/templates/TemplatesPage')) },
  { path: 'templates/new', page: lazy(() => import('../pages/templates/NewTemplatePage')) },
  { path: 'templates/:templateId', page: lazy(() => import('../pages/templates/TemplatePage')) },
  { path: 'settings', page: lazy(() => import('../pages/settings/SettingsPage')) },
];
