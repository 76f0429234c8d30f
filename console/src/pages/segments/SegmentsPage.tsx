import { Button } from '@mantine/core';
import { Link } from 'react-router';
import type { Segment } from '../../shared/api/types';
import { useAllows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import { Clipped } from '../../shared/lists/Clipped';
import { ListResults } from '../../shared/lists/ListPage';
import page from '../../shared/lists/ListPage.module.css';
import { type Column, RowLink, RowTable } from '../../shared/lists/RowTable';
import { useLiveList } from '../../shared/lists/useLiveList';
import { ContactTabs } from '../../shared/subjects/ContactTabs';
import { EmptyState } from '../../shared/ui/EmptyState';
import { RelativeTime } from '../../shared/ui/Time';
import { fetchSegments } from './queries';
import { ruleWords } from './rules';

function addressOf({ id }: { id: string }): string {
  return `/contacts/segments/${id}`;
}

/** `has the tag vip and gave marketing consent`. */
function inWords(segment: Segment): string {
  return segment.rules.map(ruleWords).join(segment.match === 'ANY' ? ' or ' : ' and ');
}

const COLUMNS: Column<Segment>[] = [
  {
    title: 'Name',
    width: 28,
    isWide: true,
    cell: (segment) => <RowLink to={addressOf(segment)}>{segment.name}</RowLink>,
  },
  { title: 'Whoever', isWide: true, cell: (segment) => <Clipped text={inWords(segment)} /> },
  {
    title: 'Changed',
    width: 13,
    cell: ({ updatedAt }, now) => (
      <span className={page.nowrap}>
        <RelativeTime time={updatedAt} now={now} />
      </span>
    ),
  },
];

function NewSegment() {
  return (
    <Button component={Link} to="/contacts/segments/new">
      New segment
    </Button>
  );
}

export default function SegmentsPage() {
  const { api } = useServices();
  const mayEdit = useAllows('ADMIN');
  const list = useLiveList<Segment>({
    queryKey: ['segments'],
    fetchPage: (cursor, signal) => fetchSegments(api, cursor, signal),
    keyOf: ({ createdAt, id }) => `${createdAt} ${id}`,
    isOpen: () => false,
  });
  return (
    <div className={page.page}>
      <title>Segments · Runledger</title>
      <div className={page.titleRow}>
        <h1>Segments</h1>
        {mayEdit && <NewSegment />}
      </div>
      <ContactTabs current="segments" />
      <ListResults
        noun="segment"
        plural="segments"
        list={list}
        empty={
          <EmptyState title="There are no segments yet">
            <p>A segment says by rules who gets a mailing. A node that sends one names it.</p>
            {mayEdit && <NewSegment />}
          </EmptyState>
        }
      >
        {(segments) => (
          <RowTable
            label="Segments, newest first"
            columns={COLUMNS}
            rows={segments}
            addressOf={addressOf}
          />
        )}
      </ListResults>
    </div>
  );
}
