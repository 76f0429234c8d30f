import { TextInput } from '@mantine/core';

/** The code of an authenticator app, as the form's `code`. */
export function OneTimeCodeInput({ label }: { label: string }) {
  return (
    <TextInput
      label={label}
      name="code"
      inputMode="numeric"
      autoComplete="one-time-code"
      maxLength={7}
      required
      withAsterisk={false}
    />
  );
}
