// The official Anthropic client, unmodified, against a running server: node client.mjs http://127.0.0.1:PORT
// Ends with 0 and prints "ok" when everything is as a user of the client expects.
import assert from 'node:assert/strict';
import Anthropic, { BadRequestError, NotFoundError } from '@anthropic-ai/sdk';

const client = new Anthropic({ baseURL: process.argv[2], apiKey: 'none', maxRetries: 0 });
const question = { role: 'user', content: 'Which day comes after Tuesday?' };
const expected = 'The day after Tuesday is Wednesday.';
const request = { model: 'demo', max_tokens: 60, temperature: 0, messages: [question] };

const message = await client.messages.create(request);
assert.deepEqual([message.type, message.role, message.model, message.stop_reason, message.stop_sequence], ['message', 'assistant', 'demo', 'end_turn', null]);
assert.deepEqual(message.content, [{ type: 'text', text: expected }]);
const { input_tokens: counted } = await client.messages.countTokens({ model: 'demo', messages: [question] });
assert.equal(message.usage.input_tokens + message.usage.cache_read_input_tokens, counted);

const stream = client.messages.stream(request);
const types = [];
stream.on('streamEvent', (event) => types.push(event.type));
let text = '';
stream.on('text', (delta) => { text += delta; });
const streamed = await stream.finalMessage();
assert.equal(text, expected);
assert.deepEqual(streamed.content, message.content);
assert.deepEqual([streamed.stop_reason, streamed.stop_sequence, streamed.usage.output_tokens], ['end_turn', null, message.usage.output_tokens]);
assert.deepEqual(types.filter((type) => type !== 'content_block_delta' && type !== 'ping'), ['message_start', 'content_block_start', 'content_block_stop', 'message_delta', 'message_stop']);

const stopped = await client.messages.create({ ...request, stop_sequences: ['Monday', ' is'] });
assert.deepEqual([stopped.content[0].text, stopped.stop_reason, stopped.stop_sequence], ['The day after Tuesday', 'stop_sequence', ' is']);
const cut = await client.messages.create({ ...request, max_tokens: 2 });
assert.deepEqual([cut.stop_reason, cut.usage.output_tokens], ['max_tokens', 2]);
const pirate = await client.messages.create({ ...request, model: 'pirate', system: 'Be brief.', top_k: 5 });
assert.notEqual(pirate.content[0].text, expected);

const days = ['Monday', 'Wednesday'];
const tools = [{ name: 'pick', description: 'Picks a day.', input_schema: { type: 'object', properties: { day: { enum: days } }, required: ['day'], additionalProperties: false } }];
const called = await client.messages.create({ ...request, max_tokens: 400, tools, tool_choice: { type: 'tool', name: 'pick' } });
assert.equal(called.stop_reason, 'tool_use');
assert.deepEqual([called.content[0].type, called.content[0].name], ['tool_use', 'pick']);
assert.ok(days.includes(called.content[0].input.day));
const calling = await client.messages.stream({ ...request, max_tokens: 400, tools, tool_choice: { type: 'any', disable_parallel_tool_use: true } }).finalMessage();
assert.equal(calling.stop_reason, 'tool_use');
assert.ok(days.includes(calling.content[0].input.day));
const answered = await client.messages.create({
  ...request, max_tokens: 5, tools, messages: [question, { role: 'assistant', content: called.content }, { role: 'user', content: [{ type: 'tool_result', tool_use_id: called.content[0].id, content: 'done' }] }] });
assert.equal(answered.role, 'assistant');

await assert.rejects(client.messages.create({ ...request, model: 'nobody' }), (error) => error instanceof NotFoundError && error.error.error.type === 'not_found_error');
await assert.rejects(client.messages.create({ ...request, temperature: -1 }), (error) => error instanceof BadRequestError && error.error.type === 'error' && error.error.error.param === 'temperature');

console.log('ok');
