import { t } from '@lingui/core/macro';
import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ComponentType } from 'react';
import { defineAddress, useAddressState, useAddressWith } from '../../shared/address/addressState';
import { choice } from '../../shared/address/parameters';
import { meQuery } from '../../shared/api/queries';
import type { Role } from '../../shared/api/types';
import { allows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import detail from '../../shared/ui/Detail.module.css';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import { TabLinks } from '../../shared/ui/TabLinks';
import { MembersTab } from './MembersTab';
import { SecretsTab } from './SecretsTab';
import { WorkspaceTab } from './WorkspaceTab';

const KEYS = ['workspace', 'members', 'secrets'] as const;
const SETTINGS = defineAddress({ tab: choice(KEYS) });

interface SettingsTab {
  key: (typeof KEYS)[number];
  label: string;
  /** The role that is needed to see the tab. */
  needed: Role;
  content: ComponentType;
}

const TABS: SettingsTab[] = [
  { key: 'workspace', label: t`Workspace`, needed: 'OWNER', content: WorkspaceTab },
  { key: 'members', label: t`Members`, needed: 'OWNER', content: MembersTab },
  { key: 'secrets', label: t`Secrets`, needed: 'VIEWER', content: SecretsTab },
];

export default function SettingsPage() {
  const { api } = useServices();
  const [{ tab: asked }] = useAddressState(SETTINGS);
  const addressWith = useAddressWith(SETTINGS);
  const { data: me, error, refetch } = useQuery(meQuery(api));
  const role = me?.role;
  const tabs = role === undefined || role === null ? [] : TABS.filter(({ needed }) => allows(role, needed));
  const current = tabs.find(({ key }) => key === asked) ?? tabs[0];
  const Content = current?.content;
  return (
    <div className={detail.page}>
      <title>{t`${current ? `${current.label} · ` : ''}Settings · Runledger`}</title>
      <h1>{t`Settings`}</h1>
      {!me && error && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {!me && !error && (
        <div role="status" aria-label={t`Loading the settings`}>
          <Skeleton height={240} />
        </div>
      )}
      {current && (
        <TabLinks
          label={t`Settings`}
          current={current.key}
          tabs={tabs.map(({ key, label }) => ({ key, label, to: addressWith({ tab: key }) }))}
        />
      )}
      {Content && <Content />}
    </div>
  );
}
