import {
  IconAddressBook,
  IconHistory,
  IconMailForward,
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
    title: 'Build',
    entries: [
      { to: '/automations', label: 'Automations', icon: IconRoute },
      { to: '/templates', label: 'Templates', icon: IconTemplate },
      { to: '/contacts', label: 'Contacts', icon: IconAddressBook },
    ],
  },
  {
    title: 'Operate',
    entries: [
      { to: '/runs', label: 'Run history', icon: IconHistory },
      { to: '/recoveries', label: 'Recoveries', icon: IconRefresh },
      { to: '/delivery-ops', label: 'Deliveries', icon: IconMailForward },
      { to: '/refusals', label: 'Refusals', icon: IconShieldX },
    ],
  },
  {
    title: 'Workspace',
    entries: [{ to: '/settings', label: 'Settings', icon: IconSettings }],
  },
];

/** The entries whose page exists: only routes.ts decides that. */
export const NAVIGATION: NavigationGroup[] = GROUPS.map(({ title, entries }) => ({
  title,
  entries: entries.filter(({ to }) => ROUTES.some(({ path }) => `/${path}` === to)),
})).filter(({ entries }) => entries.length > 0);
