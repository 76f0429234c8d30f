import { render } from '@testing-library/react';
import { expect, it } from 'vitest';
import { CodeText } from './CodeText';

it.each([
  ['plain <b>text</b>', 'plain &lt;b&gt;text&lt;/b&gt;'],
  ['by `true` or\nby `false`.', 'by <code>true</code> or\nby <code>false</code>.'],
  ['one ` alone', 'one ` alone'],
])('%s', (text, markup) => {
  expect(render(<CodeText text={text} />).container.innerHTML).toBe(markup);
});
