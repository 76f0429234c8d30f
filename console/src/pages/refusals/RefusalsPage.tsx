import { t } from '@lingui/core/macro';
import { useQuery } from '@tanstack/react-query';
import { type Refusal, REFUSAL_REASONS } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { AutomationPicker } from '../../shared/lists/AutomationPicker';
import { countsQuery } from '../../shared/lists/counts';
import { ExportButton } from '../../shared/lists/ExportButton';
import { FilterBar } from '../../shared/lists/FilterBar';
import { useFilters } from '../../shared/lists/filters';
import { IgnoredParameters } from '../../shared/lists/IgnoredParameters';
import { ListResults, NothingFound } from '../../shared/lists/ListPage';
import page from '../../shared/lists/ListPage.module.css';
import { PeriodPicker } from '../../shared/lists/PeriodPicker';
import { StatusChips } from '../../shared/lists/StatusChips';
import { ContactFilter } from '../../shared/lists/TextFilter';
import { useLiveList } from '../../shared/lists/useLiveList';
import { ViewsMenu } from '../../shared/lists/ViewsMenu';
import { REFUSAL_FILTERS } from '../../shared/subjects/refusals';
import { Notice } from '../../shared/ui/ErrorNotice';
import { fetchRefusals } from './queries';
import { REASON_TEXTS } from './reasonTexts';
import { RefusalTable } from './RefusalTable';

export default function RefusalsPage() {
  const { api } = useServices();
  const [filters, change] = useFilters(REFUSAL_FILTERS);
  const counted = REFUSAL_FILTERS.toQuery({ ...filters, reason: null });
  const { data: counts } = useQuery(
    countsQuery(['refusals', counted], (signal) =>
      api.get('/v1/refusals/counts', { query: counted, signal }),
    ),
  );
  const list = useLiveList<Refusal>({
    queryKey: ['refusals', filters],
    fetchPage: (cursor, signal) => fetchRefusals(api, filters, cursor, signal),
    isOpen: () => false,
  });
  return (
    <div className={page.page}>
      <title>{t`Refused events · Runledger`}</title>
      <div className={page.titleRow}>
        <h1>{t`Refused events`}</h1>
        <div className={page.titleActions}>
          <ViewsMenu
            list="REFUSALS"
            plural={t`refused events`}
            state={REFUSAL_FILTERS}
            filter={REFUSAL_FILTERS.toQuery(filters)}
          />
          <ExportButton
            list="REFUSALS"
            plural={t`refused events`}
            filter={REFUSAL_FILTERS.toQuery(filters)}
            total={undefined}
          />
        </div>
      </div>
      <p className={page.muted}>
        {t`Triggers that fired but opened no run, with the reason.`}
      </p>
      <IgnoredParameters states={[REFUSAL_FILTERS]} />
      <FilterBar
        label={t`Filter refusals`}
        chips={
          <StatusChips
            label={t`Reason`}
            options={REFUSAL_REASONS}
            value={filters.reason}
            counts={counts}
            onChange={(reason) => {
              change({ reason });
            }}
          />
        }
      >
        <AutomationPicker
          value={filters.automationId}
          onChange={(automationId) => {
            change({ automationId });
          }}
        />
        <ContactFilter
          value={filters.contact}
          onChange={(contact) => {
            change({ contact });
          }}
        />
        <PeriodPicker label={t`First seen`} period={filters} onChange={change} />
      </FilterBar>
      {filters.reason !== null && (
        <Notice title={REASON_TEXTS[filters.reason].meaning}>
          <p>{REASON_TEXTS[filters.reason].advice}</p>
        </Notice>
      )}
      <ListResults
        noun={t`refused event`}
        plural={t`refused events`}
        period={filters}
        list={list}
        empty={
          <NothingFound
            plural={t`refused events`}
            hint={t`All good: every trigger that fired opened a run.`}
            period={filters}
            isNarrowed={REFUSAL_FILTERS.isNarrowed(filters)}
            onClear={() => {
              const { range, from, to } = filters;
              change({ ...REFUSAL_FILTERS.none, range, from, to });
            }}
            onChange={change}
          />
        }
      >
        {(refusals) => <RefusalTable refusals={refusals} />}
      </ListResults>
    </div>
  );
}
