// The official OpenAI client, unmodified, against a running server: node client.mjs http://127.0.0.1:PORT
// Ends with 0 and prints "ok" when everything is as a user of the client expects.
import assert from 'node:assert/strict';
import OpenAI, { NotFoundError, BadRequestError } from 'openai';

const client = new OpenAI({ baseURL: `${process.argv[2]}/v1`, apiKey: 'none', maxRetries: 0 });
const messages = [{ role: 'user', content: 'Which day comes after Tuesday?' }];
const expected = 'The day after Tuesday is Wednesday.';

const models = [];
for await (const model of client.models.list()) models.push(model.id);
assert.equal(models[0], 'demo');
assert.ok(models.includes('pirate'));
assert.equal((await client.models.retrieve('pirate')).id, 'pirate');

const chat = await client.chat.completions.create({ model: 'demo', messages, temperature: 0, logprobs: true, top_logprobs: 2 });
assert.equal(chat.choices[0].message.content, expected);
assert.equal(chat.choices[0].message.role, 'assistant');
assert.equal(chat.choices[0].finish_reason, 'stop');
assert.equal(chat.choices[0].logprobs.content.length, chat.usage.completion_tokens);
assert.equal(chat.usage.total_tokens, chat.usage.prompt_tokens + chat.usage.completion_tokens);

const stream = await client.chat.completions.create({ model: 'demo', messages, temperature: 0, stream: true, stream_options: { include_usage: true } });
let text = '';
let usage;
for await (const chunk of stream) {
  text += chunk.choices[0]?.delta?.content ?? '';
  usage = chunk.usage ?? usage;
}
assert.equal(text, expected);
assert.equal(usage.completion_tokens, chat.usage.completion_tokens);

const runner = client.chat.completions.stream({ model: 'pirate', messages, temperature: 0 });
const pirate = await runner.finalContent();
assert.notEqual(pirate, expected);
assert.ok(pirate.length > 0);

const legacy = await client.completions.create({
  model: 'demo', prompt: '<|user|>\nWhich day comes after Tuesday?<|end|>\n<|assistant|>\n', temperature: 0, logprobs: 1,
});
assert.equal(legacy.choices[0].text, expected);
assert.equal(legacy.choices[0].logprobs.tokens.length, legacy.usage.completion_tokens);

let streamed = '';
for await (const chunk of await client.completions.create({ model: 'demo', prompt: 'Once', max_tokens: 8, seed: 1, stream: true })) streamed += chunk.choices[0].text;
const whole = await client.completions.create({ model: 'demo', prompt: 'Once', max_tokens: 8, seed: 1 });
assert.equal(streamed, whole.choices[0].text);

await assert.rejects(client.chat.completions.create({ model: 'nobody', messages }), (error) => error instanceof NotFoundError && error.code === 'model_not_found');
await assert.rejects(client.chat.completions.create({ model: 'demo', messages, temperature: -1 }), (error) => error instanceof BadRequestError && error.param === 'temperature');

const parameters = { type: 'object', properties: { day: { enum: ['Monday', 'Wednesday'] } }, required: ['day'], additionalProperties: false };
const tools = [{ type: 'function', function: { name: 'pick', description: 'Picks a day.', parameters, strict: true } }];
const days = ['Monday', 'Wednesday'];
const called = await client.chat.completions.create({ model: 'demo', messages, temperature: 0, tools, tool_choice: 'required', parallel_tool_calls: false });
assert.equal(called.choices[0].finish_reason, 'tool_calls');
assert.equal(called.choices[0].message.content, null);
assert.equal(called.choices[0].message.tool_calls[0].function.name, 'pick');
assert.ok(days.includes(JSON.parse(called.choices[0].message.tool_calls[0].function.arguments).day));
const calling = client.chat.completions.stream({ model: 'demo', messages, temperature: 0, tools, tool_choice: { type: 'function', function: { name: 'pick' } } });
const fragments = [];
calling.on('tool_calls.function.arguments.delta', (event) => fragments.push(event.arguments_delta));
const finished = (await calling.finalChatCompletion()).choices[0];
assert.equal(finished.finish_reason, 'tool_calls');
assert.equal(fragments.join(''), finished.message.tool_calls[0].function.arguments);
assert.ok(days.includes(finished.message.tool_calls[0].function.parsed_arguments.day));

const response = await client.responses.create({ model: 'demo', input: messages[0].content, temperature: 0 });
assert.equal(response.output_text, expected);
assert.equal(response.status, 'completed');
assert.equal(response.usage.output_tokens, chat.usage.completion_tokens);
const cut = await client.responses.create({ model: 'pirate', instructions: 'Be brief.', input: messages, max_output_tokens: 3 });
assert.deepEqual([cut.status, cut.incomplete_details.reason, cut.usage.output_tokens], ['incomplete', 'max_output_tokens', 3]);
const types = [];
let numbered = 0;
const events = client.responses.stream({ model: 'demo', input: messages, temperature: 0 });
for await (const event of events) {
  types.push(event.type);
  assert.equal(event.sequence_number, numbered++);
}
assert.equal((await events.finalResponse()).output_text, expected);
assert.deepEqual(types.filter((type) => type !== 'response.output_text.delta'), [
  'response.created', 'response.in_progress', 'response.output_item.added', 'response.content_part.added', 'response.output_text.done', 'response.content_part.done',
  'response.output_item.done', 'response.completed']);
const functions = [{ type: 'function', name: 'pick', parameters, strict: true }];
const caller = client.responses.stream({ model: 'demo', input: messages, temperature: 0, tools: functions, tool_choice: 'required', parallel_tool_calls: false });
const seen = [];
for await (const event of caller) seen.push(event);
const call = (await caller.finalResponse()).output[0];
assert.equal(call.type, 'function_call');
assert.ok(days.includes(JSON.parse(call.arguments).day));
assert.equal(seen.filter((event) => event.type === 'response.function_call_arguments.delta').map((event) => event.delta).join(''), call.arguments);
assert.equal(seen.find((event) => event.type === 'response.function_call_arguments.done').arguments, call.arguments);
const after = await client.responses.create({
  model: 'demo', input: [...messages, call, { type: 'function_call_output', call_id: call.call_id, output: 'done' }], tools: functions, max_output_tokens: 5 });
assert.equal(after.output[0].type, 'message');
const formatted = await client.responses.create({ model: 'demo', input: messages, text: { format: { type: 'json_schema', name: 'day', schema: parameters, strict: true } } });
assert.ok(days.includes(JSON.parse(formatted.output_text).day));
await assert.rejects(client.responses.create({ model: 'demo', input: 'Hi', previous_response_id: response.id }), (error) => error instanceof BadRequestError && error.param === 'previous_response_id');

const aborted = await client.chat.completions.create({ model: 'demo', messages: [{ role: 'user', content: 'Tell me a story.' }], stream: true });
for await (const _ of aborted) break;

console.log('ok');
