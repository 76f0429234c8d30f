import { t } from '@lingui/core/macro';
import { TabLinks } from '../ui/TabLinks';

const TABS = [
  { key: 'contacts', to: '/contacts', label: t`Contacts` },
  { key: 'segments', to: '/contacts/segments', label: t`Segments` },
  { key: 'import', to: '/contacts/import', label: t`Import` },
];

export function ContactTabs({ current }: { current: 'contacts' | 'segments' | 'import' }) {
  return <TabLinks label={t`Tabs of the contacts page`} tabs={TABS} current={current} />;
}
