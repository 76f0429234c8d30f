import { t } from '@lingui/core/macro';
import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { automationsQuery } from '../api/queries';
import { useServices } from '../auth/services';

interface Props {
  value: string | null;
  onChange: (automationId: string | null) => void;
}

/** Picks one automation by its name. */
export function AutomationPicker({ value, onChange }: Props) {
  const { api } = useServices();
  const { data: automations = [], error } = useQuery(automationsQuery(api));
  const options = automations.map(({ id, name }) => ({ value: id, label: name }));
  if (value !== null && !automations.some(({ id }) => id === value)) {
    options.push({ value, label: value });
  }
  return (
    <Select
      label={t`Automation`}
      placeholder={t`All automations`}
      data={options}
      value={value}
      searchable
      clearable
      // Mantine hides this button from screen readers, but the keyboard can reach it.
      clearButtonProps={{ 'aria-label': t`Show all automations`, 'aria-hidden': false, tabIndex: 0 }}
      nothingFoundMessage={t`No automation with this name`}
      error={error ? t`The automations could not be loaded.` : undefined}
      onChange={onChange}
    />
  );
}
