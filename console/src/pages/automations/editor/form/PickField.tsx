import { t } from '@lingui/core/macro';
import { NativeSelect, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { automationsQuery } from '../../../../shared/api/queries';
import { CHANNELS } from '../../../../shared/api/types';
import { useServices } from '../../../../shared/auth/services';
import { formatWord } from '../../../../shared/ui/format';
import { zoneNames } from '../../../../shared/ui/locale';
import { segmentChoicesQuery, templateChoicesQuery } from '../../queries';
import { type Picks, valueAt } from '../schema';
import { type Choice, withChosen } from './choices';
import type { FieldProps } from './fieldProps';
import { useForm } from './FormContext';
import { useInput } from './useInput';

const ZONES = zoneNames();

/** The choices; undefined while they load. */
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
        choices: ZONES.map((zone) => ({ value: zone, label: zone })),
        failed: false,
      };
    case 'TEMPLATE': {
      const channel = valueAt(beside, ['channel']);
      return {
        // A template is for one channel, so the channel field next to it limits the choices.
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

/** A field that picks an existing item by name. */
export function PickField({ picks, ...props }: FieldProps & { picks: Picks }) {
  const { config, set } = useForm();
  const input = useInput(props);
  const { schema, path, label, value, isRequired } = props;
  const { choices = [], failed } = useChoices(picks, valueAt(config, path.slice(0, -1)));
  const usual = typeof schema.default === 'string' ? schema.default : '';
  const chosen = typeof value === 'string' ? value : usual;
  const shared = {
    ...input,
    label: label.replace(/ ID$/, ''),
    error: failed ? t`The choices could not be loaded.` : input.error,
  };
  if (picks === 'TIME_ZONE') {
    return (
      <Select
        {...shared}
        data={chosen === '' ? choices : withChosen(choices, chosen)}
        value={chosen}
        searchable
        limit={60}
        nothingFoundMessage={t`No time zone with this name`}
        onChange={(next) => {
          set(path, next ?? undefined);
        }}
      />
    );
  }
  return (
    <NativeSelect
      {...shared}
      data={withChosen(choices, chosen)}
      value={chosen}
      onChange={(event) => {
        const next = event.currentTarget.value;
        set(path, next === '' && !isRequired ? undefined : next);
      }}
    />
  );
}
