import { t } from '@lingui/core/macro';
import type { Segment } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { ClippedText } from '../../shared/lists/ClippedText';
import { EditableListPage } from '../../shared/lists/EditableListPage';
import { type Column, RowLink } from '../../shared/lists/RowTable';
import { timeColumn } from '../../shared/lists/timeColumn';
import { ContactTabs } from '../../shared/subjects/ContactTabs';
import { EmptyState } from '../../shared/ui/EmptyState';
import { formatList } from '../../shared/ui/formatList';
import { fetchSegments } from './queries';
import { ruleText } from './rules';

const PATH = '/contacts/segments';

/** `has the tag vip and gave marketing consent`. */
function rulesText(segment: Segment): string {
  const joint = segment.match === 'ANY' ? 'disjunction' : 'conjunction';
  return formatList(segment.rules.map(ruleText), joint);
}

const COLUMNS: Column<Segment>[] = [
  {
    title: t`Name`,
    width: 28,
    line: 1,
    isFlexible: true,
    cell: ({ id, name }) => <RowLink to={`${PATH}/${id}`}>{name}</RowLink>,
  },
  {
    title: t`Rules`,
    line: 2,
    isFlexible: true,
    cell: (segment) => <ClippedText text={rulesText(segment)} />,
  },
  timeColumn(t`Last changed`, 13, ({ updatedAt }) => updatedAt, 1),
];

export default function SegmentsPage() {
  const { api } = useServices();
  return (
    <EditableListPage<Segment>
      noun={t`segment`}
      plural={t`segments`}
      path={PATH}
      queryKey={['segments']}
      fetchPage={(cursor, signal) => fetchSegments(api, cursor, signal)}
      columns={COLUMNS}
      empty={(create) => (
        <EmptyState title={t`No segments yet`}>
          <p>{t`A segment selects contacts by rules. Automations can send messages to it.`}</p>
          {create}
        </EmptyState>
      )}
    >
      <ContactTabs current="segments" />
    </EditableListPage>
  );
}
