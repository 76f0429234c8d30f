import { t } from '@lingui/core/macro';
import { ActionIcon, NativeSelect, TextInput } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { formatWord } from '../../shared/ui/format';
import {
  CONSENT_CHANNELS,
  type DraftRule,
  KINDS,
  OPERATORS,
  takesValue,
} from './rules';
import classes from './Segments.module.css';

const KIND_LABELS = {
  HAS_TAG: t`has the tag`,
  LACKS_TAG: t`does not have the tag`,
  HAS_EXTERNAL_ID: t`has the external id`,
  LACKS_EXTERNAL_ID: t`does not have the external id`,
  CONSENT: t`consent`,
  METADATA: t`metadata`,
} as const;

interface Props {
  rule: DraftRule;
  /** The position from 1, which distinguishes the labels of several rules. */
  position: number;
  problem: string | null;
  onChange: (changes: Partial<DraftRule>) => void;
  /** Absent if it is the only rule. */
  onRemove: (() => void) | undefined;
}

function Operands({ rule, position, onChange }: Pick<Props, 'rule' | 'position' | 'onChange'>) {
  switch (rule.kind) {
    case 'CONSENT':
      return (
        <>
          <NativeSelect
            aria-label={t`Consent of rule ${position}`}
            data={[
              { value: 'MARKETING', label: t`marketing` },
              { value: 'TRANSACTIONAL', label: t`transactional` },
            ]}
            value={rule.consent}
            onChange={(event) => {
              const isMarketing = event.currentTarget.value === 'MARKETING';
              onChange({ consent: isMarketing ? 'MARKETING' : 'TRANSACTIONAL' });
            }}
          />
          <NativeSelect
            aria-label={t`Channel of rule ${position}`}
            data={[
              { value: '', label: t`for all channels` },
              ...CONSENT_CHANNELS.map((value) => ({ value, label: t`for ${formatWord(value)}` })),
            ]}
            value={rule.channel ?? ''}
            onChange={(event) => {
              const { value } = event.currentTarget;
              onChange({ channel: CONSENT_CHANNELS.find((one) => one === value) ?? null });
            }}
          />
          <NativeSelect
            aria-label={t`Consent value of rule ${position}`}
            data={[
              { value: 'true', label: t`was given` },
              { value: 'false', label: t`was not given` },
            ]}
            value={String(rule.given)}
            onChange={(event) => {
              onChange({ given: event.currentTarget.value === 'true' });
            }}
          />
        </>
      );
    case 'METADATA':
      return (
        <>
          <TextInput
            aria-label={t`Key of rule ${position}`}
            placeholder="plan"
            value={rule.path}
            onChange={(event) => {
              onChange({ path: event.currentTarget.value });
            }}
          />
          <NativeSelect
            aria-label={t`Operator of rule ${position}`}
            data={OPERATORS.map((one) => ({ value: one, label: formatWord(one).toLowerCase() }))}
            value={rule.operator}
            onChange={(event) => {
              const { value } = event.currentTarget;
              onChange({ operator: OPERATORS.find((one) => one === value) ?? 'EQUALS' });
            }}
          />
          {takesValue(rule.operator) && (
            <TextInput
              aria-label={t`Value of rule ${position}`}
              placeholder="pro"
              value={rule.value}
              onChange={(event) => {
                onChange({ value: event.currentTarget.value });
              }}
            />
          )}
        </>
      );
    case 'HAS_EXTERNAL_ID':
    case 'LACKS_EXTERNAL_ID':
      return (
        <TextInput
          aria-label={t`Name of rule ${position}`}
          placeholder="stripe"
          value={rule.name}
          onChange={(event) => {
            onChange({ name: event.currentTarget.value });
          }}
        />
      );
    default:
      return (
        <TextInput
          aria-label={t`Tag of rule ${position}`}
          placeholder="vip"
          value={rule.tag}
          onChange={(event) => {
            onChange({ tag: event.currentTarget.value });
          }}
        />
      );
  }
}

/** The fields of one rule. */
export function RuleFields({ rule, position, problem, onChange, onRemove }: Props) {
  return (
    <li className={classes.rule} data-wrong={problem !== null}>
      <div className={classes.ruleFields}>
        <NativeSelect
          aria-label={t`Type of rule ${position}`}
          data={KINDS.map((kind) => ({ value: kind, label: KIND_LABELS[kind] }))}
          value={rule.kind}
          onChange={(event) => {
            const { value } = event.currentTarget;
            onChange({ kind: KINDS.find((kind) => kind === value) ?? 'HAS_TAG' });
          }}
        />
        <Operands rule={rule} position={position} onChange={onChange} />
        {onRemove && (
          <ActionIcon
            variant="default"
            size="lg"
            aria-label={t`Remove rule ${position}`}
            title={t`Remove rule ${position}`}
            onClick={onRemove}
          >
            <IconTrash size={16} />
          </ActionIcon>
        )}
      </div>
      {problem !== null && (
        <p role="alert" className={classes.problem}>
          {problem}
        </p>
      )}
    </li>
  );
}
