import { defineAddress } from '../../shared/address/addressState';
import { text } from '../../shared/address/parameters';

/** The import that the page shows; without one, it takes a new file. */
export const IMPORT = defineAddress({ import: text() });
