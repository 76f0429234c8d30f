import { Chip, SegmentedControl, Select, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { automationsQuery } from '../api/queries';
import { RUN_STATUSES } from '../api/types';
import { useServices } from '../app/context';
import { formatWord } from '../ui/format';
import { RANGES, type RunFilters } from './filters';
import classes from './RunFilters.module.css';

interface Props {
  filters: RunFilters;
  onChange: (filters: RunFilters) => void;
}

const ALL = 'ALL';

function StatusChips({ filters, onChange }: Props) {
  return (
    <div role="radiogroup" aria-label="Status" className={classes.chips}>
      <Chip.Group
        value={filters.status ?? ALL}
        onChange={(value) => {
          onChange({ ...filters, status: value === ALL ? null : value });
        }}
      >
        {[ALL, ...RUN_STATUSES].map((status) => (
          <Chip key={status} value={status} variant="outline" size="sm">
            {formatWord(status)}
          </Chip>
        ))}
      </Chip.Group>
    </div>
  );
}

function AutomationSelect({ filters, onChange }: Props) {
  const { api } = useServices();
  const { data: automations = [], error } = useQuery(automationsQuery(api));
  const chosen = filters.automationId;
  const options = automations.map(({ id, name }) => ({ value: id, label: name }));
  if (chosen !== null && !automations.some(({ id }) => id === chosen)) {
    options.push({ value: chosen, label: chosen });
  }
  return (
    <Select
      label="Automation"
      placeholder="All automations"
      data={options}
      value={chosen}
      searchable
      clearable
      clearButtonProps={{ 'aria-label': 'Show all automations', tabIndex: 0 }}
      nothingFoundMessage="No automation of that name"
      error={error ? 'The automations could not be loaded.' : undefined}
      onChange={(automationId) => {
        onChange({ ...filters, automationId });
      }}
    />
  );
}

/** Looked up whole, so it is asked for when complete: on Enter, on leaving the field, on paste. */
function ContactInput({ filters, onChange }: Props) {
  const [text, setText] = useState(filters.contact ?? '');
  const [shown, setShown] = useState(filters.contact);
  if (shown !== filters.contact) {
    // The URL changed under the field (Back, or the filters were cleared).
    setShown(filters.contact);
    setText(filters.contact ?? '');
  }

  function apply(value: string) {
    const contact = value.trim() === '' ? null : value.trim();
    if (contact !== filters.contact) onChange({ ...filters, contact });
  }

  return (
    <TextInput
      label="Contact"
      placeholder="E-mail, phone or contact id"
      type="search"
      leftSection={<IconSearch size={16} aria-hidden />}
      value={text}
      onChange={(event) => {
        const { value } = event.currentTarget;
        const isPaste = (event.nativeEvent as InputEvent).inputType === 'insertFromPaste';
        setText(value);
        if (isPaste || value === '') apply(value);
      }}
      onBlur={() => {
        apply(text);
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter') apply(text);
      }}
    />
  );
}

function RangeControl({ filters, onChange }: Props) {
  return (
    <div>
      <p className={classes.label} id="range-label">
        Created within
      </p>
      <SegmentedControl
        aria-labelledby="range-label"
        className={classes.range}
        data={[...RANGES]}
        value={filters.range}
        onChange={(range) => {
          onChange({ ...filters, range });
        }}
      />
    </div>
  );
}

export function RunFilterBar(props: Props) {
  return (
    <div role="search" className={classes.bar} aria-label="Filter runs">
      <StatusChips {...props} />
      <div className={classes.fields}>
        <AutomationSelect {...props} />
        <ContactInput {...props} />
        <RangeControl {...props} />
      </div>
    </div>
  );
}
