// Reads one JSON request a line and answers each with one JSON line, in any order.
//
// {id, kind: "validate", definition} -> {id, errors: [text]}
// {id, kind: "run", definition, validated, input, context, outcomes, failures, more} ->
//   {id, status: "SUCCEEDED" | "FAILED", error, output, calls: [{state, input}], entered: [state]}
//
// `outcomes` maps a node to the outcome its stub answers. `failures` maps a state to the names of
// the errors its stub raises, one a try; when they are used up it answers. `more` maps a node to how
// often its stub says that the node goes on. `validated` false skips the interpreter's own validation,
// which takes far longer than the walk.
import { createInterface } from 'node:readline';
import aslValidator from 'asl-validator';
import { StateMachine } from 'aws-local-stepfunctions';

const validate = aslValidator.default ?? aslValidator;

function statesOf(definition) {
  return Object.entries(definition.States).flatMap(([name, state]) => [
    [name, state],
    ...(state.Branches ?? []).flatMap(statesOf),
  ]);
}

function stub(state, outcomes, failures, more, calls) {
  const pending = [...(failures[state] ?? [])];
  let left = more[state] ?? 0;
  return async (input) => {
    calls.push({ state, input });
    const name = pending.shift();
    if (name !== undefined) {
      const error = new Error(`${state} was made to fail by the test`);
      error.name = name;
      throw error;
    }
    return {
      nodeId: input.nodeId,
      outcome: outcomes[input.nodeId] ?? null,
      waitUntil: '2026-01-01T00:00:00Z',
      more: left-- > 0,
    };
  };
}

async function run({ definition, validated, input, context, outcomes, failures, more }) {
  const calls = [];
  const entered = [];
  const tasks = statesOf(definition).filter(([, state]) => state.Type === 'Task');
  const waits = statesOf(definition).filter(([, state]) => state.Type === 'Wait');
  const machine = new StateMachine(definition, {
    validationOptions: { noValidate: !validated },
  });
  const execution = machine.run(input, {
    context,
    overrides: {
      taskResourceLocalHandlers: Object.fromEntries(
        tasks.map(([name]) => [name, stub(name, outcomes, failures, more, calls)]),
      ),
      waitTimeOverrides: Object.fromEntries(waits.map(([name]) => [name, 0])),
      retryIntervalOverrides: Object.fromEntries(tasks.map(([name]) => [name, 0])),
    },
  });
  const reading = (async () => {
    for await (const event of execution.eventLogs) {
      if (event.type === 'StateEntered') entered.push(event.state.name);
    }
  })();
  try {
    const output = await execution.result;
    await reading;
    return { status: 'SUCCEEDED', error: null, output, calls, entered };
  } catch (error) {
    await reading;
    return { status: 'FAILED', error: error.name, output: null, calls, entered };
  }
}

async function answer(request) {
  if (request.kind === 'validate') {
    const { errors } = validate(request.definition);
    return { errors: (errors ?? []).map((error) => error.message ?? JSON.stringify(error)) };
  }
  return run(request);
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  answer(request)
    .catch((error) => ({ broken: String(error.stack ?? error) }))
    .then((result) => process.stdout.write(`${JSON.stringify({ id: request.id, ...result })}\n`));
}
