import { ActionIcon, NativeSelect, TextInput } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { formatWord } from '../../shared/ui/format';
import {
  type DraftRule,
  KINDS,
  OPERATORS,
  takesValue,
} from './rules';
import classes from './Segments.module.css';

const KIND_LABELS = {
  HAS_TAG: 'has the tag',
  LACKS_TAG: 'does not have the tag',
  HAS_EXTERNAL_ID: 'has the external id',
  LACKS_EXTERNAL_ID: 'does not have the external id',
  CONSENT: 'consent',
  METADATA: 'metadata',
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
            aria-label={`Consent of rule ${position}`}
            data={[
              { value: 'MARKETING', label: 'marketing' },
              { value: 'TRANSACTIONAL', label: 'transactional' },
            ]}
            value={rule.consent}
            onChange={(event) => {
              const isMarketing = event.currentTarget.value === 'MARKETING';
              onChange({ consent: isMarketing ? 'MARKETING' : 'TRANSACTIONAL' });
            }}
          />
          <NativeSelect
            aria-label={`Consent value of rule ${position}`}
            data={[
              { value: 'true', label: 'was given' },
              { value: 'false', label: 'was not given' },
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
            aria-label={`Key of rule ${position}`}
            placeholder="plan"
            value={rule.path}
            onChange={(event) => {
              onChange({ path: event.currentTarget.value });
            }}
          />
          <NativeSelect
            aria-label={`Operator of rule ${position}`}
            data={OPERATORS.map((one) => ({ value: one, label: formatWord(one).toLowerCase() }))}
            value={rule.operator}
            onChange={(event) => {
              const { value } = event.currentTarget;
              onChange({ operator: OPERATORS.find((one) => one === value) ?? 'EQUALS' });
            }}
          />
          {takesValue(rule.operator) && (
            <TextInput
              aria-label={`Value of rule ${position}`}
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
          aria-label={`Name of rule ${position}`}
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
          aria-label={`Tag of rule ${position}`}
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
          aria-label={`Type of rule ${position}`}
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
            aria-label={`Remove rule ${position}`}
            title={`Remove rule ${position}`}
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
