import type { Template } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { ClippedText } from '../../shared/lists/ClippedText';
import { EditableListPage } from '../../shared/lists/EditableListPage';
import { type Column, RowLink } from '../../shared/lists/RowTable';
import { timeColumn } from '../../shared/lists/timeColumn';
import { EmptyState } from '../../shared/ui/EmptyState';
import { formatWord } from '../../shared/ui/format';
import { fetchTemplates } from './queries';

const COLUMNS: Column<Template>[] = [
  {
    title: 'Name',
    width: 26,
    isWide: true,
    cell: ({ id, name }) => <RowLink to={`/templates/${id}`}>{name}</RowLink>,
  },
  { title: 'Channel', width: 12, cell: ({ channel }) => formatWord(channel) },
  {
    title: 'Text',
    isWide: true,
    cell: ({ subject, body }) => <ClippedText text={subject ?? body.slice(0, 120)} />,
  },
  timeColumn('Last changed', 13, ({ updatedAt }) => updatedAt),
];

export default function TemplatesPage() {
  const { api } = useServices();
  return (
    <EditableListPage<Template>
      noun="template"
      plural="templates"
      path="/templates"
      queryKey={['templates']}
      fetchPage={(cursor, signal) => fetchTemplates(api, cursor, signal)}
      columns={COLUMNS}
      empty={(create) => (
        <EmptyState title="No templates yet">
          <p>A template is the text of a message that automations send.</p>
          {create}
        </EmptyState>
      )}
    />
  );
}
