/** The pages and actions of the palette. */

import { t } from '@lingui/core/macro';
import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import {
  IconArrowsExchange,
  IconDownload,
  IconKeyboard,
  IconLogout,
  IconMoon,
  IconPlus,
  IconSun,
  IconUser,
  IconUserSearch,
  type Icon,
} from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { meQuery } from '../../shared/api/queries';
import { allows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import { RUN_FILTERS } from '../../shared/subjects/runs';
import { leavePage } from '../../shared/ui/leavePage';
import { NAVIGATION } from '../navigation';
import type { Opened } from './Keyboard';

export interface PaletteItem {
  /** Names the option; the same item has the same key in every list. */
  key: string;
  title: string;
  subtitle?: string | undefined;
  kind?: string | undefined;
  icon?: Icon | undefined;
  run: () => void;
}

export interface PaletteGroup {
  title: string;
  items: PaletteItem[];
}

/** Whether every typed word begins a word of the text. */
export function matches(text: string, asked: string): boolean {
  const words = text.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  return asked
    .toLowerCase()
    .split(/\s+/)
    .filter((part) => part !== '')
    .every((part) => words.some((word) => word.startsWith(part)));
}

/** Pages of their own, besides those of the navigation. */
const CREATE = [
  { to: '/automations/new', title: t`New automation` },
  { to: '/contacts/new', title: t`New contact` },
  { to: '/contacts/segments/new', title: t`New segment` },
  { to: '/templates/new', title: t`New template` },
] as const;

export function usePages(): PaletteItem[] {
  const navigate = useNavigate();
  const pages = NAVIGATION.flatMap(({ entries }) => entries);
  return [...pages, { to: '/account', label: t`Your account`, icon: IconUser }].map(
    ({ to, label, icon }) => ({
      key: `page ${to}`,
      title: label,
      icon,
      run: () => void navigate(to),
    }),
  );
}

export function useActions(onOpen: (opened: Opened) => void): PaletteItem[] {
  const { api, session } = useServices();
  const { data: me } = useQuery(meQuery(api));
  const queries = useQueryClient();
  const navigate = useNavigate();
  const scheme = useComputedColorScheme('light');
  const { setColorScheme } = useMantineColorScheme();
  const other = scheme === 'light' ? 'dark' : 'light';
  const role = me?.role ?? null;
  const created = allows(role, 'ADMIN')
    ? CREATE.map(({ to, title }) => ({
        key: `create ${to}`,
        title,
        icon: IconPlus,
        run: () => void navigate(to),
      }))
    : [];
  const exported = allows(role, 'MEMBER')
    ? [
        {
          key: 'export',
          title: t`Export runs…`,
          icon: IconDownload,
          run: () => {
            onOpen('export');
          },
        },
      ]
    : [];
  const workspaces = (me?.workspaces ?? []).filter(({ id }) => id !== me?.workspaceId);
  return [
    ...created,
    ...exported,
    {
      key: 'theme',
      title: t`Switch to ${other} theme`,
      icon: scheme === 'light' ? IconMoon : IconSun,
      run: () => {
        setColorScheme(other);
      },
    },
    {
      key: 'shortcuts',
      title: t`Keyboard shortcuts`,
      icon: IconKeyboard,
      run: () => {
        onOpen('shortcuts');
      },
    },
    ...workspaces.map(({ id, name }) => ({
      key: `workspace ${id}`,
      title: t`Switch to workspace ${name}`,
      icon: IconArrowsExchange,
      run: () => {
        leavePage(() => {
          session.chooseWorkspace(id);
          void navigate('/');
          void queries.resetQueries();
        });
      },
    })),
    {
      key: 'sign-out',
      title: t`Sign out`,
      icon: IconLogout,
      run: () => {
        leavePage(() => {
          session.signOut();
        });
      },
    },
  ];
}

/** Lists that take the typed text as a filter. */
export function useFilteredLists(asked: string): PaletteItem[] {
  const navigate = useNavigate();
  const contact = asked.trim();
  // An e-mail address, a phone number, an id or an external id.
  if (!/@|^\+\d|^con_|^[a-z][\w-]*:/.test(contact)) return [];
  return [
    {
      key: 'runs of contact',
      title: t`Runs of the contact ${contact}`,
      icon: IconUserSearch,
      run: () => void navigate(RUN_FILTERS.address('/runs', { contact, range: '30d' })),
    },
  ];
}
