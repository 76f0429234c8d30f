import { t } from '@lingui/core/macro';
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
import { IgnoredParameters } from '../../shared/lists/IgnoredParameters';
import page from '../../shared/lists/ListPage.module.css';
import { RowLink, RowTable } from '../../shared/lists/RowTable';
import { StatusChips } from '../../shared/lists/StatusChips';
import { ViewsMenu } from '../../shared/lists/ViewsMenu';
import { useListState } from '../../shared/ui/Detail';
import { EmptyState } from '../../shared/ui/EmptyState';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import { formatWord } from '../../shared/ui/format';
import { RelativeTime } from '../../shared/ui/Time';
import { FailureRate, LastRun, RunCount, useActivity } from './AutomationActivity';
import { AUTOMATION_FILTERS, filterAutomations } from './automationFilters';
import { AutomationStatusBadge } from './AutomationStatusBadge';
import { AUTOMATION_STATUSES } from './types';

function AutomationTable({ automations }: { automations: AutomationSummary[] }) {
  const activity = useActivity(automations.map(({ id }) => id));
  return (
    <RowTable
      label={t`Automations, newest first`}
      rows={automations}
      addressOf={({ id }) => `/automations/${id}`}
      columns={[
        {
          title: t`Automation`,
          width: 26,
          line: 1,
          isFlexible: true,
          cell: ({ id, name, hasUnpublishedChanges, version }) => (
            <>
              <RowLink to={`/automations/${id}`}>{name}</RowLink>
              {hasUnpublishedChanges && version !== null && (
                <span className={page.note}>{t`Unpublished changes`}</span>
              )}
            </>
          ),
        },
        {
          title: t`Status`,
          width: 12,
          line: 1,
          cell: ({ status }) => <AutomationStatusBadge status={status} />,
        },
        {
          title: t`Version`,
          width: 9,
          cell: ({ version }) => (version === null ? null : `v${version}`),
        },
        {
          title: t`Trigger`,
          width: 11,
          line: 2,
          cell: ({ triggerType }) => (triggerType === null ? null : formatWord(triggerType)),
        },
        {
          title: t`Last run`,
          line: 2,
          cell: ({ id }, now) => <LastRun activity={activity.get(id)} now={now} />,
        },
        { title: t`Runs, 7 days`, width: 10, cell: ({ id }) => <RunCount activity={activity.get(id)} /> },
        {
          title: t`Failed, 7 days`,
          width: 10,
          cell: ({ id }) => <FailureRate activity={activity.get(id)} />,
        },
        {
          title: t`Next scheduled`,
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
      <EmptyState title={t`No automations yet`}>
        <p>
          {t`An automation is a graph of nodes. Its trigger opens a run for each event, and the run goes through the graph.`}
        </p>
        {mayEdit ? (
          <Button component={Link} to="/automations/new">
            {t`Create an automation`}
          </Button>
        ) : (
          <p>{t`An admin of the workspace can create automations.`}</p>
        )}
      </EmptyState>
    );
  }
  return (
    <EmptyState title={t`No matching automations`}>
      <p>{t`Change the search or the status.`}</p>
      <Button variant="default" onClick={onClear}>
        {t`Clear filters`}
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
      <title>{t`Automations · Runledger`}</title>
      <div className={page.titleRow}>
        <h1>{t`Automations`}</h1>
        <div className={page.titleActions}>
          <ViewsMenu
            list="AUTOMATIONS"
            plural={t`automations`}
            state={AUTOMATION_FILTERS}
            filter={{
              status: filters.status === null ? [] : [filters.status],
              search: filters.search.trim(),
            }}
          />
          {mayEdit && (
            <Button
              component={Link}
              to="/automations/new"
              state={listState}
              leftSection={<IconPlus size={16} aria-hidden />}
            >
              {t`New automation`}
            </Button>
          )}
        </div>
      </div>
      <IgnoredParameters states={[AUTOMATION_FILTERS]} />
      <FilterBar
        label={t`Filter automations`}
        chips={
          <StatusChips
            label={t`Status`}
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
          label={t`Search`}
          placeholder={t`Name or id`}
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
        <div role="status" aria-label={t`Loading automations`} className={page.loading}>
          {Array.from({ length: 6 }, (_, row) => (
            <Skeleton key={row} height={44} />
          ))}
        </div>
      )}
      {data && (
        <section aria-label={t`Results`} className={page.results}>
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
