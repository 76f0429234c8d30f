import { t } from '@lingui/core/macro';
import {
  IconAddressBook,
  IconAlertTriangle,
  IconFileDownload,
  IconHistory,
  IconLayoutDashboard,
  IconMailForward,
  IconMailOff,
  IconRefresh,
  IconRoute,
  IconSettings,
  IconShieldX,
  IconTemplate,
  type Icon,
} from '@tabler/icons-react';
import { ROUTES } from './routes';

export interface NavigationEntry {
  to: string;
  label: string;
  icon: Icon;
}

export interface NavigationGroup {
  title: string;
  entries: NavigationEntry[];
}

const GROUPS: NavigationGroup[] = [
  {
    title: t`Build`,
    entries: [
      { to: '/automations', label: t`Automations`, icon: IconRoute },
      { to: '/templates', label: t`Templates`, icon: IconTemplate },
      { to: '/contacts', label: t`Contacts`, icon: IconAddressBook },
    ],
  },
  {
    title: t`Operate`,
    entries: [
      { to: '/', label: t`Overview`, icon: IconLayoutDashboard },
      { to: '/runs', label: t`Run history`, icon: IconHistory },
      { to: '/failures', label: t`Failures`, icon: IconAlertTriangle },
      { to: '/recoveries', label: t`Recoveries`, icon: IconRefresh },
      { to: '/delivery-ops', label: t`Delivery ops`, icon: IconMailForward },
      { to: '/refusals', label: t`Refused events`, icon: IconShieldX },
      { to: '/suppressions', label: t`Suppressions`, icon: IconMailOff },
      { to: '/exports', label: t`Exports`, icon: IconFileDownload },
    ],
  },
  {
    title: t`Workspace`,
    entries: [{ to: '/settings', label: t`Settings`, icon: IconSettings }],
  },
];

/** The entries whose page exists: only routes.ts decides that. */
export const NAVIGATION: NavigationGroup[] = GROUPS.map(({ title, entries }) => ({
  title,
  entries: entries.filter(({ to }) => ROUTES.some(({ path }) => `/${path}` === to)),
})).filter(({ entries }) => entries.length > 0);
