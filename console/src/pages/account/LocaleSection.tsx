import { t } from '@lingui/core/macro';
import { NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { formatSample } from '../../shared/ui/format';
import { LANGUAGES, languageFor } from '../../shared/ui/language';
import {
  browserZone,
  type Clock,
  formatName,
  FORMATS,
  type LocaleSetting,
  readSetting,
  saveSetting,
  zoneNames,
} from '../../shared/ui/locale';
import { useNow } from '../../shared/ui/Time';
import classes from './Account.module.css';

const CLOCKS: { value: Clock; label: string }[] = [
  { value: '24', label: t`24 hours` },
  { value: '12', label: t`12 hours, AM and PM` },
];

/** Chooses how times and numbers are written; a choice applies at once. */
export function LocaleSection() {
  const [setting, setSetting] = useState(readSetting);
  const now = useNow();
  const [format = 'en'] = navigator.languages;

  function change(part: Partial<LocaleSetting>) {
    const changed = { ...setting, ...part };
    saveSetting(changed);
    setSetting(changed);
  }

  return (
    <section className={classes.section} aria-labelledby="locale">
      <h2 id="locale">{t`Times and numbers`}</h2>
      <p>{t`How the console writes times and numbers on all pages. The choice is kept in this browser.`}</p>
      <div className={classes.choices}>
        {LANGUAGES.length > 1 && (
          <NativeSelect
            name="language"
            label={t`Language`}
            value={setting.language ?? ''}
            data={[
              { value: '', label: t`Same as the browser: ${formatName(languageFor(null, navigator.languages))}` },
              ...LANGUAGES.map((tag) => ({ value: tag, label: formatName(tag) })),
            ]}
            onChange={({ currentTarget }) => {
              change({ language: currentTarget.value || null });
              // Texts of loaded modules stay in the language before.
              window.location.reload();
            }}
          />
        )}
        <NativeSelect
          name="format"
          label={t`Format`}
          value={setting.format ?? ''}
          data={[
            { value: '', label: t`Same as the browser: ${formatName(format)}` },
            ...FORMATS.map((tag) => ({ value: tag, label: formatName(tag) })),
          ]}
          onChange={({ currentTarget }) => {
            change({ format: currentTarget.value || null });
          }}
        />
        <NativeSelect
          name="zone"
          label={t`Time zone`}
          description={t`The time zone also applies to the times that you enter in filters.`}
          value={setting.zone ?? ''}
          data={[
            { value: '', label: t`Same as the browser: ${browserZone()}` },
            ...zoneNames().map((zone) => ({ value: zone, label: zone })),
          ]}
          onChange={({ currentTarget }) => {
            change({ zone: currentTarget.value || null });
          }}
        />
        <NativeSelect
          label={t`Clock`}
          value={setting.clock}
          data={CLOCKS}
          onChange={({ currentTarget }) => {
            change({ clock: currentTarget.value === '12' ? '12' : '24' });
          }}
        />
      </div>
      <p>{t`Example: ${formatSample(setting, now)}`}</p>
    </section>
  );
}
