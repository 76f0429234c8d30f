import { Button, Skeleton, TextInput } from '@mantine/core';
import { IconPlus, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { useAddressState } from '../../shared/address/addressState';
import { automationsQuery } from '../../shared/api/queries';
import type { AutomationSummary } from '../../shared/api/types';
import { useAllows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import { FilterBar } from '../../shared/lists/FilterBar';
import page from '../../shared/lists/ListPage.module.css';
import { RowLink, RowTable } from '../../shared/lists/RowTable';
import { StatusChips } from '../../shared/lists/StatusChips';
import { useListState } from '../../shared/ui/Detail';
import { EmptyState } from '../../shared/ui/EmptyState';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import { formatWord } from '../../shared/ui/format';
import { RelativeTime } from '../../shared/ui/Time';
import { FailureRate, LastRun, RunCount } from './AutomationActivity';
import { AUTOMATION_FILTERS, filterAutomations } from './automationFilters';
import { AutomationStatusBadge } from './AutomationStatusBadge';
import { AUTOMATION_STATUSES } from './types';

function AutomationTable({ automations }: { automations: AutomationSummary[] }) {
  return (
    <RowTable
      label="Automations, newest first"
      rows={automations}
      addressOf={({ id }) => `/automations/${id}`}
      columns={[
        {
          title: 'Automation',
          width: 26,
          isWide: true,
          cell: ({ id, name, hasUnpublishedChanges, version }) => (
            <>
              <RowLink to={`/automations/${id}`}>{name}</RowLink>
              {hasUnpublishedChanges && version !== null && (
                <span className={page.note}>Unpublished changes</span>
              )}
            </>
          ),
        },
        {
          title: 'Status',
          width: 12,
          cell: ({ status }) => <AutomationStatusBadge status={status} />,
        },
        {
          title: 'Version',
          width: 9,
          cell: ({ version }) => (version === null ? null : `v${version}`),
        },
        {
          title: 'Trigger',
          width: 11,
          cell: ({ triggerType }) => (triggerType === null ? null : formatWord(triggerType)),
        },
        { title: 'Last run', cell: ({ id }, now) => <LastRun automationId={id} now={now} /> },
        { title: 'Runs, 7 days', width: 10, cell: ({ id }) => <RunCount automationId={id} /> },
        { title: 'Failed, 7 days', width: 10, cell: ({ id }) => <FailureRate automationId={id} /> },
        {
          title: 'Next scheduled',
          width: 11,
          cell: ({ nextFireAt }, now) =>
            nextFireAt === null ? null : <RelativeTime time={nextFireAt} now={now} />,
        },
      ]}
    />
  );
}

function Nothing({ isEmpty, onClear }: { isEmpty: boolean; onClear: () => void }) {
  const mayEdit = useAllows('ADMIN');
  if (isEmpty) {
    return (
      <EmptyState title="No automations yet">
        <p>
          An automation is a graph of nodes. Its trigger opens a run for each event, and the run
          goes through the graph.
        </p>
        {mayEdit ? (
          <Button component={Link} to="/automations/new">
            Create an automation
          </Button>
        ) : (
          <p>An admin of the workspace can create automations.</p>
        )}
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No matching automations">
      <p>Change the search or the status.</p>
      <Button variant="default" onClick={onClear}>
        Clear filters
      </Button>
    </EmptyState>
  );
}

export default function AutomationsPage() {
  const { api } = useServices();
  const mayEdit = useAllows('ADMIN');
  const [filters, change] = useAddressState(AUTOMATION_FILTERS);
  const listState = useListState();
  const { data, error, refetch } = useQuery(automationsQuery(api));
  const found = filterAutomations(data ?? [], filters);

  return (
    <div className={page.page}>
      <title>Automations · Runledger</title>
      <div className={page.titleRow}>
        <h1>Automations</h1>
        {mayEdit && (
          <Button
            component={Link}
            to="/automations/new"
            state={listState}
            leftSection={<IconPlus size={16} aria-hidden />}
          >
            New automation
          </Button>
        )}
      </div>
      <FilterBar
        label="Filter automations"
        chips={
          <StatusChips
            label="Status"
            options={AUTOMATION_STATUSES}
            value={filters.status}
            counts={data && { counts: found.counts, total: found.total, isComplete: true }}
            onChange={(status) => {
              change({ status }, 'push');
            }}
          />
        }
      >
        <TextInput
          label="Search"
          placeholder="Name or id"
          type="search"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={filters.search}
          onChange={(event) => {
            change({ search: event.currentTarget.value }, 'replace');
          }}
        />
      </FilterBar>
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {!data && !error && (
        <div role="status" aria-label="Loading automations" className={page.loading}>
          {Array.from({ length: 6 }, (_, row) => (
            <Skeleton key={row} height={44} />
          ))}
        </div>
      )}
      {data && (
        <section aria-label="Results" className={page.results}>
          {found.automations.length > 0 ? (
            <AutomationTable automations={found.automations} />
          ) : (
            <Nothing
              isEmpty={data.length === 0}
              onClear={() => {
                change(AUTOMATION_FILTERS.none, 'push');
              }}
            />
          )}
        </section>
      )}
    </div>
  );
}
