import { t } from '@lingui/core/macro';
import { NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { SourcePreset } from '../../../../../shared/api/types';
import { useServices } from '../../../../../shared/auth/services';
import { Dialog } from '../../../../../shared/ui/Dialog';
import { ErrorNotice } from '../../../../../shared/ui/ErrorNotice';
import { formatMoment, formatWord } from '../../../../../shared/ui/format';
import { useNow } from '../../../../../shared/ui/Time';
import { eventQuery, type EventRow, type LoadedEvent, sampleEvent } from '../../../events';
import { sourcePresetsQuery } from '../../../queries';
import { useEventRows } from '../../../useEventRows';
import { useEditedAutomation } from '../EditedAutomation';

interface Props {
  title: string;
  /** The sender, whose own examples can be picked from as well. */
  preset: string;
  onClose: () => void;
  /** Shows the chosen event. */
  children: (event: LoadedEvent) => ReactNode;
}

const SAMPLE = 'sample:';

function rowLabel({ at, outcome, text }: EventRow, now: number): string {
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return `${formatMoment(at, now)}, ${formatWord(outcome).toLowerCase()}: ${short}`;
}

interface ChosenProps extends Pick<Props, 'children'> {
  chosen: string;
  samples: SourcePreset['samples'];
  captured: ReturnType<typeof useEventRows>['captured'];
}

function Chosen({ chosen, samples, captured, children }: ChosenProps) {
  const { api } = useServices();
  const isSample = chosen.startsWith(SAMPLE);
  const { data, error, isPending } = useQuery({
    ...eventQuery(api, chosen, captured),
    enabled: !isSample,
  });
  if (isSample) {
    const sample = samples[Number(chosen.slice(SAMPLE.length))];
    return sample ? children(sampleEvent(sample)) : null;
  }
  if (error) return <ErrorNotice error={error} />;
  if (isPending) return <p role="status">{t`Loading the event…`}</p>;
  return data ? children(data) : <p>{t`The event is no longer kept.`}</p>;
}

interface ChoicesProps extends Omit<Props, 'title' | 'onClose'> {
  rows: EventRow[];
  captured: ReturnType<typeof useEventRows>['captured'];
}

function Choices({ preset, rows, captured, children }: ChoicesProps) {
  const { api } = useServices();
  const now = useNow();
  const { data: presets } = useQuery(sourcePresetsQuery(api));
  const found = presets?.find((each) => each.preset === preset);
  const samples = found?.samples ?? [];
  const choices = [
    ...rows
      .filter(({ isKept }) => isKept)
      .map((row) => ({ value: row.key, label: rowLabel(row, now) })),
    ...samples.map(({ title }, index) => ({
      value: `${SAMPLE}${index}`,
      label: t`Example of ${found?.title ?? preset}: ${title}`,
    })),
  ];
  const [picked, setPicked] = useState<string | null>(null);
  const chosen = picked ?? choices[0]?.value;
  if (chosen === undefined) {
    return <p>{t`No event has arrived yet. Capture one in the test bench, or send one.`}</p>;
  }
  return (
    <>
      <NativeSelect
        label={t`Event`}
        data={choices}
        value={chosen}
        onChange={(event) => {
          setPicked(event.currentTarget.value);
        }}
      />
      <Chosen chosen={chosen} samples={samples} captured={captured}>
        {children}
      </Chosen>
    </>
  );
}

function OfAutomation({ automationId, ...rest }: Omit<Props, 'title' | 'onClose'> & { automationId: string }) {
  const { rows, captured, isLoading, error } = useEventRows(automationId);
  if (error) return <ErrorNotice error={error} />;
  if (isLoading) return <p role="status">{t`Loading the last events…`}</p>;
  return <Choices {...rest} rows={rows} captured={captured} />;
}

/** A dialog in which one of the last events is chosen and shown. */
export function EventPicker({ title, onClose, ...rest }: Props) {
  const automation = useEditedAutomation();
  return (
    <Dialog title={title} opened onClose={onClose}>
      {automation ? (
        <OfAutomation {...rest} automationId={automation.id} />
      ) : (
        <Choices {...rest} rows={[]} captured={undefined} />
      )}
    </Dialog>
  );
}
