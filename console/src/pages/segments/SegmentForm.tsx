import { t } from '@lingui/core/macro';
import { Button, NativeSelect, TextInput } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { type SubmitEvent, useRef, useState } from 'react';
import type { Segment, SegmentDocument } from '../../shared/api/types';
import { ErrorNotice, Notice } from '../../shared/ui/ErrorNotice';
import form from '../../shared/ui/Form.module.css';
import { fieldError, formError, useFocusOnError } from '../../shared/ui/forms';
import { LeaveGuard } from '../../shared/ui/LeaveGuard';
import { useFormChanges } from '../../shared/ui/useFormChanges';
import { RuleFields } from './RuleFields';
import { type DraftRule, fromWire, newRule, toWire } from './rules';
import classes from './Segments.module.css';

const MAX_RULES = 20;

interface Props {
  /** The segment to edit; absent for a new one. */
  segment?: Segment;
  submitLabel: string;
  error: Error | null;
  isPending: boolean;
  isSaved: boolean;
  onSave: (document: SegmentDocument, options: { onSuccess: () => void }) => void;
}

/** The form of a segment: a name and rules. */
export function SegmentForm({ segment, submitLabel, error, isPending, isSaved, onSave }: Props) {
  const element = useRef<HTMLFormElement>(null);
  const [name, setName] = useState(segment?.name ?? '');
  const [match, setMatch] = useState<'ALL' | 'ANY'>(segment?.match === 'ANY' ? 'ANY' : 'ALL');
  const [made, setMade] = useState(1);
  const [rules, setRules] = useState<DraftRule[]>(() =>
    segment ? segment.rules.map((rule, index) => fromWire(rule, `old-${index}`)) : [newRule('new-0')],
  );
  const document: SegmentDocument = { name: name.trim(), match, rules: rules.map(toWire) };
  const { isDirty, markSaved } = useFormChanges(document);
  useFocusOnError(element, error);
  const general = formError(error, ['name', 'match', 'rules']);
  const rulesProblem = fieldError(error, 'rules');
  const isShownAtRule = rules.some((_, index) => fieldError(error, `rules.${index}`) !== null);

  function change(key: string, changes: Partial<DraftRule>) {
    setRules((current) => current.map((rule) => (rule.key === key ? { ...rule, ...changes } : rule)));
  }

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    onSave(document, { onSuccess: markSaved });
  }

  return (
    <form ref={element} className={form.form} onSubmit={submit} noValidate>
      <LeaveGuard isDirty={isDirty}>{t`Your changes will be lost.`}</LeaveGuard>
      {general && <ErrorNotice error={general} />}
      <div className={form.pair}>
        <TextInput
          label={t`Name`}
          maxLength={80}
          value={name}
          error={fieldError(error, 'name')}
          onChange={(event) => {
            setName(event.currentTarget.value);
          }}
        />
        <NativeSelect
          label={t`Includes`}
          data={[
            { value: 'ALL', label: t`Contacts that match every rule` },
            { value: 'ANY', label: t`Contacts that match at least one rule` },
          ]}
          value={match}
          onChange={(event) => {
            setMatch(event.currentTarget.value === 'ANY' ? 'ANY' : 'ALL');
          }}
        />
      </div>
      <fieldset className={form.fieldset}>
        <legend>{t`Rules`}</legend>
        <ul className={classes.rules}>
          {rules.map((rule, index) => (
            <RuleFields
              key={rule.key}
              rule={rule}
              position={index + 1}
              problem={fieldError(error, `rules.${index}`)}
              onChange={(changes) => {
                change(rule.key, changes);
              }}
              onRemove={
                rules.length === 1
                  ? undefined
                  : () => {
                      setRules((current) => current.filter(({ key }) => key !== rule.key));
                    }
              }
            />
          ))}
        </ul>
        {rulesProblem !== null && !isShownAtRule && <p className={form.problem}>{rulesProblem}</p>}
      </fieldset>
      <div className={form.buttons}>
        <Button type="submit" loading={isPending}>
          {submitLabel}
        </Button>
        {rules.length < MAX_RULES && (
          <Button
            variant="default"
            leftSection={<IconPlus size={16} aria-hidden />}
            onClick={() => {
              setMade(made + 1);
              setRules((current) => [...current, newRule(`new-${made}`)]);
            }}
          >
            {t`Add a rule`}
          </Button>
        )}
      </div>
      {isSaved && (
        <Notice title={t`Saved`}>
          <p>{t`Active automations keep using the previous rules until you activate them again.`}</p>
        </Notice>
      )}
    </form>
  );
}
