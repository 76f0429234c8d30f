import type { Segment } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { ClippedText } from '../../shared/lists/ClippedText';
import { EditableListPage } from '../../shared/lists/EditableListPage';
import { type Column, RowLink } from '../../shared/lists/RowTable';
import { timeColumn } from '../../shared/lists/timeColumn';
import { ContactTabs } from '../../shared/subjects/ContactTabs';
import { EmptyState } from '../../shared/ui/EmptyState';
import { fetchSegments } from './queries';
import { ruleText } from './rules';

const PATH = '/contacts/segments';

/** `has the tag vip and gave marketing consent`. */
function rulesText(segment: Segment): string {
  return segment.rules.map(ruleText).join(segment.match === 'ANY' ? ' or ' : ' and ');
}

const COLUMNS: Column<Segment>[] = [
  {
    title: 'Name',
    width: 28,
    isWide: true,
    cell: ({ id, name }) => <RowLink to={`${PATH}/${id}`}>{name}</RowLink>,
  },
  { title: 'Rules', isWide: true, cell: (segment) => <ClippedText text={rulesText(segment)} /> },
  timeColumn('Last changed', 13, ({ updatedAt }) => updatedAt),
];

export default function SegmentsPage() {
  const { api } = useServices();
  return (
    <EditableListPage<Segment>
      noun="segment"
      plural="segments"
      path={PATH}
      queryKey={['segments']}
      fetchPage={(cursor, signal) => fetchSegments(api, cursor, signal)}
      columns={COLUMNS}
      empty={(create) => (
        <EmptyState title="No segments yet">
          <p>A segment selects contacts by rules. Automations can send messages to it.</p>
          {create}
        </EmptyState>
      )}
    >
      <ContactTabs current="segments" />
    </EditableListPage>
  );
}
