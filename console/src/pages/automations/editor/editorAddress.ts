import { defineAddress } from '../../../shared/address/addressState';
import { choice, text } from '../../../shared/address/parameters';

/** The editor: its view, the node that is edited, and a question that waits for an answer. */
export const EDITOR_PAGE = defineAddress({
  view: choice(['json']),
  node: text(),
  activate: choice(['true']),
});
