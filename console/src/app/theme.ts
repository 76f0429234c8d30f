import { createTheme, type MantineThemeOverride } from '@mantine/core';

/**
 * Colors are variables of theme.css, not of this object: Mantine would write them into `<style>`
 * elements, which a strict Content-Security-Policy refuses.
 */
export const theme: MantineThemeOverride = createTheme({
  primaryColor: 'blue',
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    // The head of a dialog is no second banner of the page.
    ModalHeader: { defaultProps: { role: 'none' } },
  },
});
