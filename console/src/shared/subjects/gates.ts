import { channelName } from './channels';

/** Where the API's reasons name a channel. A template's name is no such place. */
const NAMED =
  /(?<=^(?:a valid|not a valid|the contact has no) address for )[A-Z]+\b|(?<=^\w+ consent was (?:not )?given for )[A-Z]+$|(?<= is for )[A-Z]+(?=$|, not [A-Z]+$)|(?<= is for [A-Z]+, not )[A-Z]+$/g;

/** The reason of a gate, with channels as people name them: `a valid address for e-mail`. */
export function gateReason(reason: string): string {
  return reason.replaceAll(NAMED, channelName);
}
