import { TabLinks } from '../ui/TabLinks';

const TABS = [
  { key: 'contacts', to: '/contacts', label: 'Contacts' },
  { key: 'segments', to: '/contacts/segments', label: 'Segments' },
];

export function ContactTabs({ current }: { current: 'contacts' | 'segments' }) {
  return <TabLinks label="Contact views" tabs={TABS} current={current} />;
}
