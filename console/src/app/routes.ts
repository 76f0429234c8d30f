/** Every page and its address, one line each. A page's code is loaded when it is first opened. */

import { type ComponentType, lazy } from 'react';

export interface PageRoute {
  path: string;
  page: ComponentType;
}

const EditorPage = lazy(() => import('../automations/editor/EditorPage'));

export const ROUTES: PageRoute[] = [
  { path: 'account', page: lazy(() => import('../account/AccountPage')) },
  { path: 'automations', page: lazy(() => import('../automations/AutomationsPage')) },
  { path: 'automations/new', page: EditorPage },
  { path: 'automations/:automationId/edit', page: EditorPage },
  { path: 'automations/:automationId', page: lazy(() => import('../automations/AutomationPage')) },
  { path: 'runs', page: lazy(() => import('../runs/RunsPage')) },
  { path: 'runs/:runId', page: lazy(() => import('../runs/RunPage')) },
  { path: 'delivery-ops', page: lazy(() => import('../deliveries/DeliveriesPage')) },
  { path: 'delivery-ops/:deliveryId', page: lazy(() => import('../deliveries/DeliveryPage')) },
  { path: 'refusals', page: lazy(() => import('../refusals/RefusalsPage')) },
  { path: 'refusals/:refusalId', page: lazy(() => import('../refusals/RefusalPage')) },
  { path: 'contacts', page: lazy(() => import('../contacts/ContactsPage')) },
  { path: 'contacts/segments', page: lazy(() => import('../segments/SegmentsPage')) },
  { path: 'contacts/segments/new', page: lazy(() => import('../segments/NewSegmentPage')) },
  { path: 'contacts/segments/:segmentId', page: lazy(() => import('../segments/SegmentPage')) },
  { path: 'contacts/new', page: lazy(() => import('../contacts/NewContactPage')) },
  { path: 'contacts/:contactId', page: lazy(() => import('../contacts/ContactPage')) },
  { path: 'contacts/:contactId/edit', page: lazy(() => import('../contacts/EditContactPage')) },
  { path: 'templates', page: lazy(() => import('../templates/TemplatesPage')) },
  { path: 'templates/new', page: lazy(() => import('../templates/NewTemplatePage')) },
  { path: 'templates/:templateId', page: lazy(() => import('../templates/TemplatePage')) },
  { path: 'settings', page: lazy(() => import('../settings/SettingsPage')) },
];
