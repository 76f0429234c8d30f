import { TextInput } from '@mantine/core';

/** A field for the code of an authenticator app, named `code`. */
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
