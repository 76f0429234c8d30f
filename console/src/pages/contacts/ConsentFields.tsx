import { t } from '@lingui/core/macro';
import { Checkbox } from '@mantine/core';
import type { ConsentPurpose, Consents } from '../../shared/api/types';
import form from '../../shared/ui/Form.module.css';
import { formatWord } from '../../shared/ui/format';
import classes from './Consents.module.css';
import { CHANNELS, type ConsentDraft, type ConsentDrafts, PURPOSES, withAll } from './consents';

const TEXTS = {
  TRANSACTIONAL: {
    label: t`Transactional messages`,
    description: t`Receipts, confirmations and other messages that the contact expects.`,
  },
  MARKETING: {
    label: t`Marketing messages`,
    description: t`Allow these only if the contact gave consent.`,
  },
} as const;

interface Props {
  stored: Consents;
  drafts: ConsentDrafts;
  problem: string | null;
  onChange: (drafts: ConsentDrafts) => void;
}

/** The consents of a contact: for all channels, and for each of them. */
export function ConsentFields({ stored, drafts, problem, onChange }: Props) {
  function change(purpose: ConsentPurpose, draft: ConsentDraft) {
    onChange({ ...drafts, [purpose]: draft });
  }

  return (
    <fieldset className={form.fieldset}>
      <legend>{t`Consents`}</legend>
      {PURPOSES.map((purpose) => {
        const { label, description } = TEXTS[purpose];
        const draft = drafts[purpose];
        return (
          <div key={purpose} className={classes.purpose}>
            <Checkbox
              label={label}
              description={description}
              checked={draft.ALL}
              onChange={(event) => {
                change(purpose, withAll(stored, purpose, event.currentTarget.checked));
              }}
            />
            <div className={classes.channels} role="group" aria-label={t`${label} by channel`}>
              {CHANNELS.map((channel) => {
                const name = formatWord(channel);
                return (
                  <Checkbox
                    key={channel}
                    size="xs"
                    label={name}
                    aria-label={t`${label} by ${name}`}
                    checked={draft[channel]}
                    onChange={(event) => {
                      change(purpose, { ...draft, [channel]: event.currentTarget.checked });
                    }}
                  />
                );
              })}
            </div>
          </div>
        );
      })}
      {problem !== null && <p className={form.problem}>{problem}</p>}
    </fieldset>
  );
}
