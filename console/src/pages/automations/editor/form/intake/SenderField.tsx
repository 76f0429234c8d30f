import { t } from '@lingui/core/macro';
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useId, useState } from 'react';
import type { SourcePreset } from '../../../../../shared/api/types';
import { useServices } from '../../../../../shared/auth/services';
import { readGraph } from '../../../../../shared/graph/model';
import { ErrorNotice } from '../../../../../shared/ui/ErrorNotice';
import { sourcePresetsQuery } from '../../../queries';
import { SenderSetup } from '../../../SenderSetup';
import {
  type Facts,
  intakeOf,
  isFacts,
  missingSuggestions,
  presetOf,
  suggestionTexts,
  withSender,
} from '../../../sources';
import type { Automation } from '../../../types';
import { triggerOf } from '../../../webhook';
import classes from '../../Editor.module.css';
import { fieldId } from '../../elementIds';
import { type Path, pathText } from '../../schema';
import { useEditedAutomation } from '../EditedAutomation';
import { useForm } from '../FormContext';

interface Props {
  /** Where the trigger's part that receives webhooks is in its config. */
  path: Path;
  intake: Facts;
  /** The fields of the sender's own rule, for senders that have one. */
  rule: ReactNode;
}

interface CardsProps {
  presets: readonly SourcePreset[];
  chosen: string;
  onChoose: (preset: SourcePreset) => void;
}

function Cards({ presets, chosen, onChoose }: CardsProps) {
  const name = useId();
  return (
    <div className={classes.senders}>
      {presets.map((preset) => (
        <label key={preset.preset} className={classes.sender}>
          <input
            type="radio"
            name={name}
            value={preset.preset}
            checked={preset.preset === chosen}
            onChange={() => {
              onChoose(preset);
            }}
          />
          {preset.title}
        </label>
      ))}
    </div>
  );
}

interface SuggestionsProps {
  intake: Facts;
  preset: SourcePreset;
  onTake: (suggested: Facts) => void;
}

function Suggestions({ intake, preset, onTake }: SuggestionsProps) {
  const suggested = missingSuggestions(intake, preset);
  if (Object.keys(suggested).length === 0) return null;
  return (
    <div className={classes.optional}>
      <p className={classes.hint}>{t`These fields usually fit:`}</p>
      <ul className={classes.hint}>
        {suggestionTexts(suggested).map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
      <Button
        variant="default"
        size="xs"
        className={classes.add}
        onClick={() => {
          onTake(suggested);
        }}
      >
        {t`Use the sender's usual fields`}
      </Button>
    </div>
  );
}

/** Why keys cannot be set: the server only knows the sender of the saved draft. */
function obstacleOf(automation: Automation | null, intake: Facts): string | null {
  const trigger = automation && triggerOf(readGraph(automation));
  const saved = trigger ? intakeOf(trigger) : null;
  const rule = (each: Facts) => JSON.stringify([each.source ?? null, each.signed ?? false]);
  if (saved && rule(saved) === rule(intake)) return null;
  return t`Save the draft with this sender, then set its keys.`;
}

/** Asks who sends the events, and shows how to set the sender up. */
export function SenderField({ path, intake, rule }: Props) {
  const { api } = useServices();
  const { set, nodeId, problemAt } = useForm();
  const automation = useEditedAutomation();
  const { data: presets, error } = useQuery(sourcePresetsQuery(api));
  const [isOpen, setOpen] = useState(!isFacts(intake.source));
  const chosen = presetOf(intake);
  const preset = presets?.find((each) => each.preset === chosen);
  const sourcePath = [...path, 'source'];
  const problem = problemAt(sourcePath);
  const listId = useId();
  return (
    <fieldset
      id={fieldId(nodeId, pathText(sourcePath))}
      className={classes.group}
      tabIndex={-1}
    >
      <legend>{t`Who sends this?`}</legend>
      {problem !== undefined && <p className={classes.error}>{problem}</p>}
      {error && <ErrorNotice error={error} />}
      <div className={classes.chosenSender}>
        <strong>{preset?.title ?? chosen}</strong>
        <Button
          variant="default"
          size="xs"
          aria-expanded={isOpen}
          aria-controls={listId}
          onClick={() => {
            setOpen(!isOpen);
          }}
        >
          {isOpen ? t`Hide the other senders` : t`Choose another sender`}
        </Button>
      </div>
      <div id={listId} hidden={!isOpen}>
        {presets && (
          <Cards
            presets={presets}
            chosen={chosen}
            onChoose={(next) => {
              set(path, withSender(intake, next));
            }}
          />
        )}
      </div>
      {rule}
      {preset && (
        <Suggestions
          intake={intake}
          preset={preset}
          onTake={(suggested) => {
            set(path, { ...intake, ...suggested });
          }}
        />
      )}
      <SenderSetup
        automation={automation}
        intake={intake}
        obstacle={obstacleOf(automation, intake)}
      />
    </fieldset>
  );
}
