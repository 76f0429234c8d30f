import { t } from '@lingui/core/macro';
import { Button, Popover, SegmentedControl, TextInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { formatMoment, formatZone } from '../ui/format';
import { useNow } from '../ui/Time';
import { isCustom, type Period, RANGES } from './filters';
import classes from './Filters.module.css';
import { fromLocalInput, toLocalInput } from './period';

const CUSTOM = 'custom';

interface Props {
  /** What the period applies to: `Created`. */
  label: string;
  period: Period;
  onChange: (period: Period) => void;
}

interface FormProps {
  period: Period;
  now: number;
  onApply: (period: Period) => void;
}

function CustomForm({ period, now, onApply }: FormProps) {
  const [problem, setProblem] = useState<string | null>(null);

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [from, to] = ['from', 'to'].map((name) => fromLocalInput(form.get(name)));
    if (from && to && from >= to) setProblem(t`The end must be after the start.`);
    else if (!from && !to) setProblem(t`Enter a start or an end.`);
    else onApply({ range: '7d', from: from ?? null, to: to ?? null });
  }

  return (
    <form className={classes.custom} onSubmit={submit} aria-label={t`Custom period`}>
      <TextInput
        label={t`From`}
        name="from"
        type="datetime-local"
        data-autofocus
        defaultValue={toLocalInput(period.from)}
        error={problem}
      />
      <TextInput label={t`To`} name="to" type="datetime-local" defaultValue={toLocalInput(period.to)} />
      <p className={classes.zone}>{t`Time zone: ${formatZone(now)}`}</p>
      <Button type="submit" size="xs">
        {t`Apply`}
      </Button>
    </form>
  );
}

/** The start and end of a custom period: `Mar 1, 10:00 – Mar 2, 12:00`. */
function customPeriodText({ from, to }: Period, now: number): string {
  if (from === null && to === null) return '';
  if (from === null) return t`until ${formatMoment(to ?? '', now)}`;
  return to === null
    ? t`since ${formatMoment(from, now)}`
    : `${formatMoment(from, now)} – ${formatMoment(to, now)}`;
}

/** Picks 24 hours, 7 or 30 days, or a custom period in the chosen time zone. */
export function PeriodPicker({ label, period, onChange }: Props) {
  const [open, setOpen] = useState(false);
  const now = useNow(60_000);
  const custom = isCustom(period);
  return (
    <div>
      <p className={classes.label} id="period-label">
        {label}
      </p>
      <div className={classes.period}>
        <SegmentedControl
          aria-labelledby="period-label"
          className={classes.range}
          data={[...RANGES]}
          // No range is selected while the period is custom.
          value={custom ? CUSTOM : period.range}
          onChange={(range) => {
            onChange({ range: RANGES.find((one) => one === range) ?? '7d', from: null, to: null });
          }}
        />
        <Popover opened={open} onChange={setOpen} hideDetached={false} trapFocus returnFocus>
          <Popover.Target>
            <Button
              variant={custom ? 'light' : 'default'}
              aria-pressed={custom}
              onClick={() => {
                setOpen(!open);
              }}
            >
              {custom ? customPeriodText(period, now) : t`Custom…`}
            </Button>
          </Popover.Target>
          <Popover.Dropdown>
            <CustomForm
              period={period}
              now={now}
              onApply={(chosen) => {
                setOpen(false);
                onChange(chosen);
              }}
            />
          </Popover.Dropdown>
        </Popover>
        <span className={classes.zone}>{formatZone(now)}</span>
      </div>
    </div>
  );
}
