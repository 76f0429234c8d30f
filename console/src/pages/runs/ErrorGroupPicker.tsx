import { t } from '@lingui/core/macro';
import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { FailureGroup } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { failureGroupQuery, formatAtLeast } from '../../shared/subjects/failures';
import type { RunFilters } from '../../shared/subjects/runs';
import { failureGroupsQuery } from './queries';

interface Props {
  filters: RunFilters;
  onChange: (changes: Partial<RunFilters>) => void;
}

/** Wide enough for most titles; longer ones break. */
const MOST_WIDTH = 480;

function groupName({ automationName, nodeId, title }: FailureGroup): string {
  const where = [automationName, nodeId].filter((part) => part !== null).join(', ');
  return where === '' ? title : `${where}: ${title}`;
}

function optionOf(group: FailureGroup) {
  const count = formatAtLeast(group.count, group.isComplete);
  return { value: group.id, label: `${count} × ${groupName(group)}` };
}

/** Filters failed runs by their error, the most frequent first; hidden if there are none. */
export function ErrorGroupPicker({ filters, onChange }: Props) {
  const { api } = useServices();
  const { errorGroup } = filters;
  const { data: groups } = useQuery(failureGroupsQuery(api, filters));
  const options = (groups?.items ?? []).map(optionOf);
  const isListed = options.some(({ value }) => value === errorGroup);
  // One without runs in the period is not listed, but its name says more than its id.
  const isUnknown = errorGroup !== null && groups !== undefined && !isListed;
  const { data: chosen } = useQuery(failureGroupQuery(api, isUnknown ? errorGroup : null));
  if (options.length === 0 && errorGroup === null) return null;
  if (errorGroup !== null && !isListed) {
    const label = chosen ? groupName(chosen) : chosen === null ? t`An expired error` : t`Loading…`;
    options.push({ value: errorGroup, label });
  }
  const shown = options.find(({ value }) => value === errorGroup);
  return (
    <Select
      label={t`Error`}
      placeholder={t`All errors`}
      title={shown?.label ?? ''}
      data={options}
      value={errorGroup}
      searchable
      clearable
      // Mantine hides this button from screen readers, but the keyboard can reach it.
      clearButtonProps={{ 'aria-label': t`Show all errors`, 'aria-hidden': false, tabIndex: 0 }}
      nothingFoundMessage={t`No matching error`}
      comboboxProps={{ width: `min(${MOST_WIDTH}px, calc(100vw - 2rem))`, position: 'bottom-start' }}
      onChange={(picked) => {
        onChange({ errorGroup: picked });
      }}
    />
  );
}
