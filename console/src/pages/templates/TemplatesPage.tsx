import { t } from '@lingui/core/macro';
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
    title: t`Name`,
    width: 26,
    line: 1,
    isFlexible: true,
    cell: ({ id, name }) => <RowLink to={`/templates/${id}`}>{name}</RowLink>,
  },
  { title: t`Channel`, width: 12, line: 2, cell: ({ channel }) => formatWord(channel) },
  {
    title: t`Text`,
    line: 2,
    isFlexible: true,
    cell: ({ subject, body }) => <ClippedText text={subject ?? body?.slice(0, 120) ?? ''} />,
  },
  timeColumn(t`Last changed`, 13, ({ updatedAt }) => updatedAt, 1),
];

export default function TemplatesPage() {
  const { api } = useServices();
  return (
    <EditableListPage<Template>
      noun={t`template`}
      plural={t`templates`}
      path="/templates"
      queryKey={['templates']}
      fetchPage={(cursor, signal) => fetchTemplates(api, cursor, signal)}
      columns={COLUMNS}
      empty={(create) => (
        <EmptyState title={t`No templates yet`}>
          <p>{t`A template is the text of a message that automations send.`}</p>
          {create}
        </EmptyState>
      )}
    />
  );
}
