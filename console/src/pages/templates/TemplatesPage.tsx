import { Button } from '@mantine/core';
import { Link } from 'react-router';
import type { Template } from '../../shared/api/types';
import { useAllows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import { Clipped } from '../../shared/lists/Clipped';
import { ListResults } from '../../shared/lists/ListPage';
import page from '../../shared/lists/ListPage.module.css';
import { type Column, RowLink, RowTable } from '../../shared/lists/RowTable';
import { useLiveList } from '../../shared/lists/useLiveList';
import { EmptyState } from '../../shared/ui/EmptyState';
import { formatWord } from '../../shared/ui/format';
import { RelativeTime } from '../../shared/ui/Time';
import { fetchTemplates } from './queries';

function addressOf({ id }: { id: string }): string {
  return `/templates/${id}`;
}

const COLUMNS: Column<Template>[] = [
  {
    title: 'Name',
    width: 26,
    isWide: true,
    cell: (template) => <RowLink to={addressOf(template)}>{template.name}</RowLink>,
  },
  { title: 'Channel', width: 12, cell: ({ channel }) => formatWord(channel) },
  {
    title: 'Begins with',
    isWide: true,
    cell: ({ subject, body }) => <Clipped text={subject ?? body.slice(0, 120)} />,
  },
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

function NewTemplate() {
  return (
    <Button component={Link} to="/templates/new">
      New template
    </Button>
  );
}

export default function TemplatesPage() {
  const { api } = useServices();
  const mayEdit = useAllows('ADMIN');
  const list = useLiveList<Template>({
    queryKey: ['templates'],
    fetchPage: (cursor, signal) => fetchTemplates(api, cursor, signal),
    keyOf: ({ createdAt, id }) => `${createdAt} ${id}`,
    isOpen: () => false,
  });
  return (
    <div className={page.page}>
      <title>Templates · Runledger</title>
      <div className={page.titleRow}>
        <h1>Templates</h1>
        {mayEdit && <NewTemplate />}
      </div>
      <ListResults
        noun="template"
        plural="templates"
        list={list}
        empty={
          <EmptyState title="There are no templates yet">
            <p>A template is the text of a message. A node that sends one names it.</p>
            {mayEdit && <NewTemplate />}
          </EmptyState>
        }
      >
        {(templates) => (
          <RowTable
            label="Templates, newest first"
            columns={COLUMNS}
            rows={templates}
            addressOf={addressOf}
          />
        )}
      </ListResults>
    </div>
  );
}
