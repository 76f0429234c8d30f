import { NativeSelect, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { automationsQuery } from '../../../shared/api/queries';
import { CHANNELS } from '../../../shared/api/types';
import { useServices } from '../../../shared/auth/services';
import { formatWord } from '../../../shared/ui/format';
import { segmentChoicesQuery, templateChoicesQuery } from '../queries';
import { descriptionOf } from './descriptionOf';
import { fieldId } from './fieldId';
import type { FieldProps } from './fieldProps';
import { useForm } from './FormContext';
import { pathText, type Picks, valueAt } from './schema';

interface Choice {
  value: string;
  label: string;
}

const ZONES = Intl.supportedValuesOf('timeZone');

/** What can be picked; undefined while it is loaded. */
function useChoices(picks: Picks, beside: unknown): { choices: Choice[] | undefined; failed: boolean } {
  const { api } = useServices();
  const templates = useQuery({ ...templateChoicesQuery(api), enabled: picks === 'TEMPLATE' });
  const segments = useQuery({ ...segmentChoicesQuery(api), enabled: picks === 'SEGMENT' });
  const automations = useQuery({ ...automationsQuery(api), enabled: picks === 'AUTOMATION' });
  switch (picks) {
    case 'CHANNEL':
      return {
        choices: CHANNELS.map((channel) => ({ value: channel, label: formatWord(channel) })),
        failed: false,
      };
    case 'TIME_ZONE':
      return {
        choices: ['UTC', ...ZONES.filter((zone) => zone !== 'UTC')].map((zone) => ({
          value: zone,
          label: zone,
        })),
        failed: false,
      };
    case 'TEMPLATE': {
      const channel = valueAt(beside, ['channel']);
      return {
        // A template is for one channel; the one beside it tells which ones fit.
        choices: templates.data
          ?.filter((template) => !channel || template.channel === channel)
          .map(({ id, name }) => ({ value: id, label: name })),
        failed: templates.isError,
      };
    }
    case 'SEGMENT':
      return {
        choices: segments.data?.map(({ id, name }) => ({ value: id, label: name })),
        failed: segments.isError,
      };
    case 'AUTOMATION':
      return {
        choices: automations.data?.map(({ id, name }) => ({ value: id, label: name })),
        failed: automations.isError,
      };
  }
}

/** A text that names something, chosen from what there is. */
export function PickField({ picks, ...props }: FieldProps & { picks: Picks }) {
  const { nodeId, config, set, problemAt } = useForm();
  const { schema, path, label, value, isRequired } = props;
  const { choices = [], failed } = useChoices(picks, valueAt(config, path.slice(0, -1)));
  const usual = typeof schema.default === 'string' ? schema.default : '';
  const chosen = typeof value === 'string' ? value : usual;
  const shared = {
    id: fieldId(nodeId, pathText(path)),
    label: label.replace(/ ID$/, ''),
    description: descriptionOf(schema),
    error: failed ? 'What there is to choose could not be loaded.' : problemAt(path),
    withAsterisk: isRequired,
  };
  const isKnown = choices.some((choice) => choice.value === chosen);
  if (picks === 'TIME_ZONE') {
    return (
      <Select
        {...shared}
        data={isKnown || chosen === '' ? choices : [{ value: chosen, label: chosen }, ...choices]}
        value={chosen}
        searchable
        limit={60}
        nothingFoundMessage="No time zone of that name"
        onChange={(next) => {
          set(path, next ?? undefined);
        }}
      />
    );
  }
  const data = isKnown ? choices : [{ value: chosen, label: chosen || 'Choose…' }, ...choices];
  return (
    <NativeSelect
      {...shared}
      data={data}
      value={chosen}
      onChange={(event) => {
        const next = event.currentTarget.value;
        set(path, next === '' && !isRequired ? undefined : next);
      }}
    />
  );
}
