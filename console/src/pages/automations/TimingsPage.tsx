import { t } from '@lingui/core/macro';
import { NativeSelect, SegmentedControl, Skeleton } from '@mantine/core';
import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import { defineAddress, useAddressState } from '../../shared/address/addressState';
import { choice, choiceOr, text } from '../../shared/address/parameters';
import type { ApiClient } from '../../shared/api/client';
import type { Stats } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { nodeTitle, useNodeTypes } from '../../shared/graph/useNodeTypes';
import { RANGES } from '../../shared/lists/filters';
import { AUTOMATION_PAGE } from '../../shared/subjects/automations';
import { RUN_FILTERS } from '../../shared/subjects/runs';
import { BackLink } from '../../shared/ui/Detail';
import detail from '../../shared/ui/Detail.module.css';
import { EmptyState } from '../../shared/ui/EmptyState';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import { formatCount, formatDuration, formatRate } from '../../shared/ui/format';
import { automationQuery, versionsQuery } from './queries';
import { ScrollableTable } from './ScrollableTable';
import classes from './Timings.module.css';

const TIMINGS = defineAddress({
  range: choiceOr(RANGES, '7d'),
  version: text(),
  order: choice(['slowest']),
});
type Timings = typeof TIMINGS.none;
type NodeTiming = Stats['nodes'][number];

const ORDERS = [
  { value: 'graph', label: t`In graph order` },
  { value: 'slowest', label: t`Slowest first` },
];
const COLUMNS = [t`Node`, t`Median`, '95%', t`Slowest`, t`Failed`, t`Measured`];

function timingsQuery(api: ApiClient, automationId: string, { range, version }: Timings) {
  const number = Number(version);
  const query = {
    automationId,
    range,
    version: Number.isInteger(number) && number > 0 ? number : null,
  };
  return queryOptions({
    queryKey: ['timings', query],
    queryFn: ({ signal }) => api.get('/v1/stats', { query, signal }),
    placeholderData: keepPreviousData,
  });
}

interface RowProps {
  automationId: string;
  node: NodeTiming;
  title: string;
  /** The largest 95% of all nodes, which has the longest bar. */
  longest: number;
}

function Row({ automationId, node, title, longest }: RowProps) {
  const { nodeId, sampled, p50Ms, p95Ms, maxMs, failed } = node;
  const share = longest === 0 ? 0 : p95Ms / longest;
  return (
    <tr>
      <th scope="row">
        <Link to={AUTOMATION_PAGE.address(`/automations/${automationId}`, { node: nodeId })}>
          {nodeId}
        </Link>
        <span className={classes.type}>{title}</span>
      </th>
      <td className={classes.number}>{formatDuration(p50Ms)}</td>
      <td className={classes.number}>
        {formatDuration(p95Ms)}
        <span className={classes.track} aria-hidden>
          <span className={classes.bar} style={{ width: `${share * 100}%` }} />
        </span>
      </td>
      <td className={classes.number}>{formatDuration(maxMs)}</td>
      <td className={classes.number}>
        {formatRate(failed / sampled)}
        {failed > 0 && <span className={classes.type}>{t`${formatCount(failed)} failed`}</span>}
      </td>
      <td className={classes.number}>{formatCount(sampled)}</td>
    </tr>
  );
}

interface TableProps {
  automationId: string;
  stats: Stats;
  filters: Timings;
}

function Nodes({ automationId, stats, filters }: TableProps) {
  const nodeTypes = useNodeTypes();
  const { nodes } = stats;
  if (nodes.length === 0) {
    return (
      <EmptyState title={t`No finished runs in this period`}>
        <p>{t`Choose a longer period or another version.`}</p>
        <p>
          <Link to={RUN_FILTERS.address('/runs', { automationId })}>{t`See the runs`}</Link>
        </p>
      </EmptyState>
    );
  }
  const longest = Math.max(...nodes.map(({ p95Ms }) => p95Ms));
  const shown =
    filters.order === 'slowest' ? nodes.toSorted((one, other) => other.p95Ms - one.p95Ms) : nodes;
  return (
    <ScrollableTable label={t`Node timings`} columns={COLUMNS}>
      {shown.map((node) => (
        <Row
          key={node.nodeId}
          automationId={automationId}
          node={node}
          title={nodeTitle(nodeTypes, node.type)}
          longest={longest}
        />
      ))}
    </ScrollableTable>
  );
}

/** How long each node of an automation takes, and how often it fails. */
export default function TimingsPage() {
  const { automationId = '' } = useParams();
  const { api } = useServices();
  const [filters, change] = useAddressState(TIMINGS);
  const automation = useQuery(automationQuery(api, automationId));
  const versions = useQuery(versionsQuery(api, automationId));
  const { data: stats, error, refetch } = useQuery(timingsQuery(api, automationId, filters));
  const name = automation.data?.name ?? t`Automation`;
  const numbers = (versions.data ?? []).map(({ version }) => version);
  return (
    <article className={detail.page}>
      <title>{t`Node timings · ${name} · Runledger`}</title>
      <BackLink to={`/automations/${automationId}`} isThing>
        {name}
      </BackLink>
      <h1>{t`Node timings`}</h1>
      <p className={detail.muted}>
        {t`Measured in the newest finished runs of the period, with at most 1,000 steps in all. The time of a Wait node includes the waiting.`}
      </p>
      <div className={classes.fields} role="search" aria-label={t`Filter timings`}>
        <NativeSelect
          label={t`Version`}
          data={[
            { value: '', label: t`All versions` },
            ...numbers.map((number) => ({ value: String(number), label: t`Version ${number}` })),
          ]}
          value={filters.version ?? ''}
          onChange={(event) => {
            const { value } = event.currentTarget;
            change({ version: value === '' ? null : value }, 'push');
          }}
        />
        <NativeSelect
          label={t`Order`}
          data={ORDERS}
          value={filters.order ?? 'graph'}
          onChange={(event) => {
            change({ order: event.currentTarget.value === 'slowest' ? 'slowest' : null }, 'push');
          }}
        />
        <div>
          <p className={classes.label} id="timings-period">
            {t`Created`}
          </p>
          <SegmentedControl
            aria-labelledby="timings-period"
            className={classes.range}
            data={[...RANGES]}
            value={filters.range}
            onChange={(range) => {
              change({ range: RANGES.find((one) => one === range) ?? '7d' }, 'push');
            }}
          />
        </div>
      </div>
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {!stats && !error && (
        <div role="status" aria-label={t`Loading the node timings`}>
          <Skeleton height={240} />
        </div>
      )}
      {stats && <Nodes automationId={automationId} stats={stats} filters={filters} />}
    </article>
  );
}
