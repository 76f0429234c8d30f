import { t } from '@lingui/core/macro';
import { Checkbox } from '@mantine/core';
import { setSingleKeys, useSingleKeys } from '../../shared/ui/singleKeys';
import classes from './Account.module.css';

/** Switches shortcuts of one key on and off, for people whose speech or hands press them by mistake. */
export function KeyboardSection() {
  const isOn = useSingleKeys();
  return (
    <section className={classes.section} aria-labelledby="keyboard">
      <h2 id="keyboard">{t`Keyboard`}</h2>
      <Checkbox
        label={t`Use single keys as shortcuts`}
        description={t`For example, / searches, j and k move in lists, and ? shows all shortcuts. Single keys do nothing while you type. The choice is kept in this browser.`}
        checked={isOn}
        onChange={({ currentTarget }) => {
          setSingleKeys(currentTarget.checked);
        }}
      />
    </section>
  );
}
