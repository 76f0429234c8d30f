import { IconHistory, type Icon } from '@tabler/icons-react';

export interface NavigationGroup {
  title: string;
  entries: { to: string; label: string; icon: Icon }[];
}

export const NAVIGATION: NavigationGroup[] = [
  { title: 'Operate', entries: [{ to: '/runs', label: 'Run history', icon: IconHistory }] },
];
