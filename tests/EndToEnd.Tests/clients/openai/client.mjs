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

const aborted = await client.chat.completions.create({ model: 'demo', messages: [{ role: 'user', content: 'Tell me a story.' }], stream: true });
for await (const _ of aborted) break;

console.log('ok');
