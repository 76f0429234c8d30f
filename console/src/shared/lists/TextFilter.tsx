import { t } from '@lingui/core/macro';
import { TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';

interface Props {
  label: string;
  placeholder: string;
  /** Says what may be written, if the placeholder has no room for it. */
  hint?: string;
  value: string | null;
  onChange: (value: string | null) => void;
}

/** A filter by a whole text, applied when it is complete: on Enter, on blur, on paste. */
export function TextFilter({ label, placeholder, hint, value, onChange }: Props) {
  const [typed, setTyped] = useState(value ?? '');
  const [shown, setShown] = useState(value);
  if (shown !== value) {
    // The URL changed by something else: Back, or clearing the filters.
    setShown(value);
    setTyped(value ?? '');
  }

  function apply(written: string) {
    const wanted = written.trim() === '' ? null : written.trim();
    if (wanted !== value) onChange(wanted);
  }

  return (
    <TextInput
      label={label}
      placeholder={placeholder}
      title={hint}
      type="search"
      leftSection={<IconSearch size={16} aria-hidden />}
      value={typed}
      onChange={(event) => {
        const { value: written } = event.currentTarget;
        const isPaste = (event.nativeEvent as InputEvent).inputType === 'insertFromPaste';
        setTyped(written);
        if (isPaste || written === '') apply(written);
      }}
      onBlur={() => {
        apply(typed);
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter') apply(typed);
      }}
    />
  );
}

/** Filters by a contact's e-mail address, phone number, id or external id. */
export function ContactFilter({ value, onChange }: Pick<Props, 'value' | 'onChange'>) {
  return (
    <TextFilter
      label={t`Contact`}
      placeholder={t`E-mail, phone or any id`}
      hint={t`An e-mail address, phone number, contact id, or external id such as stripe:cus_123`}
      value={value}
      onChange={onChange}
    />
  );
}
