import { defineAddress } from '../../app/addressState';
import { choice, text } from '../../app/parameters';

/** The editor: its view, the node that is edited, and a question that waits for an answer. */
export const EDITOR = defineAddress({
  view: choice(['json']),
  node: text(),
  activate: choice(['true']),
});
