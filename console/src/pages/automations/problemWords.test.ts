import { describe, expect, it } from 'vitest';
import { activateLanguage, PSEUDO_LANGUAGE, SOURCE_LANGUAGE } from '../../shared/ui/language';
import type { NodeType } from '../../shared/graph/useNodeTypes';
import nodeTypes from '../../test/nodeTypes.json';
import { problemPlace, problemText, type ReportedProblem } from './problemWords';

const TYPES = new Map((nodeTypes as unknown as NodeType[]).map((type) => [type.type, type]));
const GRAPH = {
  nodes: [
    { id: 'start', type: 'TRIGGER', config: { triggerType: 'WEBHOOK' } },
    { id: 'thanks', type: 'SEND_MESSAGE', config: { channels: [{ channel: 'EMAIL', templateId: '' }] } },
    { id: 'pause', type: 'WAIT', config: {} },
    { id: 'check', type: 'CONDITION', config: { kind: 'HAS_TAG', tag: '' } },
    { id: 'tier', type: 'SET', config: { assignments: [] } },
    { id: 'score', type: 'INTEGRATION', config: { auth: { type: 'BASIC' } } },
    { id: 'sort', type: 'SWITCH', config: {} },
    { id: 'done', type: 'END', config: {} },
  ],
  edges: [{ source: 'pause', target: 'done', label: null }],
};

function problem(nodeId: string | null, field: string | null, message: string, code = 'INVALID_CONFIG'): ReportedProblem {
  return { code, message, nodeId, edge: null, field };
}

/** Every kind of message that the API's checks of a config can give. */
const OF_CONFIGS: [string, string | null, string, string][] = [
  ['start', null, 'CreateIfMissing needs a contactLookup by email, phone or externalId.', '“Create if missing” needs a “Contact lookup” by email, phone or External id.'],
  ['start', 'contactLookup.by', 'Is missing.', 'Choose one.'],
  ['start', 'contactLookup.path', 'Is missing.', 'Fill in this field.'],
  ['start', 'contactLookup.by', 'Must be email, phone, id or externalId.', 'Choose E-mail, Phone, Id or External id.'],
  ['start', 'contactLookup.name', 'Is only for a lookup by externalId; remove it.', 'This field is only for a lookup by external id. Remove it.'],
  ['start', 'contactFields.abc', "'abc' is not a field of a contact; write one of email, phone, firstName, lastName, metadata.<name> or externalIds.<name>, or: must be text.", 'This is not a field of a contact. Choose e-mail, phone, first name, last name, metadata or an external id. Or: This value is of the wrong type. Correct it in the JSON view.'],
  ['start', 'nope', 'Is not a known field; remove it.', 'This setting does not exist. Remove it in the JSON view.'],
  ['start', 'on', 'Must have at least 1 entry; it has 0.', 'Add at least one entry.'],
  ['start', 'dedupe', 'Must be ON or OFF.', 'Choose On or Off.'],
  ['start', 'triggerType', '`triggerType` is missing; choose one of WEBHOOK, MANUAL, DATE, UPSTREAM.', 'Choose one.'],
  ['start', 'triggerType', "`triggerType` cannot be 'x'; choose one of WEBHOOK, MANUAL, DATE, UPSTREAM.", 'This choice does not exist. Choose another one.'],
  ['start', 'source.eventId', 'Write exactly one of `header`, `query` and `path`.', 'Write exactly one of “Header”, “Query” and “Path”.'],
  ['thanks', 'channels.0.templateId', 'Must have at least 1 character.', 'Choose one.'],
  ['thanks', 'channels.0.channel', 'Must be a channel, such as EMAIL.', 'Choose a channel.'],
  ['thanks', 'multiChannelMode', 'Must be CASCADE or BROADCAST.', 'Choose Cascade or Broadcast.'],
  ['pause', null, 'Set exactly one of `delayMinutes` and `until`.', 'Set either a delay or the time at which the wait ends.'],
  ['pause', 'delayMinutes', 'Must be at most 524160.', 'Must be at most 524,160.'],
  ['pause', 'delayMinutes', 'Must be at least 1.', 'Must be at least 1.'],
  ['pause', 'delayMinutes', 'Must be a whole number.', 'Must be a whole number.'],
  ['pause', 'until', '`day` is allowed only with `timeOfDay`; leave it out.', '“Day” is allowed only with “Time of day”; leave it out.'],
  ['check', 'tag', 'Must have at most 500 characters.', 'This is too long. Write at most 500 characters.'],
  ['check', 'tag', 'Must have at most 1 character.', 'This is too long. Write at most 1 character.'],
  ['check', 'tag', 'Must have at least 2 characters.', 'Write at least 2 characters.'],
  ['check', null, 'GREATER_THAN compares `left` with `right`; add `right`.', 'Greater than compares “Left” with “Right”; add “Right”.'],
  ['check', 'left', 'An object cannot be compared; write a text, a number, true, false, null or a list.', 'An object cannot be compared; write a text, a number, true, false, nothing or a list.'],
  ['check', 'conditions', 'Must have at most 20 entries.', 'There are too many entries. At most 20 are allowed.'],
  ['check', 'conditions', 'Must have at most 1 entry.', 'There are too many entries. At most 1 is allowed.'],
  ['tier', 'assignments', 'Must be a list.', 'This value is of the wrong type. Correct it in the JSON view.'],
  ['tier', 'assignments.0.type', 'Must be STRING, NUMBER, BOOLEAN, JSON or DATE.', 'Choose String, Number, Boolean, JSON or Date.'],
  ['score', 'method', 'Must be GET, POST, PUT, PATCH, DELETE or HEAD.', 'Choose GET, POST, PUT, PATCH, DELETE or HEAD.'],
  ['score', null, '`url` must begin with http:// or https://.', '“URL” must begin with http:// or https://.'],
  ['score', 'capture.score', "Not a JMESPath expression: Expecting: ['quoted_identifier', 'unquoted_identifier'], got: lbrace: Parse error at column 1, token \"{\" (LBRACE), for expression:.", 'This is not a JMESPath expression: look at character 2.'],
  ['score', 'body', 'Has a format that is not allowed here.', 'This value has a format that is not allowed here.'],
  ['sort', null, "The label 'abc' is used twice; give each rule and the fallback its own label.", 'The label “abc” is used twice; give each rule and the fallback its own label.'],
];

const OF_GRAPHS: [string, string, string][] = [
  ['NO_TRIGGER', 'The graph has no TRIGGER node; add one.', 'The automation has no trigger. Add one.'],
  ['LABEL_MISSING', "'check' has no edge for the outcome 'true', 'false'; add one.", 'Condition “check” has no edge for the branch “true”, “false”; add one.'],
  ['LABEL_UNKNOWN', "'check' has no outcome 'yes'; its outcomes are 'true', 'false'.", 'Condition “check” has no branch “yes”; its branches are “true”, “false”.'],
  ['NO_END', "No path from 'pause' leads to an END or STOP_ERROR; add an edge to one.", 'No path from Wait “pause” leads to an End or Stop with an error; add an edge to one.'],
  ['EDGE_INTO_TRIGGER', "An edge leads into the TRIGGER 'start'; a run begins there, so remove the edge.", 'An edge leads into the Trigger “start”; a run begins there, so remove the edge.'],
  ['FORK_WITHOUT_MERGE', "The branches of the fork 'tier' never meet; lead all of them into one MERGE.", 'The branches of the fork Set variables “tier” never meet; lead all of them into one Merge.'],
  ['UNKNOWN_TEMPLATE', "There is no template 'tpl_1'.", 'The chosen template does not exist. Choose another one.'],
  ['UNKNOWN_VARIABLE', "There is no variable 'total'; a variable begins with contact, trigger or vars.", 'There is no variable “total”; a variable begins with contact, trigger or vars.'],
  ['SECRET_NOT_ALLOWED', "'secret.KEY' may not be used here; only INTEGRATION nodes read secrets.", '“secret.KEY” may not be used here; only Call a service nodes read secrets.'],
];

describe('a problem in the words of the form', () => {
  it.each(OF_CONFIGS)('%s %s: %s', (nodeId, field, message, words) => {
    expect(problemText(problem(nodeId, field, message), GRAPH, TYPES)).toBe(words);
  });

  it.each(OF_GRAPHS)('%s: %s', (code, message, words) => {
    expect(problemText(problem(null, null, message, code), GRAPH, TYPES)).toBe(words);
  });

  it.each([
    'Must be at least 1.',
    'Must be at most 20.',
    'Must have at most 20 characters.',
    'Must have at most 20 entries.',
    'Is missing, or: must be at most 20.',
  ])('can be translated: %s', async (message) => {
    await activateLanguage(PSEUDO_LANGUAGE);
    try {
      expect(problemText(problem('pause', 'delayMinutes', message), GRAPH, TYPES)).not.toMatch(/[a-z]/i);
    } finally {
      await activateLanguage(SOURCE_LANGUAGE);
    }
  });

  it('keeps variables as they are written', () => {
    const message = 'Store it as a secret and write {{secret.NAME}} here.';
    expect(problemText(problem('score', 'url', message), GRAPH, TYPES)).toBe(message);
  });

  it('has a place: the node’s title and name, and the field’s label', () => {
    const placed = (nodeId: string, field: string | null) =>
      problemPlace(problem(nodeId, field, ''), GRAPH, TYPES);
    expect(placed('thanks', 'channels.0.templateId')).toBe('Send message “thanks”, channel 1, template');
    expect(placed('start', 'contactLookup.path')).toBe('Trigger “start”, contact lookup, path');
    expect(placed('score', 'expectedStatus.1')).toBe('Call a service “score”, expected status 2');
    expect(placed('score', 'auth.password')).toBe('Call a service “score”, auth, password');
    expect(placed('pause', null)).toBe('Wait “pause”');
    expect(placed('gone', 'x')).toBe('“gone”, x');
    const edge = { nodeId: null, edge: 0, field: null };
    expect(problemPlace(edge, GRAPH, TYPES)).toBe('Wait “pause” → End “done”');
  });
});
