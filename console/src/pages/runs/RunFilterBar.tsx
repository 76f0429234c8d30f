import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type Counts, type FailureGroup, RUN_STATUSES } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { AutomationPicker } from '../../shared/lists/AutomationPicker';
import { FilterBar } from '../../shared/lists/FilterBar';
import listFilters from '../../shared/lists/Filters.module.css';
import { periodQuery } from '../../shared/lists/filters';
import { LinkedFilter } from '../../shared/lists/LinkedFilter';
import { PeriodPicker } from '../../shared/lists/PeriodPicker';
import { StatusChips } from '../../shared/lists/StatusChips';
import { ContactFilter } from '../../shared/lists/TextFilter';
import type { RunFilters } from '../../shared/subjects/runs';
import { formatCount } from '../../shared/ui/format';
import { failureGroupsQuery } from './queries';

interface Props {
  filters: RunFilters;
  onChange: (changes: Partial<RunFilters>) => void;
}

function groupName({ count, automationName, nodeId, title }: FailureGroup): string {
  const where = [automationName, nodeId].filter((part) => part !== null).join(', ');
  return `${formatCount(count)} × ${where}: ${title}`;
}

/** Filters failed runs by their error group; hidden if failures are not grouped. */
function ErrorGroupPicker({ filters, onChange }: Props) {
  const { api } = useServices();
  const { automationId, errorGroup } = filters;
  const asked = { automationId, ...periodQuery(filters) };
  const { data: groups } = useQuery(failureGroupsQuery(api, asked));
  const options = (groups?.items ?? []).map((group) => ({
    value: group.id,
    label: groupName(group),
  }));
  if (options.length === 0 && errorGroup === null) return null;
  if (errorGroup !== null && !options.some(({ value }) => value === errorGroup)) {
    options.push({ value: errorGroup, label: errorGroup });
  }
  return (
    <Select
      label="Error"
      placeholder="All errors"
      data={options}
      value={errorGroup}
      searchable
      clearable
      // Mantine hides this button from screen readers, but the keyboard can reach it.
      clearButtonProps={{ 'aria-label': 'Show all errors', 'aria-hidden': false, tabIndex: 0 }}
      nothingFoundMessage="No matching error"
      comboboxProps={{ width: 'max-content', position: 'bottom-start' }}
      onChange={(chosen) => {
        onChange({ errorGroup: chosen });
      }}
    />
  );
}

/** The filters that links of a run or a recovery set. */
function RerunFilters({ filters, onChange }: Props) {
  const { rerunOf, recoveryId } = filters;
  if (rerunOf === null && recoveryId === null) return null;
  return (
    <div className={listFilters.chips}>
      {rerunOf !== null && (
        <LinkedFilter
          name={`Reruns of ${rerunOf}`}
          onRemove={() => {
            onChange({ rerunOf: null });
          }}
        />
      )}
      {recoveryId !== null && (
        <LinkedFilter
          name={`Recovery ${recoveryId}`}
          onRemove={() => {
            onChange({ recoveryId: null });
          }}
        />
      )}
    </div>
  );
}

export function RunFilterBar({ filters, counts, onChange }: Props & { counts: Counts | undefined }) {
  return (
    <FilterBar
      label="Filter runs"
      chips={
        <>
          <StatusChips
            label="Status"
            options={RUN_STATUSES}
            value={filters.status}
            counts={counts}
            onChange={(status) => {
              onChange({ status });
            }}
          />
          <RerunFilters filters={filters} onChange={onChange} />
        </>
      }
    >
      <AutomationPicker
        value={filters.automationId}
        onChange={(automationId) => {
          // An error group belongs to one automation.
          onChange({ automationId, errorGroup: null });
        }}
      />
      <ContactFilter
        value={filters.contact}
        onChange={(contact) => {
          onChange({ contact });
        }}
      />
      <ErrorGroupPicker filters={filters} onChange={onChange} />
      <PeriodPicker label="Created" period={filters} onChange={onChange} />
    </FilterBar>
  );
}
